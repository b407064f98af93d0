#include "control/agent/mcp/server.h"

#include <algorithm>
#include <utility>

#include "common/log.h"
#include "common/str_cat.h"
#include "control/errors.h"
#include "control/limits.h"

namespace atrium::control::mcp {

using nlohmann::json;

namespace {

bool Same(const std::vector<ToolServers::Tool>& some, const std::vector<ToolServers::Tool>& others) {
  return std::equal(some.begin(), some.end(), others.begin(), others.end(),
                    [](const ToolServers::Tool& a, const ToolServers::Tool& b) {
                      return a.parameters == b.parameters &&
                             a.shown.SerializeAsString() == b.shown.SerializeAsString();
                    });
}

}  // namespace

Server::~Server() {
  child_.reset();
  for (auto& [id, asked] : std::exchange(asked_, {})) {
    asked.answered(ToolServerLost(spec_.id, "control is stopping"));
  }
}

void Server::Start() {
  retry_.reset();
  started_at_ = loop_->Monotonic();
  child_ = std::make_unique<Child>(loop_, spec_.id, this);
  if (absl::Status s = child_->Start(spec_.command, spec_.environment); !s.ok()) return OnEnd(s);
  Ask("initialize", InitializeParams(), limits::kMcpStart,
      [this](auto result) { OnInitialized(result); });
}

void Server::OnInitialized(const absl::StatusOr<json>& result) {
  if (!result.ok()) return OnEnd(result.status());
  const std::string version =
      result->is_object() ? result->value("protocolVersion", json()).dump() : "";
  if (version.size() < 2 || !IsSpoken(version.substr(1, version.size() - 2))) {
    return OnEnd(ToolServerLost(spec_.id, "it speaks another version of the protocol"));
  }
  child_->Send(Notification("notifications/initialized"));
  if (!child_) return;
  ready_ = true;
  listed_at_ = loop_->Monotonic();
  ListTools("", 1, {});
}

void Server::Relist() {
  const absl::Duration wait = listed_at_ + limits::kMcpListSpacing - loop_->Monotonic();
  relist_ = loop_->After(std::max(wait, absl::ZeroDuration()), [this] {
    auto done = std::move(relist_);
    listed_at_ = loop_->Monotonic();
    list_again_ = false;
    ListTools("", 1, {});
  });
}

void Server::ListTools(const std::string& cursor, int page,
                       std::vector<ToolServers::Tool> so_far) {
  listing_ = true;
  json params = json::object();
  if (!cursor.empty()) params["cursor"] = cursor;
  Ask("tools/list", params, limits::kMcpStart, [this, page, so_far](auto result) mutable {
    // A server that offers other things may know nothing of tools.
    if (absl::IsUnimplemented(result.status())) result = json::object();
    if (!result.ok()) return OnEnd(result.status());
    for (ToolServers::Tool& tool : ToolsIn(*result, spec_.id, spec_.tools)) {
      if (so_far.size() < limits::kMcpTools) so_far.push_back(std::move(tool));
    }
    const json next = result->is_object() ? result->value("nextCursor", json()) : json();
    if (next.is_string() && !next.get<std::string>().empty() && page < limits::kMcpPages &&
        so_far.size() < limits::kMcpTools) {
      return ListTools(next, page + 1, std::move(so_far));
    }
    listing_ = false;
    if (list_again_) Relist();
    SetTools(std::move(so_far));
  });
}

void Server::SetTools(std::vector<ToolServers::Tool> tools) {
  if (Same(tools, tools_)) return;
  LogInfo("an MCP server has tools", {{"server", spec_.id}, {"tools", StrCat(tools.size())}});
  tools_ = std::move(tools);
  changed_();
}

void Server::Call(const std::string& tool, const json& arguments, Done done) {
  if (!ready_ || child_ == nullptr) {
    return done(ToolServerLost(spec_.id, "it is being started: try again"));
  }
  if (asked_.size() >= limits::kMcpCalls) {
    return done(ToolServerLost(spec_.id, "it has not answered the calls before: try again"));
  }
  Ask("tools/call", {{"name", tool}, {"arguments", arguments}}, limits::kMcpCall,
      [done](auto result) {
        if (!result.ok()) return done(result.status());
        done(TextOf(*result));
      });
}

void Server::Ask(const std::string& method, json params, absl::Duration patience,
                 Answered answered) {
  const int64_t id = ++last_id_;
  asked_[id] = {std::move(answered), loop_->After(patience, [this, id] {
                  Answer(id, ToolServerLost(spec_.id, "it did not answer in time"));
                })};
  child_->Send(Request(id, method, std::move(params)));
}

void Server::Answer(int64_t id, absl::StatusOr<json> result) {
  auto asked = asked_.extract(id);
  if (asked.empty()) return;                           // Too late.
  auto deadline = std::move(asked.mapped().deadline);  // We may run inside it.
  asked.mapped().answered(std::move(result));
}

void Server::OnLine(const std::string& line) {
  if (!child_) return;
  std::optional<Message> message = Parse(line);
  if (!message) return;  // Some programs print what is no message.
  switch (message->kind) {
    case Message::Kind::kAnswer:
      if (message->id.is_number_integer()) {
        Answer(message->id.get<int64_t>(), std::move(message->result));
      }
      return;
    case Message::Kind::kRequest:
      return child_->Send(message->method == "ping" ? EmptyAnswer(message->id)
                                                    : NoMethodAnswer(message->id));
    case Message::Kind::kNotification:
      if (message->method != "notifications/tools/list_changed" || !ready_) return;
      list_again_ = true;
      if (!listing_ && !relist_) Relist();
  }
}

void Server::OnEnd(const absl::Status& why) {
  if (retry_) return;
  LogWarning("an MCP server is gone", {{"server", spec_.id}, {"why", why.message()}});
  // We may be inside one of its calls, and it may hold more lines.
  if (child_) child_->Stop();
  loop_->Post([last = std::shared_ptr<Child>(std::move(child_))] {});
  ready_ = listing_ = list_again_ = false;
  relist_.reset();
  failures_ = loop_->Monotonic() - started_at_ > limits::kMcpStable ? 0 : failures_ + 1;
  retry_ = loop_->After(
      std::min(limits::kMcpRetryMin * (1 << std::min(failures_, 8)), limits::kMcpRetryMax), [this] {
        auto done = std::move(retry_);
        Start();
      });
  const bool had = !tools_.empty();
  tools_.clear();
  for (auto& [id, asked] : std::exchange(asked_, {})) asked.answered(why);
  if (had) changed_();
}

}  // namespace atrium::control::mcp
