// Session: tabs.
#include <algorithm>
#include <utility>

#include "absl/strings/str_join.h"
#include "common/errors.h"
#include "common/log.h"
#include "common/proto_time.h"
#include "common/random.h"
#include "common/resource_name.h"
#include "common/status_macros.h"
#include "common/str_cat.h"
#include "common/text.h"
#include "control/errors.h"
#include "control/limits.h"
#include "control/session/command_policy.h"
#include "control/session/session.h"

namespace atrium::control {

using atrium::terminal::v1::TerminalStatus;
using atrium::v1::Participant;
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
  for (const std::string& word : request.tab().command()) {
    if (HasNul(word)) return BadField("tab.command", "must not contain NUL");
    bytes += word.size();
  }
  if (bytes > limits::kCommandBytes) return BadField("tab.command", "is too long");
  if (request.working_directory().size() > limits::kDirectoryBytes) {
    return BadField("working_directory", "is too long");
  }
  if (HasNul(request.working_directory())) {
    return BadField("working_directory", "must not contain NUL");
  }
  if (request.request_id().size() > limits::kRequestIdBytes) {
    return BadField("request_id", "is too long: use a UUID");
  }
  bytes = 0;
  for (const auto& [name, value] : request.environment()) {
    bytes += name.size() + value.size();
    const bool good = !name.empty() && name.size() <= 64 &&
                      std::all_of(name.begin(), name.end(), [](char c) {
                        return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
                      });
    if (!good) return BadField("environment", "may only have names of [A-Z0-9_]");
    if (HasNul(value)) return BadField("environment", "must not contain NUL");
    if (name.substr(0, 3) == "LD_") return BadField("environment", "may not set LD_ names");
  }
  if (bytes > limits::kEnvironmentBytes) return BadField("environment", "is too large");
  return absl::OkStatus();
}

}  // namespace

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
  if (request.tab().command().empty()) return OpenTab(actor, request, std::move(done));
  // A program of its own is a command like any other.
  const auto& words = request.tab().command();
  const std::string command = absl::StrJoin(words.begin(), words.end(), " ");
  Permit(actor, command, "", [this, actor, request, done](absl::Status allowed, auto) {
    if (!allowed.ok()) return done(allowed);
    OpenTab(actor, request, done);
  });
}

