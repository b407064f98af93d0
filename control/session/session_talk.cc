// Session: what is said, proposed and decided.
#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "common/errors.h"
#include "common/log.h"
#include "common/proto_time.h"
#include "common/random.h"
#include "common/resource_name.h"
#include "common/str_cat.h"
#include "common/text.h"
#include "control/errors.h"
#include "control/limits.h"
#include "control/session/command_policy.h"
#include "control/session/session.h"

namespace atrium::control {

using atrium::v1::Approval;
using atrium::v1::Participant;
using atrium::v1::SayRequest;
using atrium::v1::SessionChange;
using atrium::v1::TimelineEntry;

namespace {

// "@agent ..." or "computer, ..." speaks to the agent.
bool NamesAgent(const std::string& text) {
  const std::string lower = absl::AsciiStrToLower(text.substr(0, 16));
  for (const std::string_view name : {"@agent", "computer"}) {
    if (!absl::StartsWith(lower, std::string(name))) continue;
    if (lower.size() == name.size() || !absl::ascii_isalnum(lower[name.size()])) return true;
  }
  return false;
}

bool ByAgent(const Approval& approval) {
  return approval.requester().empty() || approval.requester() == "agent";
}

// What control does itself, under an id that keeps it from being done twice.
bool IsOurs(const Approval& approval) {
  const std::string& tool = approval.tool();
  return ByAgent(approval) && (tool.empty() || tool == "type_text" || tool == "run_command");
}

// Showing a screen is what approves it.
bool IsDoneByApproving(const Approval& approval) { return approval.tool() == "ask_for_screen"; }

std::string WithoutAgentName(const std::string& text) {
  if (!absl::StartsWith(absl::AsciiStrToLower(text.substr(0, 6)), "@agent")) return text;
  return std::string(absl::StripLeadingAsciiWhitespace(text.substr(6)));
}

}  // namespace

// The timeline.

TimelineEntry Session::NewEntry(TimelineEntry::Kind kind) {
  TimelineEntry entry;
  entry.set_name(EntryName(id_, ++last_entry_));
  entry.set_kind(kind);
  *entry.mutable_create_time() = ToProtoTime(context_->loop->Now());
  return entry;
}

void Session::AddEntry(TimelineEntry entry, std::function<void(absl::Status)> done) {
  entry.clear_speaker_names();
  for (const std::string& speaker : entry.speakers()) entry.add_speaker_names(DisplayName(speaker));
  int64_t number = 0;
  const std::string entry_name = entry.name();
  (void)absl::SimpleAtoi(entry_name.substr(entry_name.rfind('/') + 1), &number);
  StoreWrite write{.key = id_.value(), .value = entry.SerializeAsString(), .entry = number};
  SessionChange change;
  *change.mutable_entry() = std::move(entry);
  Publish(std::move(change), {std::move(write)}, std::move(done));
}

void Session::Notice(const std::string& text, const std::string& tab) {
  TimelineEntry entry = NewEntry(TimelineEntry::NOTICE);
  entry.set_text(text);
  entry.set_tab(tab);
  AddEntry(std::move(entry));
}

std::string Session::DisplayName(const std::string& speaker) const {
  if (speaker == "agent") return "Agent";
  const absl::StatusOr<ChildName> parsed = ParseParticipantName(speaker);
  if (!parsed.ok()) return "Service";
  const ParticipantId id(parsed->id);
  auto person = people_.all().find(id);
  if (person != people_.all().end()) return person->second.shown.display_name();
  const std::string known = context_->auth->DisplayNameOf(id_, id);
  return known.empty() ? "Service" : known;
}

void Session::Say(const Actor& actor, const SayRequest& request, Done<TimelineEntry> done) {
  if (absl::Status s = actor.Require(Participant::EDITOR, "write to the timeline"); !s.ok()) {
    return done(s);
  }
  if (request.text().size() > limits::kTextBytes) {
    return done(BadField("text", StrCat("is longer than ", limits::kTextBytes, " bytes")));
  }
  const std::string text = CleanText(request.text(), limits::kTextBytes);
  if (text.empty()) return done(MissingField("text"));
  const std::string request_id = request.request_id();
  auto before = said_.find(request_id);
  if (!request_id.empty() && before != said_.end()) {
    // Answered in its turn: once the first is durable, or could not be stored.
    Publish(SessionChange(), {}, [this, request_id, entry = before->second, done](absl::Status) {
      if (said_.count(request_id) > 0) return done(entry);
      done(NotStored());
    });
    return;
  }
  TimelineEntry entry = NewEntry(TimelineEntry::CHAT);
  entry.set_text(text);
  const std::string speaker = NameOf(actor);
  if (!speaker.empty()) entry.add_speakers(speaker);
  if (!request_id.empty()) {
    if (said_.size() > limits::kListMost) said_.erase(said_.begin());
    said_[request_id] = entry;
  }
  const bool to_agent = request.audience() == SayRequest::AGENT || NamesAgent(text);
  AddEntry(entry, [this, request_id, entry, speaker, text, to_agent, done](absl::Status status) {
    if (!status.ok()) {
      said_.erase(request_id);
      return done(status);
    }
    done(entry);
    if (!conversation_) return;
    if (to_agent) {
      record_.set_conversation_wanted(true);
      conversation_->TextTurn(speaker, WithoutAgentName(text));
    } else {
      conversation_->Overhear(speaker, text);
    }
  });
  Touch();
}

void Session::ListEntries(const atrium::v1::ListTimelineEntriesRequest& request,
                          Done<atrium::v1::ListTimelineEntriesResponse> done) {
  int64_t before = std::numeric_limits<int64_t>::max();
  if (!request.page_token().empty() && !absl::SimpleAtoi(request.page_token(), &before)) {
    return done(BadField("page_token", "is not one of ours"));
  }
  const int size = request.page_size() <= 0 ? limits::kListDefault
                                            : std::min(request.page_size(), limits::kListMost);
  context_->store->ListEntries(id_.value(), before, size, [size, done](auto rows) {
    if (!rows.ok()) return done(rows.status());
    atrium::v1::ListTimelineEntriesResponse response;
    size_t bytes = 0;
    bool more = rows->size() == static_cast<size_t>(size);
    for (const std::string& row : *rows) {
      bytes += row.size();
      if (bytes > limits::kSnapshotEntryBytes && response.entries_size() > 0) {
        more = true;
        break;
      }
      response.add_entries()->ParseFromString(row);
    }
    if (more) {
      const std::string& last = response.entries().rbegin()->name();
      response.set_next_page_token(last.substr(last.rfind('/') + 1));
    }
    done(std::move(response));
  });
}

// Approvals.

void Session::LoadApproval(const Approval& approval) {
  approvals_[approval.name()] = approval;
  const std::string approval_name = approval.name();
  if (approval.state() == Approval::APPROVED) {
    // Approved and stored, but perhaps not done when the process ended. What is ours is
    // done once the host has told what runs where; its id keeps it from being done twice.
    // Whoever asked for anything else ended with that process.
    if (IsOurs(approval)) {
      approved_before_.push_back(approval);
      return;
    }
    context_->loop->Post([this, approval] {
      if (IsDoneByApproving(approval)) return Perform(approval);
      GiveUp(approval, "");
    });
    return;
  }
  // Whoever else asked went away with the process that was asked.
  const absl::Duration left = ByAgent(approval)
                                  ? FromProtoTime(approval.expire_time()) - context_->loop->Now()
                                  : absl::ZeroDuration();
  approval_timers_[approval_name] =
      context_->loop->After(std::max(left, absl::ZeroDuration()),
                            [this, approval_name] { ExpireApproval(approval_name); });
}

void Session::DoApprovedBefore() {
  host_told_ = true;
  for (const Approval& approval : std::exchange(approved_before_, {})) {
    // A host that knows that it did it says so, whatever became of the tab since.
    const std::string moved = host_checks_input_ ? "" : Moved(approval);
    const absl::Status allowed = StillAllowed(approval);
    if (!moved.empty()) {
      GiveUp(approval, moved);
    } else if (!allowed.ok()) {
      GiveUp(approval, ToStd(allowed.message()));
    } else {
      Perform(approval);
    }
  }
}

void Session::GiveUp(Approval approval, std::string_view why) {
  approvals_.erase(approval.name());
  approval.set_state(Approval::NOT_DONE);
  approval.set_problem(std::string(why));
  TimelineEntry entry = NewEntry(TimelineEntry::APPROVAL);
  if (!approval.decider().empty()) entry.add_speakers(approval.decider());
  entry.set_tab(approval.tab());
  entry.set_text(std::string(approval.input()));
  *entry.mutable_approval() = approval;
  LogWarning("what was approved was not done", {{"name", approval.name()}, {"why", why}});
  // In this order: it is forgotten only once it was told.
  AddEntry(std::move(entry));
  PublishApproval(approval, nullptr);
  auto proposal = proposals_.extract(approval.name());
  if (!proposal.empty()) proposal.mapped()(absl::AbortedError(ToAbsl(why)));
}

void Session::Aim(Approval* approval) const {
  const auto found = tabs_.all().find(approval->tab());
  if (found == tabs_.all().end()) return;
  const atrium::v1::Tab& tab = found->second.tab();
  approval->set_working_directory(tab.working_directory());
  approval->set_incarnation(tab.incarnation());
  // A command waits for a prompt; what is typed goes to whatever reads it.
  if (approval->tool() != "type_text") return;
  approval->set_last_command(tab.last_command().number());
  approval->set_command_runs(busy_tabs_.count(tab.name()) > 0);
}

std::string Session::Moved(const Approval& approval) const {
  Approval now = approval;
  Aim(&now);
  if (now.working_directory() != approval.working_directory()) {
    return "its tab is in another directory now";
  }
  if (now.incarnation() != approval.incarnation()) return "its tab has another terminal now";
  if (now.last_command() != approval.last_command() ||
      now.command_runs() != approval.command_runs()) {
    return "another program runs in its tab now";
  }
  return "";
}

absl::Status Session::StillAllowed(const Approval& approval) const {
  using atrium::v1::CommandPolicy;
  if (Judge(record_.session().command_policy(), approval.input()) == CommandPolicy::DENY) {
    return CommandDenied();
  }
  if (ByAgent(approval) && ToolAction(approval.tool()) == CommandPolicy::DENY) {
    return DeniedByRoom(approval.tool());
  }
  return absl::OkStatus();
}

void Session::PublishApproval(const Approval& approval, Publisher::Done done) {
  SessionChange change;
  *change.mutable_approval() = approval;
  const bool keep = approval.state() == Approval::PENDING || approval.state() == Approval::APPROVED;
  StoreWrite write{.kind = RecordKind::kApproval, .key = approval.name()};
  if (keep) write.value = approval.SerializeAsString();
  Publish(std::move(change), {std::move(write)}, std::move(done));
}

void Session::AgentPropose(const Conversation::Proposal& proposal, Done<std::string> done) {
  const auto action = Judge(record_.session().command_policy(), proposal.input);
  if (action == atrium::v1::CommandPolicy::DENY) return done(CommandDenied());
  if (proposal.tool == "ask_for_screen") {
    // No click could answer it.
    if (!context_->allowed.screens) return done(Forbidden("show screens"));
    if (absl::Status s = MayShowScreens(Participant::OWNER); !s.ok()) return done(s);
  }
  Propose("agent", proposal, std::move(done));
}

std::string Session::Propose(const std::string& requester, const Conversation::Proposal& proposal,
                             Done<std::string> done) {
  const size_t pending = std::count_if(approvals_.begin(), approvals_.end(), [](const auto& a) {
    return a.second.state() == Approval::PENDING;
  });
  if (pending >= limits::kPendingApprovals) {
    done(TooMany("undecided approvals", limits::kPendingApprovals, limits::kApprovalLife));
    return "";
  }
  if (proposal.input.empty() || proposal.input.size() > limits::kInputBytes) {
    done(BadField("input", "is empty or too long"));
    return "";
  }
  const TabTable::Record* tab = tabs_.Find(proposal.tab);
  if (!proposal.tab.empty() && tab == nullptr) {
    done(NoSuchTab(proposal.tab));
    return "";
  }
  Approval approval;
  approval.set_name(ApprovalName(id_, RandomId()));
  approval.set_state(Approval::PENDING);
  approval.set_tool(proposal.tool);
  approval.set_requester(requester);
  approval.set_tab(proposal.tab);
  approval.set_input(proposal.input);
  Aim(&approval);
  *approval.mutable_create_time() = ToProtoTime(context_->loop->Now());
  *approval.mutable_expire_time() = ToProtoTime(context_->loop->Now() + limits::kApprovalLife);
  approvals_[approval.name()] = approval;
  proposals_[approval.name()] = std::move(done);
  const std::string approval_name = approval.name();
  approval_timers_[approval_name] = context_->loop->After(
      limits::kApprovalLife, [this, approval_name] { ExpireApproval(approval_name); });
  PublishApproval(approval, nullptr);
  return approval_name;
}

void Session::DecideApproval(const Actor& actor, const atrium::v1::DecideApprovalRequest& request,
                             Done<Approval> done) {
  if (absl::Status s = actor.Require(Participant::EDITOR, "decide"); !s.ok()) return done(s);
  if (actor.kind != Actor::Kind::kPerson) return done(PeopleOnly("decide"));
  auto it = approvals_.find(request.name());
  if (it == approvals_.end()) return done(NoSuchApproval(request.name()));
  Approval& approval = it->second;
  if (approval.state() != Approval::PENDING) {
    return done(AlreadyDecided(Approval::State_Name(approval.state()),
                               DisplayName(approval.decider())));
  }
  if (request.approve() && IsDoneByApproving(approval)) return done(ShareToApprove());
  if (absl::Status s = StillAllowed(approval); request.approve() && !s.ok()) return done(s);
  // Nobody knows which program would read it, right after a start.
  if (request.approve() && !host_told_ && approval.tool() == "type_text") {
    return done(Unreachable("terminal", "it has not answered"));
  }
  // What it is for moved under it: whoever approves has not seen that.
  if (const std::string moved = Moved(approval); request.approve() && !moved.empty()) {
    approval.set_problem(moved);
    ExpireApproval(request.name());
    return done(AlreadyDecided(StrCat("EXPIRED, as ", moved), ""));
  }
  approval.set_state(request.approve() ? Approval::APPROVED : Approval::DENIED);
  Settle(approval, NameOf(actor), std::move(done));
}

void Session::ExpireApproval(const std::string& name) {
  auto it = approvals_.find(name);
  if (it == approvals_.end() || it->second.state() != Approval::PENDING) return;
  it->second.set_state(Approval::EXPIRED);
  Settle(it->second, "", [](absl::StatusOr<Approval>) {});
}

// It is decided, once: stored, shown, then done or not.
void Session::Settle(const Approval& decided, const std::string& decider, Done<Approval> done) {
  Approval& approval = approvals_[decided.name()];
  approval.set_decider(decider);
  if (!decider.empty()) approval.set_decider_name(DisplayName(decider));
  auto timer = std::move(approval_timers_[approval.name()]);  // We may run inside it.
  approval_timers_.erase(approval.name());
  TimelineEntry entry = NewEntry(TimelineEntry::APPROVAL);
  if (!decider.empty()) entry.add_speakers(decider);
  entry.set_tab(approval.tab());
  entry.set_text(std::string(approval.input()));
  *entry.mutable_approval() = approval;
  LogInfo("approval", {{"name", approval.name()},
                       {"state", Approval::State_Name(approval.state())},
                       {"decider", decider}});
  PublishApproval(approval, [this, settled = approval, entry, done](absl::Status status) {
    if (!status.ok()) {
      Reopen(settled.name());
      return done(status);
    }
    AddEntry(entry);
    done(settled);
    if (settled.state() == Approval::APPROVED) {
      // It may have moved while the decision was stored.
      const std::string moved = Moved(settled);
      return moved.empty() ? Perform(settled) : GiveUp(settled, StrCat(moved, ": ask again"));
    }
    if (settled.state() == Approval::DENIED) {
      return Performed(settled, absl::PermissionDeniedError("A person denied it"));
    }
    if (settled.problem().empty()) {
      return Performed(settled, absl::DeadlineExceededError("Nobody approved it in time"));
    }
    Performed(settled, MakeError(absl::StatusCode::kFailedPrecondition,
                                 StrCat("It was not done, as ", settled.problem(), ": ask again"),
                                 {.reason = "TAB_MOVED"}));
  });
}

// Its decision could not be stored: it waits for another one.
void Session::Reopen(const std::string& name) {
  auto it = approvals_.find(name);
  if (it == approvals_.end()) return;
  it->second.set_state(Approval::PENDING);
  it->second.clear_decider();
  it->second.clear_decider_name();
  approval_timers_[name] =
      context_->loop->After(limits::kReopenedLife, [this, name] { ExpireApproval(name); });
}

void Session::Perform(const Approval& approval) {
  const TabTable::Record* tab = tabs_.Find(approval.tab());
  if (ByAgent(approval) && tab != nullptr && !tab->tab().driver().empty() &&
      tab->tab().driver() != approval.decider()) {
    return Performed(approval, SomebodyDrives(DisplayName(tab->tab().driver())));
  }
  if (!IsOurs(approval)) {
    // They only asked whether they may, and do it themselves. As nobody can say after a
    // restart how far they came, it counts as begun before it is.
    return context_->store->Commit({{RecordKind::kApproval, approval.name(), std::nullopt}},
                                   [this, approval, alive = Alive()](absl::Status status) {
                                     if (alive.expired()) return;
                                     if (!status.ok()) return Performed(approval, status);
                                     Performed(approval, std::string());
                                   });
  }
  const Actor agent{.kind = Actor::Kind::kAgent, .role = Participant::EDITOR};
  if (approval.tool() == "type_text") {
    atrium::terminal::v1::WriteInputRequest write;
    write.set_tab(approval.tab());
    write.set_data(approval.input());
    write.set_write_id(approval.name());
    *write.mutable_condition() = ConditionOf(approval);
    context_->host->WriteInput(write, [this, approval, alive = Alive()](auto written) {
      if (alive.expired()) return;
      if (!written.ok()) return Failed(approval, written.status());
      if (written->known()) LogInfo("it had been typed before", {{"name", approval.name()}});
      Performed(approval, std::string("It was typed."));
    });
    return;
  }
  atrium::v1::RunCommandRequest run;
  run.set_parent(name());
  run.set_tab(approval.tab());
  run.set_command(approval.input());
  run.set_request_id(approval.name());
  run.set_keep_tab(true);
  RunPermitted(agent, run, ConditionOf(approval), limits::kRunDeadline,
               [this, approval](auto ended) {
                 if (!ended.ok()) return Failed(approval, ended.status());
                 Performed(approval, StrCat("exit code ", ended->exit_code(), "\n",
                                            CleanText(ended->output(), limits::kTextBytes)));
               });
}

atrium::terminal::v1::InputCondition Session::ConditionOf(const Approval& approval) {
  atrium::terminal::v1::InputCondition condition;
  condition.set_incarnation(approval.incarnation());
  condition.set_working_directory(approval.working_directory());
  if (approval.tool() == "type_text") {
    condition.mutable_reader()->set_last_command(approval.last_command());
    condition.mutable_reader()->set_command_runs(approval.command_runs());
  }
  return condition;
}

// What the host found to be another than what was approved, nobody did.
void Session::Failed(const Approval& approval, const absl::Status& why) {
  if (DetailsOf(why).reason == "TAB_MOVED") return GiveUp(approval, ToStd(why.message()));
  Performed(approval, why);
}

void Session::Performed(const Approval& approval, absl::StatusOr<std::string> outcome) {
  approvals_.erase(approval.name());
  context_->store->Commit({{RecordKind::kApproval, approval.name(), std::nullopt}},
                          [](absl::Status) {});
  if (!outcome.ok() && approval.state() == Approval::APPROVED) {
    Notice(StrCat("What was approved could not be done: ", outcome.status().message()));
  }
  auto proposal = proposals_.extract(approval.name());
  if (!proposal.empty()) proposal.mapped()(std::move(outcome));
}

}  // namespace atrium::control
