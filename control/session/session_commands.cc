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
  bool finished = false;
  absl::Duration start_time;
  RunCommandResponse response;
  std::vector<Done<RunCommandResponse>> waiters;
  std::string entry_name;
  atrium::v1::TimelineEntry entry;
  Loop::HandlePtr deadline;
};

void Session::RunCommand(const Actor& actor, const RunCommandRequest& request,
                         absl::Duration patience, Done<RunCommandResponse> done) {
  if (absl::Status s = actor.Require(Participant::EDITOR, "run a command"); !s.ok()) return done(s);
  if (request.command().empty()) return done(MissingField("command"));
  if (request.request_id().size() > limits::kRequestIdBytes) {
    return done(BadField("request_id", "is too long: use a UUID"));
  }
  if (!request.tab().empty() && request.command().find_first_of("\r\n") != std::string::npos) {
    return done(BadField("command", "must be one line: use `;` or a script"));
  }
  if (request.command().size() > limits::kCommandBytes) {
    return done(BadField("command", StrCat("is longer than ", limits::kCommandBytes, " bytes")));
  }
  const std::string& id = request.request_id();
  auto known = runs_.find(id);
  if (!id.empty() && known != runs_.end()) {
    if (known->second->finished) return done(known->second->response);
    known->second->waiters.push_back(std::move(done));
    return;
  }
  const std::string key = id.empty() ? RandomId() : id;
  auto& waiters = asking_[key];
  waiters.push_back(std::move(done));
  if (waiters.size() > 1) return;
  Permit(actor, request.command(), request.tab(),
         [this, actor, request, patience, key](absl::Status allowed, const auto& condition) {
           const auto waiters = std::move(asking_.extract(key).mapped());
           const auto answer = [waiters](const absl::StatusOr<RunCommandResponse>& result) {
             for (const auto& waiter : waiters) waiter(result);
           };
           if (!allowed.ok()) return answer(allowed);
           RunPermitted(actor, request, condition, patience, [this, answer](const auto& result) {
             // It is no more what people approved.
             if (DetailsOf(result.status()).reason == "TAB_MOVED") {
               Notice(StrCat("What was approved could not be done: ", result.status().message()));
             }
             answer(result);
           });
         });
}

bool Session::RunsIn(const CommandRun& run, const std::string& tab) {
  return run.tab == tab && !run.finished;
}

void Session::Permit(const Actor& actor, const std::string& command, const std::string& tab,
                     std::function<void(absl::Status, const InputCondition&)> then) {
  const CommandPolicy::Action action = Judge(record_.session().command_policy(), command);
  if (action == CommandPolicy::ALLOW) return then(absl::OkStatus(), {});
  if (action == CommandPolicy::DENY) return then(CommandDenied(), {});
  atrium::v1::Approval shown;
  shown.set_tab(tab);
  Aim(&shown);
  const std::string name = NameOf(actor);
  Propose(name.empty() ? "service" : name, {.tool = "run_command", .tab = tab, .input = command},
          [then, condition = ConditionOf(shown)](const absl::StatusOr<std::string>& decided) {
            then(decided.status(), condition);
          });
}

void Session::RunPermitted(const Actor& actor, const RunCommandRequest& request,
                           const InputCondition& condition, absl::Duration patience,
                           Done<RunCommandResponse> done) {
  if (request.tab().empty()) {
    RunInOwnTab(actor, request, patience, std::move(done));
  } else {
    RunAtPrompt(actor, request, condition, patience, std::move(done));
  }
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
  run->deadline = context_->loop->After(patience, [weak = std::weak_ptr(run)] {
    const auto run = weak.lock();
    for (auto& waiter : std::exchange(run->waiters, {})) waiter(RunStillGoing(run->tab));
  });
}

// The session ends: whoever waits is told.
void Session::EndWaits() {
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
  run->finished = true;
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

void Session::RunAtPrompt(const Actor& actor, const RunCommandRequest& request,
                          const InputCondition& condition, absl::Duration patience,
                          Done<RunCommandResponse> done) {
  const std::string tab = request.tab();
  const TabTable::Record* record = tabs_.Find(tab);
  if (record == nullptr) return done(NoSuchTab(tab));
  const std::string& driver = record->tab().driver();
  // What the agent runs was approved by somebody who may; see Perform.
  if (actor.kind != Actor::Kind::kAgent && !driver.empty() && driver != DriverNameOf(actor)) {
    return done(SomebodyDrives(driver));
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
  context_->host->RunAtPrompt(run, patience, [this, tab, entry, done,
                                              alive = Alive()](auto ended) mutable {
    if (alive.expired()) return done(SessionEnded());
    if (!ended.ok()) {
      entry.set_interrupted(true);
      AddEntry(entry);
      return done(absl::IsDeadlineExceeded(ended.status()) ? RunStillGoing(tab) : ended.status());
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
    read.set_offset(std::max(ended->start_offset(), ended->end_offset() - limits::kRunOutputBytes));
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
