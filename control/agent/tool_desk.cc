#include "control/agent/tool_desk.h"

#include <nlohmann/json.hpp>

#include "common/str_cat.h"
#include "control/limits.h"

namespace atrium::control {

using nlohmann::json;

void ToolDesk::Call(const std::string& call, const std::string& name,
                    const std::string& arguments) {
  const absl::Duration now = loop_->Monotonic();
  while (!recent_.empty() && now - recent_.front() >= absl::Minutes(1)) recent_.pop_front();
  if (recent_.size() >= limits::kToolCallsAMinute) {
    return listener_->OnToolResult(
        call, json{{"error", "Too many calls: wait a minute, and talk to the people"}}.dump());
  }
  recent_.push_back(now);
  open_.insert(call);
  bool waiting = false;
  tools_.Call(name, arguments, &waiting,
              [this, call, name, arguments, alive = std::weak_ptr<bool>(alive_)](std::string output) {
                if (!alive.expired()) Answer(call, name, arguments, output);
              });
  if (!waiting || open_.count(call) == 0) return;
  awaiting_.insert(call);
  open_.erase(call);
  listener_->OnToolResult(
      call, json{{"status", "awaiting_approval"},
                 {"note",
                  "A card asks the people. Nothing is done until one of them approves. The result "
                  "follows by itself, as another call of this tool; do not call it again."}}
                .dump());
}

void ToolDesk::Answer(const std::string& call, const std::string& name,
                      const std::string& arguments, const std::string& output) {
  awaiting_.erase(call);
  if (open_.erase(call) > 0) return listener_->OnToolResult(call, output);
  listener_->OnLateResult(call, name, arguments, output);
}

}  // namespace atrium::control
