// Host: what services, and control for the agent, type and wait for.
#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "common/errors.h"
#include "common/status_macros.h"
#include "terminal/errors.h"
#include "terminal/host.h"
#include "terminal/limits.h"

namespace atrium::terminal {

using atrium::terminal::v1::InputCondition;

// What an approval or a service's call brought; the timeline says for whom.
void Host::TypedByControl(const std::string& tab, std::string_view text, bool hidden) {
  audit_.Typed(tab, "control", text, hidden);
}

absl::StatusOr<bool> Host::WriteOnce(const std::string& tab, const std::string& write_id,
                                     std::string data, const InputCondition& condition) {
  Terminal* terminal = Find(tab);
  if (terminal == nullptr) return NoSuchTerminal(tab);
  if (write_id.empty()) return MissingField("write_id");
  if (std::count(write_ids_.begin(), write_ids_.end(), write_id) > 0) return true;
  if (data.size() > limits::kInputBytes) return InputTooLong(data.size());
  if (terminal->pending_input_bytes() + data.size() > limits::kPendingInputBytes) {
    return InputQueueFull();
  }
  RETURN_IF_ERROR(terminal->Check(condition));
  // What waits for its program may be read by another one.
  if (condition.has_reader() && terminal->pending_input_bytes() > 0) {
    return TabMoved("its program has not taken what was typed before");
  }
  TypedByControl(tab, data, terminal->hides_input());
  RETURN_IF_ERROR(terminal->Write(std::move(data), nullptr));
  write_ids_.push_back(write_id);
  if (write_ids_.size() > limits::kRememberedRuns) write_ids_.pop_front();
  return false;
}

void Host::WhenDrawn(const std::string& tab, std::function<void()> then) {
  Terminal* terminal = Find(tab);
  if (terminal == nullptr) return then();
  terminal->WhenDrawn(std::move(then));
}

int64_t Host::RunAtPrompt(const v1::RunAtPromptRequest& request, Runs::Done done) {
  const auto refuse = [&done](absl::Status why) {
    done(std::move(why));
    return int64_t{0};
  };
  Terminal* terminal = Find(request.tab());
  if (terminal == nullptr) return refuse(NoSuchTerminal(request.tab()));
  if (request.run_id().empty()) return refuse(MissingField("run_id"));
  const std::string& command = request.command();
  if (std::any_of(command.begin(), command.end(), absl::ascii_iscntrl)) {
    return refuse(BadField("command",
                           "must be one line without control characters, which a prompt takes as "
                           "keys (a tab completes): use spaces, `;` or a script"));
  }
  return runs_.Start(terminal, request, std::move(done));
}

int64_t Host::WaitForOutput(const atrium::v1::WaitForOutputRequest& request, Waits::Done done) {
  Terminal* terminal = Find(request.tab());
  if (terminal != nullptr) return waits_.Start(terminal, request, std::move(done));
  done(NoSuchTerminal(request.tab()));
  return 0;
}

}  // namespace atrium::terminal