void Session::OpenTab(const Actor& actor, const atrium::v1::CreateTabRequest& request,
                      Done<Tab> done) {
  for (const auto& [name, record] : tabs_.all()) {
    if (request.request_id().empty() || record.request_id() != request.request_id()) continue;
    if (record.tab().state() != Tab::CREATING) return done(record.tab());
    starting_[name].waiters.push_back(std::move(done));
    return;
  }
  if (tabs_.size() >= limits::kTabsPerSession) {
    return done(TooMany("tabs", limits::kTabsPerSession, absl::Seconds(10)));
  }
  if (context_->all_tabs && context_->all_tabs() >= limits::kTabs) {
    return done(TooMany("tabs of all sessions", limits::kTabs, absl::Minutes(1)));
  }
  TabTable::Record record;
  Tab& tab = *record.mutable_tab();
  const std::string name = TabName(id_, TabId(RandomId().substr(0, kTabIdChars)));
  tab.set_name(name);
  tab.set_title(CleanName(request.tab().title(), limits::kTitleChars));
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
    if (path != "title" && path != "position" && path != "size_policy" && path != "size") {
      return done(BadField("update_mask",
                           StrCat("may name title, position, size_policy and size, not ", path)));
    }
  }
  if (absl::Status s = SetSize(request); !s.ok()) return done(s);
  Used(name);
  TabTable::Changed changed;
  for (const std::string& path : request.update_mask().paths()) {
    TabTable::Changed now;
    if (path == "title") now = tabs_.Rename(name, request.tab().title());
    if (path == "position") now = tabs_.Move(name, request.tab().position());
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

// The size's part of an update: the policy, and for FIXED the size.
absl::Status Session::SetSize(const atrium::v1::UpdateTabRequest& request) {
  TabTable::Record* record = tabs_.Find(request.tab().name());
  const auto& paths = request.update_mask().paths();
  const bool policy = std::count(paths.begin(), paths.end(), "size_policy") > 0;
  const bool size = std::count(paths.begin(), paths.end(), "size") > 0;
  if (!policy && !size) return absl::OkStatus();
  const atrium::v1::SizePolicy wanted =
      policy ? request.tab().size_policy() : record->tab().size_policy();
  if (!atrium::v1::SizePolicy_IsValid(wanted)) {
    return BadField("tab.size_policy", "must be LATEST_TAKEN, SMALLEST or FIXED");
  }
  if (size && wanted != atrium::v1::FIXED) {
    return BadField("tab.size", "can be set with the size policy FIXED only");
  }
  const atrium::v1::TerminalSize& asked = request.tab().size();
  if (size && (asked.columns() < limits::kMinColumns || asked.columns() > limits::kMaxColumns ||
               asked.rows() < 1 || asked.rows() > limits::kMaxRows)) {
    return BadField("tab.size", StrCat("must be ", limits::kMinColumns, " to ", limits::kMaxColumns,
                                       " columns and 1 to ", limits::kMaxRows, " rows"));
  }
  record->mutable_tab()->set_size_policy(wanted);
  if (wanted == atrium::v1::FIXED) {
    *record->mutable_fixed_size() = size ? asked : record->tab().size();
  } else {
    record->clear_fixed_size();
  }
  context_->host->PlanChanged();
  return absl::OkStatus();
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
  drivers_.Forget(name);
  tab_used_.erase(name);
  AnswerStarting(name, NoSuchTab(name));
  FinishRuns(name);
  for (auto it = approvals_.begin(); it != approvals_.end();) {
    const std::string approval = (it++)->first;
    if (approvals_[approval].tab() != name) continue;
    approvals_[approval].set_problem("its tab was closed");
    ExpireApproval(approval);
  }
  context_->host->PlanChanged();
  Touch();
  return absl::OkStatus();
}

void Session::ReadScreen(const atrium::v1::ReadScreenRequest& request,
                         Done<atrium::v1::ReadScreenResponse> done) {
  if (tabs_.Find(request.tab()) == nullptr) return done(NoSuchTab(request.tab()));
  context_->host->ReadScreen(request, std::move(done));
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
    *terminal->mutable_size() = record.has_fixed_size() ? record.fixed_size() : record.tab().size();
    terminal->set_size_owner(record.tab().size_owner());
    terminal->set_size_policy(record.tab().size_policy());
    terminal->set_driver(record.tab().driver());
    terminal->set_profile(record_.session().shell_profile());
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
  host_checks_input_ = inventory.checks_input();
  busy_tabs_.clear();
  for (const auto& status : inventory.terminals()) NoteBusy(status);
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
  DoApprovedBefore();
}

void Session::OnHostTerminal(const TerminalStatus& status) {
  PublishTabs(tabs_.Update(status));
  NoteBusy(status);
  DoApprovedBefore();
  if (status.state() == Tab::RUNNING) AnswerStarting(status.tab(), absl::OkStatus());
  if (status.state() == Tab::EXITED) {
    AnswerStarting(status.tab(), absl::OkStatus());
    FinishRuns(status.tab());
  }
}

void Session::NoteBusy(const TerminalStatus& status) {
  if (status.command_runs()) {
    busy_tabs_[status.tab()] = {.keeps_in_use = !status.shell_replaced()};
  } else {
    busy_tabs_.erase(status.tab());
  }
}

void Session::OnHostProblem(const std::string& tab, const absl::Status& why) {
  AnswerStarting(tab, TabCannotStart(tab, why));
  Notice(StrCat("A tab could not start: ", why.message()));
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
  if (const TabTable::Record* record = tabs_.Find(tab)) {
    drivers_.Typed(record->tab(), participant, context_->loop->Monotonic());
    Used(tab);
  }
  Active();
}

void Session::OnHostLost() {
  for (auto& [page_id, page] : people_.pages()) page.attachment_told = false;
  host_grace_ = context_->loop->After(limits::kHostGrace,
                                      [this] { PublishTabs(tabs_.MarkUnreachable()); });
}

void Session::AddServiceAttachment(const Actor& actor, const AttachmentId& id,
                                   const std::string& tab, std::function<void()> ready) {
  ServiceAttachment& service = service_attachments_[id];
  service.tab = tab;
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
