#include "terminal/runs.h"

#include <algorithm>
#include <utility>

#include "common/proto_time.h"
#include "terminal/errors.h"
#include "terminal/limits.h"

namespace atrium::terminal {

void Runs::Start(Terminal* terminal, const atrium::terminal::v1::RunAtPromptRequest& request,
                 Done done) {
  for (auto& run : runs_) {
    if (run->id != request.run_id() || run->tab != terminal->tab()) continue;
    if (run->state == State::kDone) return done(run->response);
    run->waiters.push_back(std::move(done));
    return;
  }
  if (!terminal->running()) return done(TerminalEnded(terminal->tab()));
  if (!terminal->shell_integration()) return done(NoShellIntegration(terminal->tab()));
  ForgetOld();
  auto run = std::make_unique<Run>();
  run->id = request.run_id();
  run->tab = terminal->tab();
  run->command = request.command();
  run->condition = request.condition();
  run->waiters.push_back(std::move(done));
  Arm(run.get());
  runs_.push_back(std::move(run));
  TypeNext(terminal);
}

void Runs::Cancel(const std::string& tab, const std::string& run_id) {
  auto it = std::find_if(runs_.begin(), runs_.end(), [&](const auto& run) {
    return run->tab == tab && run->id == run_id && run->state == State::kWaiting;
  });
  if (it == runs_.end() || (*it)->waiters.size() > 1) return;
  const std::unique_ptr<Run> run = std::move(*it);
  runs_.erase(it);
  Finish(*run, absl::CancelledError("Nobody waits for it any more"));
}

void Runs::Arm(Run* run) {
  run->deadline = loop_->After(limits::kRunDeadline, [run] {
    for (Done& waiter : std::exchange(run->waiters, {})) waiter(RunNotFinished(run->tab));
  });
}

void Runs::HandOver(atrium::terminal::v1::Handover* handover) const {
  for (const auto& run : runs_) {
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
  const absl::Status status = terminal->Write(run->command + "\r", nullptr);
  if (!status.ok()) Finish(*run, status);
}

// It was never typed, so there is nothing to remember.
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
    // An empty or refused line ends without ever having started.
    if (run->state == State::kTyped) run->response.set_start_offset(mark.begin);
    run->response.set_exit_code(mark.exit_code);
    run->response.set_end_offset(mark.begin);
    run->response.set_duration_ms(
        absl::ToInt64Milliseconds(loop_->Monotonic() - run->start_time));
    Finish(*run, absl::OkStatus());
  }
  TypeNext(terminal);
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
  run.deadline.reset();
  for (Done& waiter : std::exchange(run.waiters, {})) {
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
