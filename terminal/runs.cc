#include "terminal/runs.h"

#include <algorithm>
#include <utility>

#include "common/proto_time.h"
#include "common/str_cat.h"
#include "terminal/errors.h"
#include "terminal/limits.h"

namespace atrium::terminal {

using atrium::terminal::v1::RunAtPromptResponse;

int64_t Runs::Start(Terminal* terminal, const atrium::terminal::v1::RunAtPromptRequest& request,
                    Done done) {
  const auto refuse = [&done](absl::StatusOr<RunAtPromptResponse> why) {
    done(std::move(why));
    return int64_t{0};
  };
  for (auto& run : runs_) {
    if (run->id != request.run_id() || run->tab != terminal->tab()) continue;
    if (run->state != State::kDone) return AddWaiter(run.get(), std::move(done));
    if (!run->status.ok()) return refuse(run->status);
    return refuse(run->response);
  }
  if (!terminal->running()) return refuse(TerminalEnded(terminal->tab()));
  if (!terminal->shell_integration()) return refuse(NoShellIntegration(terminal->tab()));
  ForgetOld();
  auto run = std::make_unique<Run>();
  run->id = request.run_id();
  run->tab = terminal->tab();
  run->command = request.command();
  run->condition = request.condition();
  const int64_t waiter = AddWaiter(run.get(), std::move(done));
  Arm(run.get());
  runs_.push_back(std::move(run));
  TypeNext(terminal);
  return waiter;
}

int64_t Runs::AddWaiter(Run* run, Done done) {
  run->waiters[++last_waiter_] = std::move(done);
  return last_waiter_;
}

void Runs::Cancel(int64_t waiter) {
  const auto it = std::find_if(runs_.begin(), runs_.end(), [waiter](const auto& run) {
    return run->waiters.count(waiter) > 0;
  });
  if (it == runs_.end()) return;
  Run* run = it->get();
  const Done done = std::move(run->waiters.extract(waiter).mapped());
  if (run->waiters.empty() && run->state == State::kWaiting) runs_.erase(it);
  done(absl::CancelledError("Nobody waits for it any more"));
}

void Runs::Arm(Run* run) {
  run->deadline = loop_->After(limits::kRunDeadline, [this, run] { OnDeadline(run); });
}

// What waits for the prompt is given up: whoever asks again queues again.
void Runs::OnDeadline(Run* run) {
  const auto done = std::move(run->deadline);
  const absl::Status late = RunNotFinished(run->tab);
  if (run->state == State::kWaiting) return Refuse(run, late);
  for (auto& [id, waiter] : std::exchange(run->waiters, {})) waiter(late);
}

void Runs::HandOver(atrium::terminal::v1::Handover* handover) const {
  for (const auto& run : runs_) {
    if (!run->status.ok()) continue;  // Its terminal has ended, and says so.
    auto* handed = handover->add_runs();
    handed->set_id(run->id);
    handed->set_tab(run->tab);
    handed->set_command(run->command);
    *handed->mutable_condition() = run->condition;
    handed->set_state(static_cast<int>(run->state));
    *handed->mutable_running_for() = ToProtoDuration(loop_->Monotonic() - run->start_time);
    *handed->mutable_response() = run->response;
  }
}

void Runs::Resume(const atrium::terminal::v1::Handover& handover) {
  for (const auto& handed : handover.runs()) {
    auto run = std::make_unique<Run>();
    run->id = handed.id();
    run->tab = handed.tab();
    run->command = handed.command();
    run->condition = handed.condition();
    run->state = static_cast<State>(handed.state());
    run->start_time = loop_->Monotonic() - FromProtoDuration(handed.running_for());
    run->response = handed.response();
    if (run->state != State::kDone) Arm(run.get());
    runs_.push_back(std::move(run));
  }
}

Runs::Run* Runs::Current(const Terminal* terminal) {
  for (auto& run : runs_) {
    if (run->tab == terminal->tab() && run->state != State::kDone) return run.get();
  }
  return nullptr;
}

void Runs::TypeNext(Terminal* terminal) {
  Run* run = Current(terminal);
  if (run == nullptr || run->state != State::kWaiting || !terminal->at_idle_prompt()) return;
  if (const absl::Status moved = terminal->Check(run->condition); !moved.ok()) {
    Refuse(run, moved);
    return TypeNext(terminal);
  }
  run->state = State::kTyped;
  run->start_time = loop_->Monotonic();
  // Until the shell says that it starts, and where.
  run->response.set_start_offset(terminal->log().end());
  const std::string line = StrCat(run->command, "\r");
  if (const absl::Status status = terminal->Write(line, nullptr); !status.ok()) {
    return Finish(*run, status);
  }
  if (typed_) typed_(run->tab, StrCat("at a prompt: ", line));
}

// Nothing ran, so there is nothing to remember.
void Runs::Refuse(Run* run, const absl::Status& why) {
  const auto it =
      std::find_if(runs_.begin(), runs_.end(), [run](const auto& one) { return one.get() == run; });
  const std::unique_ptr<Run> refused = std::move(*it);
  runs_.erase(it);
  Finish(*refused, why);
}

void Runs::OnMark(Terminal* terminal, const ShellMark& mark) {
  Run* run = Current(terminal);
  if (run != nullptr && mark.kind == ShellMark::Kind::kCommandStart &&
      run->state == State::kTyped) {
    run->state = State::kRunning;
    run->response.set_start_offset(mark.offset);
  } else if (run != nullptr && mark.kind == ShellMark::Kind::kCommandEnd &&
             (run->state == State::kRunning || run->state == State::kTyped)) {
    OnEnd(run, mark);
  }
  TypeNext(terminal);
}

// A line that never started is empty, or wrong, or its shell says less than it did: then
// what followed the typing is its output.
void Runs::OnEnd(Run* run, const ShellMark& mark) {
  const bool started = run->state == State::kRunning;
  const bool blank = run->command.find_first_not_of(' ') == std::string::npos;
  if (!started && blank) run->response.set_start_offset(mark.begin);
  run->response.set_exit_code(mark.exit_code);
  run->response.set_end_offset(mark.begin);
  run->response.set_duration_ms(absl::ToInt64Milliseconds(loop_->Monotonic() - run->start_time));
  Finish(*run, absl::OkStatus());
}

void Runs::OnStatus(Terminal* terminal) {
  if (terminal->running()) return TypeNext(terminal);
  while (Run* run = Current(terminal)) Finish(*run, TerminalEnded(terminal->tab()));
}

void Runs::OnGone(Terminal* terminal) {
  while (Run* run = Current(terminal)) Finish(*run, TerminalEnded(terminal->tab()));
  std::erase_if(runs_, [&](const auto& run) { return run->tab == terminal->tab(); });
}

void Runs::Finish(Run& run, const absl::Status& status) {
  run.state = State::kDone;
  run.status = status;
  run.deadline.reset();
  for (auto& [id, waiter] : std::exchange(run.waiters, {})) {
    if (status.ok()) {
      waiter(run.response);
    } else {
      waiter(status);
    }
  }
}

void Runs::ForgetOld() {
  while (runs_.size() >= limits::kRememberedRuns) {
    auto done = std::find_if(runs_.begin(), runs_.end(),
                             [](const auto& run) { return run->state == State::kDone; });
    if (done == runs_.end()) return;
    runs_.erase(done);
  }
}

}  // namespace atrium::terminal
