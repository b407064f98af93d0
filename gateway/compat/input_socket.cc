#include "gateway/compat/input_socket.h"

#include <utility>

#include "gateway/compat/keys.h"
#include "gateway/limits.h"

namespace atrium::gateway::compat {

InputSocket::InputSocket(const Given& given, Socket socket, Admission::Pass pass,
                         std::string session_id, ReadScreen read)
    : CompatSocket(given, std::move(socket), std::move(pass)),
      id_(std::move(session_id)),
      read_(std::move(read)) {
  if (id_.empty()) Close(ws::kPolicy, "sessionId is missing");
}

void InputSocket::OnTabs() {
  const Tab* tab = FindTab(id_);
  if (tab == nullptr) return Close(kNotFound, "sessionId names no terminal");
  if (tab->state() == Tab::EXITED || tab->state() == Tab::LOST) {
    return Close(kEnded, "the terminal has ended");
  }
  if (!Follow(TabName(id_), -1, /*lossless=*/false).ok()) {
    return Close(kNotFound, "sessionId names no terminal");
  }
  Work();
}

void InputSocket::OnTabGone(const std::string& id) {
  if (id == id_) Close(kEnded, "the terminal was closed");
}

void InputSocket::OnMessage(ws::Message message) {
  SpendMessage(ws::Opcode::kBinary);  // Nothing of it is parsed.
  if (message.payload.size() > limits::kInputBytes) {
    return Close(ws::kTooBig, "a message is at most 64 KiB");
  }
  if (waiting_bytes_ + message.payload.size() > limits::kUnconfirmedInputBytes) {
    return Close(ws::kTryLater, "too much typed input waits");
  }
  waiting_bytes_ += message.payload.size();
  waiting_.push_back(std::move(message));
  Work();
}

// In order: what follows an arrow key waits until its bytes are known.
void InputSocket::Work() {
  const std::string tab = TabName(id_);
  while (!waiting_.empty() && !learning_ && Find(tab).ok()) {
    const ws::Message& message = waiting_.front();
    const bool key = message.opcode == ws::Opcode::kText;
    if (key && IsArrow(message.payload) && !mode_known_) return LearnMode();
    const std::string bytes = key ? BytesOf(message.payload, application_) : message.payload;
    waiting_bytes_ -= message.payload.size();
    waiting_.pop_front();
    if (bytes.empty()) continue;
    if (const absl::Status status = TypeNext(tab, bytes); !status.ok()) {
      return Close(ws::kTryLater, {status.message().data(), status.message().size()});
    }
  }
}

void InputSocket::LearnMode() {
  learning_ = mode_known_ = true;  // Output that comes meanwhile makes it unknown again.
  atrium::v1::ReadScreenRequest request;
  request.set_tab(TabName(id_));
  request.set_format(atrium::v1::ReadScreenRequest::TEXT);
  read_(request, [this, alive = std::weak_ptr<bool>(alive_)](
                     absl::StatusOr<atrium::v1::ReadScreenResponse> screen) {
    if (alive.expired()) return;
    // Should it not be readable now, the key goes as it usually does.
    application_ = screen.ok() && screen->application_cursor_keys();
    learning_ = false;
    const bool known = std::exchange(mode_known_, true);
    Work();
    mode_known_ = mode_known_ && known && screen.ok();
  });
}

// What the program says is not for this socket, but may have changed the mode.
bool InputSocket::Encode(const std::string& tab, FeedItem item, ws::Piece* piece) {
  mode_known_ = false;
  if (item.kind == FeedItem::Kind::kExit) Close(kEnded, "the terminal has ended");
  Drawn(tab);
  return false;
}

void InputSocket::OnRefused(const std::string& tab, int code, const std::string& message) {
  switch (static_cast<absl::StatusCode>(code)) {
    case absl::StatusCode::kPermissionDenied: return Close(kNotAllowed, message);
    case absl::StatusCode::kNotFound: return Close(kNotFound, message);
    case absl::StatusCode::kFailedPrecondition: return Close(kEnded, message);
    default: return Close(ws::kTryLater, message);
  }
}

void InputSocket::OnRevoked(const std::string& tab) {
  CompatSocket::OnRevoked(tab);
  Close(kNotAllowed, "the right to this terminal was taken back");
}

}  // namespace atrium::gateway::compat
