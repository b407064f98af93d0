#include "gateway/compat/terminal_socket.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "common/errors.h"
#include "common/status_macros.h"
#include "gateway/limits.h"

namespace atrium::gateway::compat {

using atrium::v1::JoinRequest;
using atrium::v1::JoinResponse;

namespace {

constexpr char kDefaultShell[] = "default";
// Resets the renderer: what follows rebuilds it.
constexpr char kReset[] = "\x1b" "c";

// A program's name or path, not a command line.
bool IsShell(const std::string& shell) {
  return shell.size() <= limits::kCompatIdBytes &&
         std::all_of(shell.begin(), shell.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '/' || c == '.' ||
                  c == '_' || c == '-' || c == '+';
         });
}

std::string_view MessageOf(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

}  // namespace

TerminalSocket::TerminalSocket(const Given& given, Socket socket, Admission::Pass pass,
                               Wanted wanted)
    : CompatSocket(given, std::move(socket), std::move(pass)),
      wanted_(std::move(wanted)),
      skipping_(wanted_.skip_buffer) {}

void TerminalSocket::OnTabs() {
  SayList();
  if (wanted_.session_id.empty()) {
    if (wanted_.shell.empty()) return Close(kNoTab, "neither session_id nor shell is given");
    return Create();
  }
  const Tab* tab = FindTab(wanted_.session_id);
  if (tab == nullptr) return Close(kNotFound, "session_id names no terminal");
  if (tab->state() == Tab::EXITED || tab->state() == Tab::LOST) {
    return Close(kEnded, "the terminal has ended");
  }
  AttachTo(*tab);
}

void TerminalSocket::Create() {
  if (!IsShell(wanted_.shell)) return Close(ws::kPolicy, "shell is not a program's name");
  JoinRequest request;
  creating_ = NextRequest();
  request.set_request_id(creating_);
  auto* tab = request.mutable_create_tab()->mutable_tab();
  if (wanted_.shell != kDefaultShell) tab->add_command(wanted_.shell);
  link()->Send(request);
}

void TerminalSocket::AttachTo(const Tab& tab) {
  id_ = IdOf(tab.name());
  SayAttached(tab);
  const absl::Status status = Follow(tab.name(), -1, /*lossless=*/false);
  if (!status.ok()) return Close(kNotFound, MessageOf(status));
  // What was there before is one message.
  (*Find(tab.name()))->cursor->piece_bytes = limits::kRpcMessageBytes;
  held_bytes_ = 0;
  for (ws::Message& message : std::exchange(held_, {})) Dispatch(std::move(message));
}

absl::Status TerminalSocket::HoldUntilAttached(ws::Message message) {
  if (held_bytes_ + message.payload.size() + limits::kHeldMessageCost >
      limits::kHeldMessageBytes) {
    return MakeError(absl::StatusCode::kResourceExhausted,
                     "There is no terminal yet, and too much waits for it: wait",
                     {.reason = "NOT_ATTACHED"});
  }
  held_bytes_ += message.payload.size() + limits::kHeldMessageCost;
  held_.push_back(std::move(message));
  return absl::OkStatus();
}

void TerminalSocket::OnTabOpened(const Tab& tab) {
  // Ours is no news from elsewhere. It may be told here before its outcome.
  const bool ours = IdOf(tab.name()) == id_ || creating_ != 0;
  if (!ours) SayOpened(tab);
}

void TerminalSocket::OnTabGone(const std::string& id) {
  SayClosed(id);
  if (id == id_) Close(kEnded, "the terminal was closed");
}

void TerminalSocket::OnOutcome(const JoinResponse::Outcome& outcome) {
  if (outcome.request_id() == 0) return SayError(outcome.message());
  if (outcome.request_id() != creating_) return;
  creating_ = 0;
  if (outcome.code() == 0) return AttachTo(outcome.tab());
  SayError(outcome.message());
  const bool forbidden = outcome.code() == static_cast<int>(absl::StatusCode::kPermissionDenied);
  Close(forbidden ? kNotAllowed : static_cast<uint16_t>(ws::kTryLater), outcome.message());
}

void TerminalSocket::OnMessage(ws::Message message) {
  SpendMessage(message.opcode);
  Dispatch(std::move(message));
}

void TerminalSocket::Dispatch(ws::Message message) {
  absl::Status status;
  if (message.opcode == ws::Opcode::kText) {
    status = HearText(message.payload);
  } else if (id_.empty()) {
    status = HoldUntilAttached(std::move(message));
  } else if (!message.payload.empty()) {
    status = TypeNext(tab(), message.payload);
  }
  if (!status.ok()) SayError(MessageOf(status));
}

absl::Status TerminalSocket::HearText(const std::string& text) {
  ASSIGN_OR_RETURN(const Json json, ParseTyped(text));
  const std::string type = json["type"].get<std::string>();
  if (type == "ping") {
    Say({{"type", "pong"}});
    return absl::OkStatus();
  }
  if (type == "pong") return absl::OkStatus();
  if (type == "resize") {
    return id_.empty() ? HoldUntilAttached({ws::Opcode::kText, text}) : ResizeTo(json, "");
  }
  return BadField("type", "must be ping, pong or resize");
}

absl::Status TerminalSocket::ResizeTo(const Json& object, std::string_view path) {
  ASSIGN_OR_RETURN(const atrium::v1::TerminalSize size, SizeOf(object, path));
  ASSIGN_OR_RETURN(Subscription * subscription, Find(tab()));
  Resize(subscription, size);
  return absl::OkStatus();
}

bool TerminalSocket::Encode(const std::string& tab, FeedItem item, ws::Piece* piece) {
  Drawn(tab);
  switch (item.kind) {
    case FeedItem::Kind::kOutput:
      return SayBytes(std::move(item), piece);
    case FeedItem::Kind::kScreen:
      if (item.last && std::exchange(skipping_, false)) return false;
      return SayBytes(std::move(item), piece);
    case FeedItem::Kind::kResized:
      SaySize(item.size);
      return false;
    case FeedItem::Kind::kExit:
      Close(kEnded, "the terminal has ended");
      return false;
  }
  return false;
}

bool TerminalSocket::SayBytes(FeedItem item, ws::Piece* piece) {
  if (item.kind == FeedItem::Kind::kScreen && item.first) piece->header = kReset;
  piece->data = std::move(item.data);
  return true;
}

void TerminalSocket::SayList() {
  Json list = Json::array();
  for (const auto& [id, tab] : tabs()) list.push_back(TabJson(tab));
  Say({{"type", "tab:list"}, {"tabs", std::move(list)}});
}

void TerminalSocket::SayOpened(const Tab& tab) {
  Json json = {{"type", "tab:remote_created"}};
  json.update(TabJson(tab));
  Say(json);
}

void TerminalSocket::SayClosed(const std::string& id) {
  Say({{"type", "tab:remote_closed"}, {"session_id", id}});
}

void TerminalSocket::SayAttached(const Tab& tab) {
  Say({{"type", "session_info"},
       {"session_id", IdOf(tab.name())},
       {"shell", ShellOf(tab)},
       {"tab_id", IdOf(tab.name())},
       {"cols", tab.size().columns()},
       {"rows", tab.size().rows()}});
}

void TerminalSocket::SaySize(const atrium::v1::TerminalSize& size) {
  Say({{"type", "resize"}, {"cols", size.columns()}, {"rows", size.rows()}});
}

void TerminalSocket::SayError(std::string_view message) {
  Say({{"type", "error"}, {"message", message}});
}

void TerminalSocket::Say(const Json& json) { connection()->SendText(Dump(json)); }

void TerminalSocket::OnRefused(const std::string& tab, int code, const std::string& message) {
  SayError(message);
}

void TerminalSocket::OnRevoked(const std::string& tab) {
  CompatSocket::OnRevoked(tab);
  Close(kNotAllowed, "the right to this terminal was taken back");
}

}  // namespace atrium::gateway::compat
