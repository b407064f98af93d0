// Session: its settings, and what goes on by itself once a second.
#include <algorithm>
#include <set>

#include "common/errors.h"
#include "common/proto_time.h"
#include "common/resource_name.h"
#include "common/str_cat.h"
#include "common/text.h"
#include "control/agent/tool_list.h"
#include "control/errors.h"
#include "control/limits.h"
#include "control/session/command_policy.h"
#include "control/session/session.h"

namespace atrium::control {

using atrium::v1::CommandPolicy;
using atrium::v1::Degradation;
using atrium::v1::FloorPolicy;
using atrium::v1::Participant;
using atrium::v1::Tab;
using atrium::v1::UsePolicy;

namespace {

// For people: what the terminal host does not do now.
std::string LimitsOf(const atrium::terminal::v1::HostStatus& status) {
  constexpr char kDrains[] =
      "The terminal host is being drained: no new terminals until it was replaced; those that "
      "run go on";
  if (!status.draining()) return status.audit_problem();
  return status.audit_problem().empty() ? kDrains
                                        : StrCat(status.audit_problem(), ". ", kDrains);
}

// A tool that is away for now, as its server is, keeps what was set for it.
absl::Status CheckTools(const atrium::v1::Session& wanted, const atrium::v1::Session& ours,
                        const ToolList& tools) {
  std::set<std::string> seen;
  for (int i = 0; i < wanted.tool_policies_size(); ++i) {
    const atrium::v1::ToolPolicy& policy = wanted.tool_policies(i);
    const std::string field = StrCat("session.tool_policies[", i, "]");
    const atrium::v1::Conversation::Tool* tool = FindTool(tools, policy.tool());
    const bool known = tool != nullptr ||
                       std::any_of(ours.tool_policies().begin(), ours.tool_policies().end(),
                                   [&](const auto& set) { return set.tool() == policy.tool(); });
    if (!known) return BadField(field + ".tool", "is no tool of the agent's");
    if (!seen.insert(policy.tool()).second) return BadField(field + ".tool", "is there twice");
    if (!CommandPolicy::Action_IsValid(policy.action()) ||
        policy.action() == CommandPolicy::ACTION_UNSPECIFIED) {
      return BadField(field + ".action", "must be ALLOW, ASK or DENY");
    }
    if (tool != nullptr && !tool->may_be_allowed() && policy.action() == CommandPolicy::ALLOW) {
      return BadField(field + ".action", "must be ASK or DENY: a person decides on this one");
    }
  }
  return absl::OkStatus();
}

// Whether this role is among those who may; UNSPECIFIED lets all whose role goes so far.
absl::Status MayUse(UsePolicy::Users users, Participant::Role role, std::string_view act) {
  switch (users) {
    case UsePolicy::NOBODY:
      return ForbiddenInSession(act, "nobody");
    case UsePolicy::OWNERS:
      if (role < Participant::OWNER) return ForbiddenInSession(act, "only owners");
      return absl::OkStatus();
    case UsePolicy::EDITORS:
      if (role < Participant::EDITOR) return ForbiddenInSession(act, "only editors and owners");
      return absl::OkStatus();
    default:
      return absl::OkStatus();
  }
}

absl::Status CheckSettings(const atrium::v1::UpdateSessionRequest& request,
                           const atrium::v1::Session& ours, const ToolList& tools) {
  if (request.update_mask().paths_size() == 0) return MissingField("update_mask");
  for (const std::string& path : request.update_mask().paths()) {
    const atrium::v1::Session& wanted = request.session();
    if (path == "display_name") {
      if (CleanName(wanted.display_name(), limits::kTitleChars).empty()) {
        return BadField("session.display_name", "must not be empty");
      }
    } else if (path == "command_policy") {
      if (absl::Status s = CheckPolicy(wanted.command_policy()); !s.ok()) return s;
    } else if (path == "shell_profile") {
      if (!atrium::v1::ShellProfile_IsValid(wanted.shell_profile())) {
        return BadField("session.shell_profile", "must be STANDARD, NO_NEW_PRIVILEGES or ISOLATED");
      }
    } else if (path == "idle_tab_timeout") {
      const absl::Duration timeout = absl::Seconds(wanted.idle_tab_timeout().seconds());
      if (timeout != absl::ZeroDuration() && timeout < limits::kIdleTabLeast) {
        return BadField("session.idle_tab_timeout", "must be a minute or more, or 0 for ever");
      }
    } else if (path == "floor_policy") {
      if (!FloorPolicy::Mode_IsValid(wanted.floor_policy().mode()) ||
          !FloorPolicy::Interruption_IsValid(wanted.floor_policy().interruption())) {
        return BadField("session.floor_policy", "has a mode or an interruption that is unknown");
      }
    } else if (path == "use_policy") {
      if (!UsePolicy::Users_IsValid(wanted.use_policy().calls())) {
        return BadField("session.use_policy.calls", "must be EVERYBODY, EDITORS, OWNERS or NOBODY");
      }
      if (!UsePolicy::Users_IsValid(wanted.use_policy().screens()) ||
          wanted.use_policy().screens() == UsePolicy::EVERYBODY) {
        return BadField("session.use_policy.screens", "must be EDITORS, OWNERS or NOBODY");
      }
    } else if (path == "tool_policies") {
      if (absl::Status s = CheckTools(wanted, ours, tools); !s.ok()) return s;
    } else {
      return BadField("update_mask",
                      StrCat("may name display_name, command_policy, shell_profile, "
                             "idle_tab_timeout, floor_policy, tool_policies and use_policy, not ",
                             path));
    }
  }
  return absl::OkStatus();
}

}  // namespace

void Session::UpdateSession(const Actor& actor, const atrium::v1::UpdateSessionRequest& request,
                            Done<atrium::v1::Session> done) {
  absl::Status allowed = actor.Require(Participant::OWNER, "change the session's settings");
  if (!allowed.ok()) return done(allowed);
  atrium::v1::Session& ours = *record_.mutable_session();
  if (absl::Status s = CheckSettings(request, ours, AgentTools()); !s.ok()) return done(s);
  const atrium::v1::Session& wanted = request.session();
  for (const std::string& path : request.update_mask().paths()) {
    if (path == "display_name") {
      ours.set_display_name(CleanName(wanted.display_name(), limits::kTitleChars));
    } else if (path == "command_policy") {
      *ours.mutable_command_policy() = wanted.command_policy();
    } else if (path == "shell_profile") {
      ours.set_shell_profile(wanted.shell_profile());
    } else if (path == "floor_policy") {
      *ours.mutable_floor_policy() = wanted.floor_policy();
      if (conversation_) conversation_->SetFloor(wanted.floor_policy());
      context_->media->PlanChanged();
    } else if (path == "use_policy") {
      *ours.mutable_use_policy() = wanted.use_policy();
      EnforceUse();
    } else if (path == "tool_policies") {
      *ours.mutable_tool_policies() = wanted.tool_policies();
      if (ToolAction("look_at_screen") == CommandPolicy::DENY) BlindAgent();
    } else {
      *ours.mutable_idle_tab_timeout() = wanted.idle_tab_timeout();
    }
  }
  context_->host->PlanChanged();
  PublishSession([this, done](absl::Status status) {
    if (!status.ok()) return done(status);
    done(publisher_->snapshot().session());
  });
}

// What may be used, and by whom.

absl::Status Session::MayCall(Participant::Role role) const {
  return MayUse(record_.session().use_policy().calls(), role, "be in its call");
}

absl::Status Session::MayShowScreens(Participant::Role role) const {
  return MayUse(record_.session().use_policy().screens(), role, "show screens");
}

Participant::Role Session::RoleAtMost(const ParticipantId& id) const {
  const auto person = people_.all().find(id);
  const bool known = person != people_.all().end() && people_.PagesOf(id) > 0;
  return known ? person->second.shown.role() : Participant::OWNER;
}

void Session::EnforceUse() {
  std::vector<std::pair<ParticipantId, absl::Status>> leave;
  for (const auto& [id, person] : people_.all()) {
    if (person.live_epoch == 0) continue;
    if (absl::Status s = MayCall(RoleAtMost(id)); !s.ok()) leave.emplace_back(id, s);
  }
  for (const auto& [id, why] : leave) EndLive(id, DetailsOf(why).reason, ToStd(why.message()));
  std::vector<std::string> stop;
  for (const auto& [capture, screen] : captures_.all()) {
    const absl::StatusOr<ChildName> whose = ParseParticipantName(screen.shown.participant());
    const ParticipantId id(whose.ok() ? whose->id : "");
    if (!MayShowScreens(RoleAtMost(id)).ok()) stop.push_back(capture);
  }
  for (const std::string& capture : stop) {
    EndCapture(capture, StrCat(DisplayName(captures_.Find(capture)->shown.participant()),
                               "'s screen is no longer shown: an owner of the session forbade it"));
  }
}

void Session::SetLag(const PageId& page_id, const atrium::v1::Lag& lag) {
  auto page = people_.pages().find(page_id);
  if (page == people_.pages().end()) return;
  page->second.lag = lag;
  atrium::v1::Lag worst;
  for (const auto& [id, other] : people_.pages()) {
    if (other.participant != page->second.participant || other.door == nullptr) continue;
    worst.set_bytes(std::max(worst.bytes(), other.lag.bytes()));
    worst.set_skips(worst.skips() + other.lag.skips());
  }
  Person* person = people_.Find(page->second.participant);
  if (worst.bytes() > 0 || worst.skips() > 0) {
    *person->shown.mutable_lag() = worst;
  } else {
    person->shown.clear_lag();
  }
  PublishPerson(page->second.participant);
}

void Session::OnHostStatus(const atrium::terminal::v1::HostStatus& status) {
  host_status_ = status;
}

void Session::Tick() {
  if (ended_ || publisher_ == nullptr) return;
  bool lapsed = false;
  for (const auto& [name, record] : tabs_.all()) {
    if (record.tab().driver().empty()) continue;
    Tab* tab = tabs_.Find(name)->mutable_tab();
    if (!drivers_.Lapse(tab, context_->loop->Monotonic())) continue;
    GiveSizeToDriver(tab);
    PublishTab(name);
    lapsed = true;
  }
  if (lapsed) context_->host->PlanChanged();
  publisher_->Retry();
  CheckIdleTabs();
  CheckHealth();
}

// Tabs that nobody uses: they say when they will be closed, then they are.

bool Session::InUse(const Tab& tab) const {
  if (!tab.driver().empty() || starting_.count(tab.name()) > 0) return true;
  // A command that runs is somebody's, though nobody looks.
  const auto busy = busy_tabs_.find(tab.name());
  if (busy != busy_tabs_.end() && busy->second.keeps_in_use) return true;
  for (const auto& [id, service] : service_attachments_) {
    if (service.tab == tab.name()) return true;
  }
  for (const auto& [id, run] : runs_) {
    if (RunsIn(*run, tab.name())) return true;
  }
  return std::any_of(people_.all().begin(), people_.all().end(), [&](const auto& person) {
    return person.second.shown.viewing_tab() == tab.name() &&
           person.second.shown.presence() == Participant::PRESENT;
  });
}

void Session::Used(const std::string& tab) { tab_used_[tab] = context_->loop->Monotonic(); }

void Session::CheckIdleTabs() {
  const absl::Duration timeout =
      absl::Seconds(record_.session().idle_tab_timeout().seconds());
  const absl::Duration now = context_->loop->Monotonic();
  std::vector<std::string> close;
  for (const auto& [name, record] : tabs_.all()) {
    if (timeout == absl::ZeroDuration() || InUse(record.tab())) tab_used_[name] = now;
    const absl::Duration idle = now - tab_used_.try_emplace(name, now).first->second;
    const bool warn = timeout > absl::ZeroDuration() && idle * 2 >= timeout;
    if (warn && idle >= timeout) {
      close.push_back(name);
    } else if (warn != record.tab().has_idle_expire_time()) {
      Tab& tab = *tabs_.Find(name)->mutable_tab();
      tab.clear_idle_expire_time();
      if (warn) {
        *tab.mutable_idle_expire_time() = ToProtoTime(context_->loop->Now() + timeout - idle);
      }
      PublishTab(name);
    }
  }
  const Actor ours{.kind = Actor::Kind::kService, .role = Participant::OWNER};
  for (const std::string& name : close) {
    Notice(StrCat("The tab \"", tabs_.Find(name)->tab().title(), "\" was closed: nobody used it for ",
                  absl::FormatDuration(timeout)));
    if (absl::Status s = DeleteTab(ours, name); !s.ok()) Notice(std::string(s.message()));
  }
}

// What does not work, by name; told once it has been so for some ticks.
void Session::CheckHealth() {
  using atrium::v1::Conversation;
  const Conversation talk = conversation_ ? conversation_->Shown() : Conversation();
  const bool refused = talk.state() == Conversation::FAILED;
  const std::string memory =
      StrCat("The terminals use ", host_status_.memory_bytes() >> 20, " MiB of the ",
             host_status_.memory_limit_bytes() >> 20, " that they may: close what is not needed");
  const struct {
    Degradation::Kind kind;
    bool bad;
    std::string message;
  } checks[] = {
      {Degradation::NO_PROVIDER, refused || talk.state() == Conversation::RECONNECTING,
       refused ? talk.problem()
               : "The voice agent cannot be reached; people still hear one another, and it is "
                 "tried again"},
      {Degradation::NO_MEDIA, !context_->media->connected(),
       "Calls do not work: the media process is away; it is tried again"},
      {Degradation::NO_STORE, publisher_->failing(),
       "Changes cannot be stored: look at the disk of the state directory"},
      {Degradation::HOST_LOST, !context_->host->connected(),
       "The terminal host cannot be reached; its shells may well be running"},
      {Degradation::HOST_MEMORY, host_status_.memory_alert(), memory},
      {Degradation::HOST_LIMITED,
       host_status_.draining() || !host_status_.audit_problem().empty(), LimitsOf(host_status_)}};
  google::protobuf::RepeatedPtrField<Degradation> now;
  for (const auto& check : checks) {
    int& ticks = bad_ticks_[check.kind];
    ticks = check.bad ? ticks + 1 : 0;
    if (ticks < limits::kBadTicks) continue;
    Degradation& degradation = *now.Add();
    degradation.set_kind(check.kind);
    degradation.set_message(check.message);
  }
  auto* shown = record_.mutable_session()->mutable_degradations();
  const bool same = std::equal(now.begin(), now.end(), shown->begin(), shown->end(),
                               [](const auto& a, const auto& b) {
                                 return a.kind() == b.kind() && a.message() == b.message();
                               });
  if (same && record_.session().state() == StateNow()) return;
  shown->Swap(&now);
  PublishSession();
}

}  // namespace atrium::control
