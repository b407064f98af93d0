// Runs types commands at idle prompts and learns of their end by the shell's
// marks. A run's id makes a retry join the run instead of starting another.
//
// On the loop.
#ifndef ATRIUM_TERMINAL_RUNS_H_
#define ATRIUM_TERMINAL_RUNS_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "atrium/terminal/v1/handover.pb.h"
#include "atrium/terminal/v1/host.pb.h"
#include "common/loop.h"
#include "terminal/terminal.h"

namespace atrium::terminal {

class Runs {
 public:
  using Done = std::function<void(absl::StatusOr<atrium::terminal::v1::RunAtPromptResponse>)>;

  // Hears what is typed, once, as it is.
  using Typed = std::function<void(const std::string& tab, const std::string& text)>;

  explicit Runs(Loop* loop, Typed typed = nullptr) : loop_(loop), typed_(std::move(typed)) {}

  // Returns what Cancel() takes.
  int64_t Start(Terminal* terminal, const atrium::terminal::v1::RunAtPromptRequest& request,
                Done done);
  // Whoever asked is gone: what was not typed yet, and nobody else waits for, never is.
  void Cancel(int64_t waiter);
  // What another process must know to go on, and what one knew.
  void HandOver(atrium::terminal::v1::Handover* handover) const;
  void Resume(const atrium::terminal::v1::Handover& handover);

  // The terminal's shell said something.
  void OnMark(Terminal* terminal, const ShellMark& mark);
  // The terminal is idle, ended, or about to be destroyed: waiting runs go on or
  // fail.
  void OnStatus(Terminal* terminal);
  void OnGone(Terminal* terminal);

 private:
  enum class State { kWaiting, kTyped, kRunning, kDone };
  struct Run {
    std::string id, tab, command;
    atrium::terminal::v1::InputCondition condition;
    State state = State::kWaiting;
    absl::Duration start_time;
    atrium::terminal::v1::RunAtPromptResponse response;
    absl::Status status;            // Why there is no response.
    std::map<int64_t, Done> waiters;
    Loop::HandlePtr deadline;
  };

  int64_t AddWaiter(Run* run, Done done);
  void Arm(Run* run);
  void OnDeadline(Run* run);
  void OnEnd(Run* run, const ShellMark& mark);
  void TypeNext(Terminal* terminal);
  void Refuse(Run* run, const absl::Status& why);
  void Finish(Run& run, const absl::Status& status);
  Run* Current(const Terminal* terminal);
  void ForgetOld();

  // Given.
  Loop* const loop_;
  const Typed typed_;
  // State.
  int64_t last_waiter_ = 0;
  std::deque<std::unique_ptr<Run>> runs_;  // Oldest first.
};

}  // namespace atrium::terminal

#endif  // ATRIUM_TERMINAL_RUNS_H_
