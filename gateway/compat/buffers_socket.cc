#include "gateway/compat/buffers_socket.h"

#include <utility>

#include "common/errors.h"
#include "common/status_macros.h"
#include "common/str_cat.h"
#include "gateway/compat/buffer_codec.h"
#include "gateway/compat/envelope.h"
#include "gateway/errors.h"
#include "gateway/limits.h"

namespace atrium::gateway::compat {

BuffersSocket::BuffersSocket(const Given& given, Socket socket, Admission::Pass pass,
                             Screens* screens)
    : CompatSocket(given, std::move(socket), std::move(pass)), screens_(screens) {
  connection()->SendText(Dump({{"type", "connected"}, {"version", "1.0"}}));
}

BuffersSocket::~BuffersSocket() {
  for (const std::string& tab : followed_) screens_->Unfollow(tab, this);
}

void BuffersSocket::OnMessage(ws::Message message) {
  SpendMessage(message.opcode);
  const absl::Status status = message.opcode == ws::Opcode::kText
                                  ? Handle(message.payload)
                                  : BadField("message", "must be text");
  if (!status.ok()) Fail(std::string_view(status.message().data(), status.message().size()));
}

absl::Status BuffersSocket::Handle(const std::string& text) {
  ASSIGN_OR_RETURN(const Json json, ParseTyped(text));
  const std::string type = json["type"].get<std::string>();
  if (type == "ping") {
    connection()->SendText(
        Dump({{"type", "pong"}, {"timestamp", absl::ToUnixMillis(loop()->Now())}}));
    return absl::OkStatus();
  }
  if (type != "subscribe" && type != "unsubscribe") {
    return BadField("type", "must be subscribe, unsubscribe or ping");
  }
  ASSIGN_OR_RETURN(const std::string id, StringOf(json, "sessionId", "", /*required=*/true));
  if (type == "subscribe") return Subscribe(id);
  Unsubscribe(id);
  return absl::OkStatus();
}

absl::Status BuffersSocket::Subscribe(const std::string& id) {
  if (!tabs_known()) {
    if (early_.size() >= limits::kSubscriptions) return TooManySubscriptions();
    early_.insert(id);
    return absl::OkStatus();
  }
  if (FindTab(id) == nullptr) {
    return BadField("sessionId", StrCat("names no terminal: ", id.substr(0, 80)));
  }
  Unsubscribe(id);
  return Follow(TabName(id), -1, /*lossless=*/false);
}

void BuffersSocket::Unsubscribe(const std::string& id) {
  const std::string tab = TabName(id);
  early_.erase(id);
  told_.erase(tab);
  pending_.erase(tab);
  if (followed_.erase(tab) > 0) screens_->Unfollow(tab, this);
  Unfollow(tab);
}

void BuffersSocket::OnTabs() {
  for (const std::string& id : std::exchange(early_, {})) {
    const absl::Status status = Subscribe(id);
    if (!status.ok()) Fail(std::string_view(status.message().data(), status.message().size()));
  }
}

void BuffersSocket::OnTabGone(const std::string& id) {
  if (!Find(TabName(id)).ok()) return;
  Unsubscribe(id);
  Fail(StrCat("The terminal ", id, " was closed"));
}

// The bytes themselves are not sent: they say that the screen changed, and, as the
// terminal process lets only those through who may see it, that it may be read.
bool BuffersSocket::Encode(const std::string& tab, FeedItem item, ws::Piece* piece) {
  if (followed_.insert(tab).second) {
    screens_->Follow(tab, this);
  } else if (item.kind == FeedItem::Kind::kOutput) {
    screens_->Changed(tab, item.offset, item.data);
  } else {
    screens_->Changed(tab, item.offset, {});
  }
  Drawn(tab);
  return false;
}

bool BuffersSocket::NextPiece(ws::Piece* piece) {
  CompatSocket::NextPiece(piece);  // Only looks at what changed.
  if (pending_.empty()) return false;
  auto first = pending_.extract(pending_.begin());
  const std::string id = IdOf(first.key());
  piece->header = BufferPrefix(id);
  piece->data.push_back(std::move(first.mapped()));
  if (told_.insert(first.key()).second) {
    connection()->SendText(Dump({{"type", "subscribed"}, {"sessionId", id}}));
  }
  return true;
}

void BuffersSocket::OnScreen(const std::string& tab, const grpc::Slice& snapshot) {
  pending_[tab] = snapshot;
  connection()->Pump();
}

void BuffersSocket::OnRefused(const std::string& tab, int code, const std::string& message) {
  Fail(message);
}

void BuffersSocket::OnRevoked(const std::string& tab) {
  if (followed_.erase(tab) > 0) screens_->Unfollow(tab, this);
  pending_.erase(tab);
  told_.erase(tab);
  CompatSocket::OnRevoked(tab);
  Fail(StrCat("The terminal ", IdOf(tab), " may not be seen any more"));
}

void BuffersSocket::Fail(std::string_view message) {
  connection()->SendText(Dump({{"type", "error"}, {"message", message}}));
}

}  // namespace atrium::gateway::compat
