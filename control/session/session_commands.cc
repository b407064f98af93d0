// Session: the commands that run in tabs, and whether they may.
#include <algorithm>
#include <utility>

#include "common/errors.h"
#include "common/proto_time.h"
#include "common/random.h"
#include "common/str_cat.h"
#include "control/errors.h"
#include "control/limits.h"
#include "control/session/command_policy.h"
#include "control/session/session.h"

namespace atrium::control {

using atrium::terminal::v1::InputCondition;
using atrium::v1::CommandPolicy;
using atrium::v1::Participant;
using atrium::v1::RunCommandRequest;
using atrium::v1::RunCommandResponse;
using atrium::v1::Tab;

// A command of RunCommand on its way.
struct Session::CommandRun {
  std::string id;   // In runs_.
  std::string tab;
  bool keep_tab = false;
  bool finished = false;  // It ended.
  bool answered = false;  // And what it wrote is known.
  absl::Duration start_time;
  RunCommandResponse response;
  std::vector<Done<RunCommandResponse>> waiters;
  std::string entry_name;
  atrium::v1::TimelineEntry entry;
  Loop::HandlePtr deadline;
};

// Somebody who waits for a command's end. Answered at most once.
struct Session::RunWaiter {
  Done<RunCommandResponse> done;
  Loop::HandlePtr patience;
};

// What RunCommand was asked for and has not answered.
struct Session::AskedRun {
  std::string command, tab;
  bool permitted = false;
  std::string approval;          // That it waits for, if people are asked.
  std::function<void()> cancel;  // Of what waits for its prompt.
  std::vector<std::shared_ptr<RunWaiter>> waiters;
};

namespace {

absl::Status CheckCommand(const RunCommandRequest& request) {
  if (request.command().empty()) return MissingField("command");
  if (request.request_id().size() > limits::kRequestIdBytes) {
    return BadField("request_id", "is too long: use a UUID");
  }
  if (!request.tab().empty() && request.command().find_first_of("\r\n") != std::string::npos) {
    return BadField("command", "must be one line: use `;` or a script");
  }
  if (request.command().size() > limits::kCommandBytes) {
    return BadField("command", StrCat("is longer than ", limits::kCommandBytes, " bytes"));
  }
  // What follows a NUL is shown and judged, and no program would get it.
  if (HasNul(request.command())) return BadField("command", "must not contain NUL");
  if (HasNul(request.working_directory())) {
    return BadField("working_directory", "must not contain NUL");
  }
  return absl::OkStatus();
}

absl::Status OtherCommand() {
  return BadField("request_id", "was used for another command: make a new one");
}

}  // namespace

std::function<void()> Session::RunCommand(const Actor& actor, const RunCommandRequest& request,
                                          absl::Duration patience, Done<RunCommandResponse> done) {
  absl::Status valid = actor.Require(Participant::EDITOR, "run a command");
  if (valid.ok()) valid = CheckCommand(request);
  const std::string key = request.request_id().empty() ? RandomId() : request.request_id();
  const auto known = runs_.find(key);
  const std::shared_ptr<CommandRun> run = known == runs_.end() ? nullptr : known->second;
  std::shared_ptr<AskedRun>& asked = asked_runs_[key];
  const bool again = asked != nullptr;
  if (valid.ok() && run && run->entry.text() != request.command()) valid = OtherCommand();
  if (valid.ok() && again && (asked->command != request.command() || asked->tab != request.tab())) {
    valid = OtherCommand();
  }
  if (!valid.ok() || (run && run->answered)) {
    if (!again) asked_runs_.erase(key);
    done(valid.ok() ? absl::StatusOr<RunCommandResponse>(run->response) : valid);
    return nullptr;
  }
  if (!again) {
    asked = std::make_shared<AskedRun>();
    asked->command = request.command();
    asked->tab = request.tab();
  }
  auto leave = AddRunWaiter(key, patience, std::move(done));
  if (again) return leave;
  if (run) {
    // It runs, and whoever waited for it went.
    asked->permitted = true;
    run->waiters.push_back([this, key, mine = asked, alive = Alive()](const auto& result) {
      if (!alive.expired()) AnswerAsked(key, mine, result);
    });
    return leave;
  }
  RunCommandRequest keyed = request;
  keyed.set_request_id(key);
  AskForRun(actor, keyed, key);
  return leave;
}

std::function<void()> Session::AddRunWaiter(const std::string& key, absl::Duration patience,
                                            Done<RunCommandResponse> done) {
  auto waiter = std::make_shared<RunWaiter>();
  waiter->done = std::move(done);
  const std::weak_ptr<RunWaiter> weak = waiter;
  waiter->patience = context_->loop->After(patience, [this, key, weak] {
    const auto waiter = weak.lock();  // We run inside it.
    const auto done = std::exchange(waiter->done, nullptr);
    const absl::Status late = LateRun(key);
    LeaveRun(key, waiter);
    if (done) done(late);
  });
  asked_runs_[key]->waiters.push_back(std::move(waiter));
  return [this, key, weak, alive = Alive()] {
    const auto waiter = weak.lock();
    if (!alive.expired() && waiter) LeaveRun(key, waiter);
  };
}

absl::Status Session::LateRun(const std::string& key) const {
  const auto asked = asked_runs_.find(key);
  if (asked == asked_runs_.end() || !asked->second->permitted) return NotApprovedInTime();
  if (!asked->second->tab.empty()) return RunNotSeenToEnd(asked->second->tab);
  const auto run = runs_.find(key);
  return RunStillGoing(run == runs_.end() ? "" : run->second->tab);
}

// The last who leaves takes with them what did not begin.
void Session::LeaveRun(const std::string& key, const std::shared_ptr<RunWaiter>& waiter) {
  waiter->done = nullptr;
  const auto it = asked_runs_.find(key);
  if (it == asked_runs_.end()) return;
  const std::shared_ptr<AskedRun> asked = it->second;
  auto& waiters = asked->waiters;
  waiters.erase(std::remove(waiters.begin(), waiters.end(), waiter), waiters.end());
  if (!waiters.empty()) return;
  asked_runs_.erase(it);
  if (asked->cancel) asked->cancel();
  const auto approval = approvals_.find(asked->approval);
  if (asked->permitted || approval == approvals_.end()) return;
  approval->second.set_problem("nobody waits for it any more");
  ExpireApproval(asked->approval);
}

// Whoever asks again with an id that all had left asks anew: what comes of before is not theirs.
void Session::AnswerAsked(const std::string& key, const std::shared_ptr<AskedRun>& asked,
                          const absl::StatusOr<RunCommandResponse>& result) {
  const auto it = asked_runs_.find(key);
  if (it == asked_runs_.end() || it->second != asked) return;
  asked_runs_.erase(it);
  for (const auto& waiter : asked->waiters) {
    waiter->patience.reset();
    if (const auto done = std::exchange(waiter->done, nullptr)) done(result);
  }
}

void Session::AskForRun(const Actor& actor, const RunCommandRequest& request,
                        const std::string& key) {
  const std::shared_ptr<AskedRun> mine = asked_runs_[key];
  const std::string approval = Permit(
      actor, request.command(), request.tab(),
      [this, actor, request, key, mine](absl::Status allowed, const auto& condition) {
        const auto asked = asked_runs_.find(key);
        if (asked == asked_runs_.end() || asked->second != mine) return;  // Nobody waits for it.
        if (!allowed.ok()) return AnswerAsked(key, mine, allowed);
        mine->permitted = true;
        mine->cancel = RunPermitted(
            actor, request, condition, absl::InfiniteDuration(),
            [this, key, mine, alive = Alive()](const auto& result) {
              if (alive.expired()) return;
              // It is no more what people approved.
              if (DetailsOf(result.status()).reason == "TAB_MOVED") {
                Notice(StrCat("What was approved could not be done: ", result.status().message()));
              }
              AnswerAsked(key, mine, result);
            });
      });
  mine->approval = approval;
}

bool Session::RunsIn(const CommandRun& run, const std::string& tab) {
  return run.tab == tab && !run.finished;
}

std::string Session::Permit(const Actor& actor, const std::string& command, const std::string& tab,
                            std::function<void(absl::Status, const InputCondition&)> then) {
  const CommandPolicy::Action action = Judge(record_.session().command_policy(), command);
  if (action != CommandPolicy::ASK) {
    then(action == CommandPolicy::ALLOW ? absl::OkStatus() : CommandDenied(), {});
    return "";
  }
  atrium::v1::Approval shown;
  shown.set_tab(tab);
  Aim(&shown);
  const std::string name = NameOf(actor);
  return Propose(
      name.empty() ? "service" : name, {.tool = "run_command", .tab = tab, .input = command},
      [then, condition = ConditionOf(shown)](const absl::StatusOr<std::string>& decided) {
        then(decided.status(), condition);
      });
}

std::function<void()> Session::RunPermitted(const Actor& actor, const RunCommandRequest& request,
                                            const InputCondition& condition,
                                            absl::Duration patience,
                                            Done<RunCommandResponse> done) {
  if (!request.tab().empty()) {
    return RunAtPrompt(actor, request, condition, patience, std::move(done));
  }
  RunInOwnTab(actor, request, patience, std::move(done));
  return nullptr;
}

void Session::RunInOwnTab(const Actor& actor, const RunCommandRequest& request,
                          absl::Duration patience, Done<RunCommandResponse> done) {
  auto run = std::make_shared<CommandRun>();
  run->id = request.request_id().empty() ? RandomId() : request.request_id();
  run->keep_tab = request.keep_tab();
  run->start_time = context_->loop->Monotonic();
  run->waiters.push_back(std::move(done));
  run->entry = NewEntry(atrium::v1::TimelineEntry::COMMAND);
  run->entry.set_text(request.command());
  if (!NameOf(actor).empty()) run->entry.add_speakers(NameOf(actor));
  runs_[run->id] = run;
  atrium::v1::CreateTabRequest create;
  create.set_request_id("run/" + run->id);
  create.set_working_directory(request.working_directory());
  create.mutable_tab()->set_title(request.command());
  for (const char* arg : {"/bin/bash", "-c"}) create.mutable_tab()->add_command(arg);
  create.mutable_tab()->add_command(request.command());
  // It may have ended before its start is answered.
  OpenTab(actor, create, [this, run](absl::StatusOr<Tab> tab) {
    if (!tab.ok()) return EndRun(run, tab.status());
    run->tab = tab->name();
    run->entry.set_tab(tab->name());
    AddEntry(run->entry);
    const TabTable::Record* record = tabs_.Find(run->tab);
    if (record != nullptr && record->tab().state() != Tab::RUNNING) AnswerRun(run);
  });
  if (patience == absl::InfiniteDuration()) return;
  run->deadline = context_->loop->After(patience, [weak = std::weak_ptr(run)] {
    const auto run = weak.lock();
    for (auto& waiter : std::exchange(run->waiters, {})) waiter(RunStillGoing(run->tab));
  });
}

// The session ends: whoever waits is told.
void Session::EndWaits() {
  for (const auto& [key, asked] : std::map(asked_runs_)) AnswerAsked(key, asked, SessionEnded());
  while (!starting_.empty()) AnswerStarting(std::string(starting_.begin()->first), SessionEnded());
  for (auto& [id, run] : std::map<std::string, std::shared_ptr<CommandRun>>(runs_)) {
    run->finished = true;
    run->deadline.reset();
    for (auto& waiter : std::exchange(run->waiters, {})) waiter(SessionEnded());
  }
}

void Session::FinishRuns(const std::string& tab) {
  for (auto& [id, run] : std::map<std::string, std::shared_ptr<CommandRun>>(runs_)) {
    if (run->tab == tab && !run->finished) AnswerRun(run);
  }
}

// Its program ended, or its tab is gone: fetch what it wrote.
void Session::AnswerRun(const std::shared_ptr<CommandRun>& run) {
  if (std::exchange(run->finished, true)) return;
  const TabTable::Record* record = tabs_.Find(run->tab);
  if (record == nullptr || record->tab().state() == Tab::LOST) {
    run->entry.set_interrupted(true);
    AddEntry(run->entry);
    return EndRun(run, record == nullptr ? NoSuchTab(run->tab) : RunLost(run->tab));
  }
  run->response.set_tab(run->tab);
  run->response.set_exit_code(record->tab().exit_code());
  *run->response.mutable_duration() =
      ToProtoDuration(context_->loop->Monotonic() - run->start_time);
  run->entry.set_exit_code(record->tab().exit_code());
  AddEntry(run->entry);
  atrium::terminal::v1::ReadOutputRequest read;
  read.set_tab(run->tab);
  read.set_offset(-1);
  read.set_limit(limits::kRunOutputBytes);
  read.set_newest(true);
  context_->host->ReadOutput(read, [this, run, alive = Alive()](auto output) {
    if (alive.expired()) return;  // Its waiters were told.
    if (!output.ok()) return EndRun(run, output.status());
    run->response.set_truncated(output->offset() > 0);
    run->response.set_output(std::move(*output->mutable_data()));
    EndRun(run, run->response);
  });
}

void Session::EndRun(const std::shared_ptr<CommandRun>& run,
                     const absl::StatusOr<RunCommandResponse>& result) {
  run->finished = run->answered = true;
  run->deadline.reset();
  for (auto& waiter : std::exchange(run->waiters, {})) waiter(result);
  const Actor ours{.kind = Actor::Kind::kService, .role = Participant::OWNER};
  if (!run->keep_tab && !run->tab.empty()) (void)DeleteTab(ours, run->tab);
  if (!result.ok()) {
    runs_.erase(run->id);
    return;
  }
  // Answers are remembered for retries, the oldest forgotten.
  while (runs_.size() > limits::kTabsPerSession * 2) {
    auto old = std::find_if(runs_.begin(), runs_.end(),
                            [](const auto& entry) { return entry.second->finished; });
    if (old == runs_.end()) break;
    runs_.erase(old);
  }
}

std::function<void()> Session::RunAtPrompt(const Actor& actor, const RunCommandRequest& request,
                                           const InputCondition& condition, absl::Duration patience,
                                           Done<RunCommandResponse> done) {
  const std::string tab = request.tab();
  const TabTable::Record* record = tabs_.Find(tab);
  const std::string driver = record == nullptr ? "" : record->tab().driver();
  // What the agent runs was approved by somebody who may; see Perform.
  const bool may_type =
      actor.kind == Actor::Kind::kAgent || driver.empty() || driver == DriverNameOf(actor);
  if (record == nullptr || !may_type) {
    done(record == nullptr ? NoSuchTab(tab) : SomebodyDrives(driver));
    return nullptr;
  }
  Used(tab);
  atrium::v1::TimelineEntry entry = NewEntry(atrium::v1::TimelineEntry::COMMAND);
  entry.set_text(request.command());
  entry.set_tab(tab);
  if (!NameOf(actor).empty()) entry.add_speakers(NameOf(actor));
  AddEntry(entry);
  atrium::terminal::v1::RunAtPromptRequest run;
  run.set_tab(tab);
  run.set_command(request.command());
  *run.mutable_condition() = condition;
  run.set_run_id(request.request_id().empty() ? RandomId() : request.request_id());
  const absl::Duration most = std::min(patience, limits::kRunDeadline);
  return context_->host->RunAtPrompt(
      run, most, [this, tab, entry, done, alive = Alive()](auto ended) mutable {
        if (alive.expired()) return done(SessionEnded());
        if (!ended.ok()) {
          entry.set_interrupted(true);
          AddEntry(entry);
          return done(absl::IsDeadlineExceeded(ended.status()) ? RunNotSeenToEnd(tab)
                                                               : ended.status());
        }
        entry.set_exit_code(ended->exit_code());
        AddEntry(entry);
        RunCommandResponse response;
        response.set_tab(tab);
        response.set_exit_code(ended->exit_code());
        *response.mutable_duration() = ToProtoDuration(absl::Milliseconds(ended->duration_ms()));
        atrium::terminal::v1::ReadOutputRequest read;
        read.set_tab(tab);
        const int64_t bytes = ended->end_offset() - ended->start_offset();
        response.set_truncated(bytes > limits::kRunOutputBytes);
        read.set_offset(
            std::max(ended->start_offset(), ended->end_offset() - limits::kRunOutputBytes));
        read.set_limit(static_cast<int>(ended->end_offset() - read.offset()));
        if (bytes <= 0) return done(response);
        context_->host->ReadOutput(read, [response, done](auto output) mutable {
          if (!output.ok()) return done(output.status());
          response.set_output(std::move(*output->mutable_data()));
          done(response);
        });
      });
}

}  // namespace atrium::control
