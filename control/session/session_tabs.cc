// Session: tabs and the commands that run in them.
#include <algorithm>
#include <utility>

#include "common/errors.h"
#include "common/log.h"
#include "common/proto_time.h"
#include "common/random.h"
#include "common/resource_name.h"
#include "common/status_macros.h"
#include "common/str_cat.h"
#include "control/errors.h"
#include "control/limits.h"
#include "control/session/session.h"

namespace atrium::control {

using atrium::terminal::v1::TerminalStatus;
using atrium::v1::Participant;
using atrium::v1::RunCommandRequest;
using atrium::v1::RunCommandResponse;
using atrium::v1::SessionChange;
using atrium::v1::Tab;

namespace {

constexpr size_t kTabIdChars = 12;
constexpr int kDefaultColumns = 80, kDefaultRows = 24;

absl::Status CheckCreate(const atrium::v1::CreateTabRequest& request) {
  if (request.tab().command_size() > static_cast<int>(limits::kArguments)) {
    return BadField("tab.command", "has too many arguments");
  }
  if (request.environment_size() > static_cast<int>(limits::kEnvironment)) {
    return BadField("environment", "has too many names");
  }
  size_t bytes = 0;
  for (const auto& [name, value] : request.environment()) {
    bytes += name.size() + value.size();
    const bool good = !name.empty() && name.size() <= 64 &&
                      std::all_of(name.begin(), name.end(), [](char c) {
                        return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
                      });
    if (!good) return BadField("environment", "may only have names of [A-Z0-9_]");
    if (name.substr(0, 3) == "LD_") return BadField("environment", "may not set LD_ names");
  }
  if (bytes > limits::kEnvironmentBytes) return BadField("environment", "is too large");
  return absl::OkStatus();
}

}  // namespace

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

void Session::PublishTab(const std::string& name, Publisher::Done done) {
  const TabTable::Record* record = tabs_.Find(name);
  if (record == nullptr) return;
  SessionChange change;
  *change.mutable_tab() = record->tab();
  Publish(std::move(change), {{RecordKind::kTab, name, record->SerializeAsString()}},
          std::move(done));
}

void Session::PublishTabs(const TabTable::Changed& names) {
  for (const std::string& name : names) PublishTab(name);
}

void Session::CreateTab(const Actor& actor, const atrium::v1::CreateTabRequest& request,
                        Done<Tab> done) {
  if (absl::Status s = actor.Require(Participant::EDITOR, "open a tab"); !s.ok()) return done(s);
  if (absl::Status s = CheckCreate(request); !s.ok()) return done(s);
  for (const auto& [name, record] : tabs_.all()) {
    if (request.request_id().empty() || record.request_id() != request.request_id()) continue;
    if (record.tab().state() != Tab::CREATING) return done(record.tab());
    starting_[name].waiters.push_back(std::move(done));
    return;
  }
  if (tabs_.size() >= limits::kTabsPerSession) {
    return done(TooMany("tabs", limits::kTabsPerSession, absl::Seconds(10)));
  }
  TabTable::Record record;
  Tab& tab = *record.mutable_tab();
  const std::string name = TabName(id_, TabId(RandomId().substr(0, kTabIdChars)));
  tab.set_name(name);
  tab.set_title(request.tab().title());
  tab.set_state(Tab::CREATING);
  *tab.mutable_command() = request.tab().command();
  *tab.mutable_size() = request.tab().size();
  if (tab.size().columns() <= 0 || tab.size().rows() <= 0) {
    tab.mutable_size()->set_columns(kDefaultColumns);
    tab.mutable_size()->set_rows(kDefaultRows);
  }
  *tab.mutable_create_time() = ToProtoTime(context_->loop->Now());
  tab.set_creator(NameOf(actor));
  tab.set_size_owner(actor.kind == Actor::Kind::kPerson ? NameOf(actor)
                                                        : people_.Successor(ParticipantId()));
  record.set_working_directory(request.working_directory());
  *record.mutable_environment() = request.environment();
  record.set_request_id(request.request_id());
  tabs_.Add(std::move(record));
  Starting& starting = starting_[name];
  starting.waiters.push_back(std::move(done));
  starting.deadline = context_->loop->After(
      limits::kStartWait, [this, name] { AnswerStarting(name, TabNotStartedInTime(name)); });
  // Decided, stored, then asked for: a crash in between is mended by the plan.
  PublishTab(name, [this, name](absl::Status status) {
    if (!status.ok()) {
      tabs_.Remove(name);
      return AnswerStarting(name, status);
    }
    context_->host->PlanChanged();
  });
  Touch();
}

void Session::AnswerStarting(const std::string& name, const absl::Status& status) {
  auto it = starting_.find(name);
  if (it == starting_.end()) return;
  Starting starting = std::move(it->second);  // We may run inside its deadline.
  starting_.erase(it);
  const TabTable::Record* record = tabs_.Find(name);
  for (Done<Tab>& waiter : starting.waiters) {
    if (status.ok() && record != nullptr) {
      waiter(record->tab());
    } else {
      waiter(status.ok() ? NoSuchTab(name) : status);
    }
  }
}

absl::StatusOr<Tab> Session::GetTab(const std::string& name) const {
  auto it = tabs_.all().find(name);
  if (it == tabs_.all().end()) return NoSuchTab(name);
  return it->second.tab();
}

void Session::UpdateTab(const Actor& actor, const atrium::v1::UpdateTabRequest& request,
                        Done<Tab> done) {
  if (absl::Status s = actor.Require(Participant::EDITOR, "change a tab"); !s.ok()) return done(s);
  const std::string name = request.tab().name();
  if (tabs_.Find(name) == nullptr) return done(NoSuchTab(name));
  if (request.update_mask().paths_size() == 0) return done(MissingField("update_mask"));
  for (const std::string& path : request.update_mask().paths()) {
    if (path != "title" && path != "position") {
      return done(BadField("update_mask", StrCat("may name title and position, not ", path)));
    }
  }
  TabTable::Changed changed;
  for (const std::string& path : request.update_mask().paths()) {
    const TabTable::Changed now = path == "title" ? tabs_.Rename(name, request.tab().title())
                                                  : tabs_.Move(name, request.tab().position());
    changed.insert(changed.end(), now.begin(), now.end());
  }
  if (std::count(changed.begin(), changed.end(), name) == 0) changed.push_back(name);
  std::sort(changed.begin(), changed.end());
  changed.erase(std::unique(changed.begin(), changed.end()), changed.end());
  for (const std::string& other : changed) {
    if (other != name) PublishTab(other);
  }
  PublishTab(name, [this, name, done](absl::Status status) {
    if (status.ok()) {
      done(GetTab(name));
    } else {
      done(status);
    }
  });
}

absl::Status Session::DeleteTab(const Actor& actor, const std::string& name) {
  RETURN_IF_ERROR(actor.Require(Participant::EDITOR, "close a tab"));
  RETURN_IF_ERROR(ParseTabName(name).status());
  if (tabs_.Find(name) == nullptr) return absl::OkStatus();
  const TabTable::Changed moved = tabs_.Remove(name);
  SessionChange change;
  change.set_deleted_tab(name);
  Publish(std::move(change), {{RecordKind::kTab, name, std::nullopt}});
  PublishTabs(moved);
  AnswerStarting(name, NoSuchTab(name));
  FinishRuns(name);
  for (auto it = approvals_.begin(); it != approvals_.end();) {
    const std::string approval = (it++)->first;
    if (approvals_[approval].tab() == name) ExpireApproval(approval);
  }
  context_->host->PlanChanged();
  Touch();
  return absl::OkStatus();
}

absl::Status Session::TakeControl(const Actor& actor, const atrium::v1::TakeControlRequest& request) {
  RETURN_IF_ERROR(actor.Require(Participant::EDITOR, "take control of a tab"));
  TabTable::Record* record = tabs_.Find(request.tab());
  if (record == nullptr) return NoSuchTab(request.tab());
  record->mutable_tab()->set_size_owner(NameOf(actor));
  PublishTab(request.tab());
  context_->host->PlanChanged();
  return absl::OkStatus();
}

void Session::ReadScreen(const atrium::v1::ReadScreenRequest& request,
                         Done<atrium::v1::ReadScreenResponse> done) {
  if (tabs_.Find(request.tab()) == nullptr) return done(NoSuchTab(request.tab()));
  context_->host->ReadScreen(request, std::move(done));
}

// Commands.

void Session::RunCommand(const Actor& actor, const RunCommandRequest& request,
                         absl::Duration patience, Done<RunCommandResponse> done) {
  if (absl::Status s = actor.Require(Participant::EDITOR, "run a command"); !s.ok()) return done(s);
  if (request.command().empty()) return done(MissingField("command"));
  if (request.command().size() > limits::kCommandBytes) {
    return done(BadField("command", StrCat("is longer than ", limits::kCommandBytes, " bytes")));
  }
  auto known = runs_.find(request.request_id());
  if (!request.request_id().empty() && known != runs_.end()) {
    if (known->second->finished) return done(known->second->response);
    known->second->waiters.push_back(std::move(done));
    return;
  }
  if (request.tab().empty()) {
    RunInOwnTab(actor, request, patience, std::move(done));
  } else {
    RunAtPrompt(actor, request, patience, std::move(done));
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
  CreateTab(actor, create, [this, run](absl::StatusOr<Tab> tab) {
    if (!tab.ok()) return EndRun(run, tab.status());
    run->tab = tab->name();
    run->entry.set_tab(tab->name());
    AddEntry(run->entry);
    const TabTable::Record* record = tabs_.Find(run->tab);
    if (record != nullptr && record->tab().state() != Tab::RUNNING) AnswerRun(run);
  });
  run->deadline = context_->loop->After(patience, [this, run] {
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
  if (record == nullptr) return EndRun(run, NoSuchTab(run->tab));
  run->response.set_tab(run->tab);
  run->response.set_exit_code(record->tab().exit_code());
  *run->response.mutable_duration() =
      ToProtoDuration(context_->loop->Monotonic() - run->start_time);
  run->entry.set_exit_code(record->tab().exit_code());
  AddEntry(run->entry);
  atrium::terminal::v1::ReadOutputRequest read;
  read.set_tab(run->tab);
  read.set_offset(-1);
  read.set_limit(3 << 20);
  context_->host->ReadOutput(read, [this, run, alive = Alive()](auto output) {
    if (alive.expired()) return;  // Its waiters were told.
    if (!output.ok()) return EndRun(run, output.status());
    std::string data = std::move(*output->mutable_data());
    const bool cut = data.size() > limits::kRunOutputBytes;
    if (cut) data.erase(0, data.size() - limits::kRunOutputBytes);
    run->response.set_truncated(cut || output->start_offset() > 0);
    run->response.set_output(std::move(data));
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
                          absl::Duration patience, Done<RunCommandResponse> done) {
  const std::string tab = request.tab();
  if (tabs_.Find(tab) == nullptr) return done(NoSuchTab(tab));
  atrium::v1::TimelineEntry entry = NewEntry(atrium::v1::TimelineEntry::COMMAND);
  entry.set_text(request.command());
  entry.set_tab(tab);
  if (!NameOf(actor).empty()) entry.add_speakers(NameOf(actor));
  AddEntry(entry);
  atrium::terminal::v1::RunAtPromptRequest run;
  run.set_tab(tab);
  run.set_command(request.command());
  run.set_run_id(request.request_id().empty() ? RandomId() : request.request_id());
  context_->host->RunAtPrompt(run, patience, [this, tab, entry, done,
                                              alive = Alive()](auto ended) mutable {
    if (alive.expired()) return done(SessionEnded());
    if (!ended.ok()) {
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

// What the host says.

void Session::AddToHostPlan(atrium::terminal::v1::Plan* plan) const {
  for (const auto& [name, record] : tabs_.all()) {
    auto* terminal = plan->add_terminals();
    terminal->set_tab(name);
    if (record.tab().state() != Tab::CREATING) {
      terminal->set_incarnation(record.tab().incarnation());
    }
    *terminal->mutable_command() = record.tab().command();
    terminal->set_working_directory(record.working_directory());
    *terminal->mutable_environment() = record.environment();
    *terminal->mutable_size() = record.tab().size();
    terminal->set_size_owner(record.tab().size_owner());
  }
  for (const auto& [page_id, page] : people_.pages_const()) {
    auto* attachment = plan->add_attachments();
    attachment->set_attachment(page.attachment.value());
    attachment->set_participant(ParticipantName(id_, page.participant));
    auto person = people_.all().find(page.participant);
    if (person != people_.all().end()) attachment->set_role(person->second.shown.role());
  }
  for (const auto& [attachment_id, service] : service_attachments_) {
    auto* attachment = plan->add_attachments();
    attachment->set_attachment(attachment_id.value());
    attachment->set_participant(service.participant);
    attachment->set_role(service.role);
  }
}

void Session::AdoptTerminals(const atrium::terminal::v1::DriveResponse::Inventory& inventory) {
  host_grace_.reset();
  for (const TerminalStatus& status : inventory.terminals()) {
    const absl::StatusOr<ChildName> parsed = ParseTabName(status.tab());
    if (!parsed.ok() || parsed->session != id_ || tabs_.Find(status.tab()) != nullptr) continue;
    if (status.state() != Tab::RUNNING) continue;
    LogWarning("adopted a terminal that was not known", {{"tab", status.tab()}});
    TabTable::Record record;
    record.mutable_tab()->set_name(status.tab());
    record.mutable_tab()->set_state(Tab::RUNNING);
    *record.mutable_tab()->mutable_create_time() = ToProtoTime(context_->loop->Now());
    PublishTabs(tabs_.Add(std::move(record)));
  }
  PublishTabs(tabs_.Reconcile(inventory));
  for (const auto& attachment : inventory.attachments()) {
    const absl::StatusOr<ChildName> parsed = ParseParticipantName(attachment.participant());
    const AttachmentId id(attachment.attachment());
    if (!parsed.ok() || parsed->session != id_ || service_attachments_.count(id) > 0) continue;
    const bool known = std::any_of(people_.pages().begin(), people_.pages().end(),
                                   [&](const auto& page) { return page.second.attachment == id; });
    if (known) continue;
    // Its page has ten seconds to come back; until then its right stands.
    ServiceAttachment& kept = service_attachments_[id];
    kept.participant = attachment.participant();
    kept.role = attachment.role();
    kept.lease = context_->loop->After(limits::kParticipantLease, [this, id] { DropAttachment(id); });
  }
  for (const auto& [name, record] : std::map<std::string, TabTable::Record>(tabs_.all())) {
    if (record.tab().state() == Tab::RUNNING) AnswerStarting(name, absl::OkStatus());
    if (record.tab().state() == Tab::EXITED || record.tab().state() == Tab::LOST) FinishRuns(name);
  }
}

void Session::OnHostTerminal(const TerminalStatus& status) {
  PublishTabs(tabs_.Update(status));
  if (status.state() == Tab::RUNNING) AnswerStarting(status.tab(), absl::OkStatus());
  if (status.state() == Tab::EXITED) {
    AnswerStarting(status.tab(), absl::OkStatus());
    FinishRuns(status.tab());
  }
}

void Session::OnHostProblem(const std::string& tab, const std::string& message) {
  AnswerStarting(tab, TabCannotStart(tab, message));
  Notice(StrCat("A tab could not start: ", message));
  const Actor ours{.kind = Actor::Kind::kService, .role = Participant::OWNER};
  (void)DeleteTab(ours, tab);
}

void Session::OnHostConfirmed(int64_t generation) {
  for (auto& [page_id, page] : people_.pages()) {
    if (page.attachment_generation <= generation) TellAttachment(&page);
  }
  for (auto& [id, service] : service_attachments_) {
    if (service.generation > generation || !service.ready) continue;
    context_->loop->Post(std::exchange(service.ready, nullptr));
  }
}

void Session::OnHostTyped(const std::string& tab, const std::string& participant) {
  atrium::v1::JoinResponse response;
  response.mutable_typing()->set_tab(tab);
  response.mutable_typing()->set_participant(participant);
  Broadcast(response);
  *record_.mutable_session()->mutable_last_active_time() = ToProtoTime(context_->loop->Now());
}

void Session::OnHostLost() {
  for (auto& [page_id, page] : people_.pages()) page.attachment_told = false;
  host_grace_ = context_->loop->After(limits::kHostGrace,
                                      [this] { PublishTabs(tabs_.MarkUnreachable()); });
}

void Session::AddServiceAttachment(const Actor& actor, const AttachmentId& id,
                                   std::function<void()> ready) {
  ServiceAttachment& service = service_attachments_[id];
  const ParticipantId participant =
      actor.participant.empty() ? ParticipantId("service") : actor.participant;
  service.participant = ParticipantName(id_, participant);
  service.role = actor.role;
  service.ready = std::move(ready);
  service.generation = context_->host->PlanChanged();
}

void Session::DropAttachment(const AttachmentId& id) {
  auto it = service_attachments_.find(id);
  if (it == service_attachments_.end()) return;
  ServiceAttachment last = std::move(it->second);  // We may run inside its lease.
  service_attachments_.erase(it);
  context_->host->PlanChanged();
}

}  // namespace atrium::control
