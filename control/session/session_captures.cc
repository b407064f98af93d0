// Session: the screens that are shown.
#include <algorithm>
#include <utility>

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
#include "control/session/session.h"

namespace atrium::control {

using atrium::media::v1::DriveResponse;
using atrium::v1::Capture;
using atrium::v1::JoinResponse;
using atrium::v1::Participant;
using atrium::v1::SessionChange;

void Session::LoadCaptures() {
  // What was forbidden since then is not taken up again.
  for (const auto& record : record_.captures()) {
    if (!context_->allowed.screens || !MayShowScreens(Participant::OWNER).ok()) continue;
    captures_.Load(record);
    if (!context_->allowed.agent_sight) {
      captures_.Find(record.capture().name())->shown.set_agent_sees(false);
    }
    last_epoch_ = std::max(last_epoch_, record.epoch());
  }
  if (captures_.all().empty()) return;
  TellScreens();
  // A page that does not come back shows nothing any more.
  capture_grace_ = context_->loop->After(limits::kParticipantLease, [this] {
    auto done = std::move(capture_grace_);
    std::vector<PageId> gone;
    for (const auto& [name, screen] : captures_.all()) {
      if (!screen.page.empty() && people_.pages().count(screen.page) == 0) {
        gone.push_back(screen.page);
      }
      for (const auto& [page, viewer] : screen.viewers) {
        if (people_.pages().count(page) == 0) gone.push_back(page);
      }
    }
    for (const PageId& page : gone) ForgetCapturesOf(page);
    const CaptureTable::Screen* display = captures_.Display();
    if (display != nullptr && people_.FindByName(display->shown.participant()) == nullptr) {
      ForgetDisplayOf(std::string(display->shown.participant()));
    }
  });
}

void Session::PublishCapture(const std::string& name, Publisher::Done done) {
  SessionChange change;
  if (const CaptureTable::Screen* screen = captures_.Find(name)) {
    *change.mutable_capture() = screen->shown;
  } else {
    change.set_deleted_capture(name);
  }
  RecordCaptures();
  TellScreens();
  Publish(std::move(change), {{RecordKind::kSession, id_.value(), record_.SerializeAsString()}},
          std::move(done));
}

void Session::RecordCaptures() {
  record_.clear_captures();
  for (auto& record : captures_.Records()) *record_.add_captures() = std::move(record);
}

absl::Status Session::MayShow(const Actor& actor) const {
  if (!context_->allowed.screens) return Forbidden("show screens");
  RETURN_IF_ERROR(MayShowScreens(actor.role));
  if (captures_.all().size() >= limits::kCaptures) {
    return TooMany("screens", limits::kCaptures, absl::Seconds(10));
  }
  if (!context_->media->connected()) return Unreachable("media", "it has not answered");
  return absl::OkStatus();
}

absl::Status Session::AgentMaySee() const {
  if (!context_->allowed.agent_sight) return Forbidden("show screens to the agent");
  if (!conversation_) return NoAgent();
  if (!conversation_->Shown().takes_images()) return AgentIsBlind();
  // What the agent may not look at by itself it is not given either.
  if (ToolAction("look_at_screen") == atrium::v1::CommandPolicy::DENY) {
    return DeniedByRoom("look_at_screen");
  }
  return absl::OkStatus();
}

void Session::StartCapture(const Actor& actor, const PageId& page,
                           const atrium::v1::StartCapture& request, Done<Capture> done) {
  if (absl::Status s = actor.Require(Participant::EDITOR, "show a screen"); !s.ok()) return done(s);
  if (absl::Status s = MayShow(actor); !s.ok()) return done(s);
  if (!request.approval().empty()) {
    // From here on nobody else can answer it.
    if (absl::Status s = ClaimAsk(request.approval()); !s.ok()) return done(s);
    done = [this, actor, ask = request.approval(), done](absl::StatusOr<Capture> shown) {
      if (!shown.ok()) {
        Reopen(ask);
      } else if (approvals_.count(ask) > 0) {
        Settle(approvals_.at(ask), NameOf(actor), [](absl::StatusOr<atrium::v1::Approval>) {});
      }
      done(std::move(shown));
    };
  }
  Capture shown;
  shown.set_participant(ParticipantName(id_, ParticipantOf(page)));
  shown.set_title(request.title());
  shown.set_source(Capture::PAGE);
  shown.set_agent_sees(request.agent_sees() && AgentMaySee().ok());
  Show(std::move(shown), page, std::move(done));
}

absl::Status Session::ClaimAsk(const std::string& name) {
  auto it = approvals_.find(name);
  if (it == approvals_.end()) return NoSuchApproval(name);
  atrium::v1::Approval& approval = it->second;
  if (approval.tool() != "ask_for_screen") {
    return BadField("start_capture.approval", "does not ask for a screen");
  }
  if (approval.state() != atrium::v1::Approval::PENDING) {
    return AlreadyDecided(atrium::v1::Approval::State_Name(approval.state()),
                          DisplayName(approval.decider()));
  }
  approval.set_state(atrium::v1::Approval::APPROVED);
  return absl::OkStatus();
}

void Session::CreateCapture(const Actor& actor, const atrium::v1::CreateCaptureRequest& request,
                            Done<Capture> done) {
  absl::Status allowed = actor.Require(Participant::OWNER, "show the machine's display");
  if (allowed.ok()) allowed = MayShow(actor);
  if (!allowed.ok()) return done(allowed);
  if (!record_.session().has_display()) return done(NoDisplay());
  if (captures_.Display() != nullptr) return done(DisplayShown());
  // It ends with whoever shows it, so that one must be here.
  if (!actor.participant.empty() && people_.Find(actor.participant) == nullptr) {
    return done(NotJoined("show the machine's display"));
  }
  Capture shown;
  shown.set_participant(NameOf(actor));
  shown.set_title(request.capture().title());
  shown.set_source(Capture::DISPLAY);
  shown.set_agent_sees(request.capture().agent_sees() && AgentMaySee().ok());
  Show(std::move(shown), PageId(), std::move(done));
}

void Session::Show(Capture shown, const PageId& page, Done<Capture> done) {
  const bool display = shown.source() == Capture::DISPLAY;
  shown.set_name(CaptureName(id_, RandomId()));
  shown.set_title(CleanName(shown.title(), limits::kTitleChars));
  if (shown.title().empty()) shown.set_title(display ? "The machine's display" : "Screen");
  shown.set_state(Capture::STARTING);
  *shown.mutable_create_time() = ToProtoTime(context_->loop->Now());
  captures_.Add(shown, page, NextEpoch());
  PublishCapture(shown.name(), [this, shown, page, done](absl::Status status) {
    if (!status.ok()) {
      captures_.Remove(shown.name());
      RecordCaptures();
      context_->media->PlanChanged();
      return done(status);
    }
    Notice(StrCat(DisplayName(shown.participant()), " shows a screen: ", shown.title(),
                  shown.agent_sees() ? " (the agent sees it)" : ""));
    done(shown);
    if (const auto peer = captures_.PeerAt(shown.name(), page)) TellCaptureReady(*peer);
  });
  context_->media->PlanChanged();
}

absl::StatusOr<Capture> Session::UpdateCapture(const Actor& actor,
                                               const atrium::v1::UpdateCaptureRequest& request) {
  const bool sees = request.capture().agent_sees();
  // Consent that was given can be withdrawn whatever one is by now.
  if (sees) RETURN_IF_ERROR(actor.Require(Participant::EDITOR, "show a screen to the agent"));
  CaptureTable::Screen* screen = captures_.Find(request.capture().name());
  if (screen == nullptr) return NoSuchCapture(request.capture().name());
  // Consent is the participant's alone; owners may end the showing.
  if (screen->shown.participant() != NameOf(actor)) return NotYourScreen();
  if (request.update_mask().paths_size() == 0) return MissingField("update_mask");
  for (const std::string& path : request.update_mask().paths()) {
    if (path != "agent_sees") {
      return BadField("update_mask", StrCat("may name agent_sees, not ", path));
    }
  }
  if (sees) RETURN_IF_ERROR(AgentMaySee());
  if (screen->shown.agent_sees() == sees) return screen->shown;
  screen->shown.set_agent_sees(sees);
  PublishCapture(screen->shown.name());
  Notice(StrCat("The agent sees ", DisplayName(screen->shown.participant()), "'s screen ",
                sees ? "from now on" : "no more"));
  return screen->shown;
}

void Session::BlindAgent() {
  std::vector<std::string> seen;
  for (const auto& [name, screen] : captures_.all()) {
    if (screen.shown.agent_sees()) seen.push_back(name);
  }
  for (const std::string& name : seen) {
    captures_.Find(name)->shown.set_agent_sees(false);
    PublishCapture(name);
  }
}

absl::Status Session::StopCapture(const Actor& actor, const std::string& name) {
  CaptureTable::Screen* screen = captures_.Find(name);
  if (screen == nullptr) return NoSuchCapture(name);
  const bool own = screen->shown.participant() == NameOf(actor);
  if (!own) {
    if (absl::Status s = actor.Require(Participant::OWNER, "stop somebody else's screen"); !s.ok()) {
      return s;
    }
  }
  EndCapture(name, StrCat(DisplayName(screen->shown.participant()), "'s screen is no longer shown",
                          own ? "" : StrCat(": stopped by ", DisplayName(NameOf(actor)))));
  return absl::OkStatus();
}

void Session::EndCapture(const std::string& name, const std::string& notice) {
  const CaptureTable::Screen* screen = captures_.Find(name);
  if (screen == nullptr) return;
  if (context_->figures != nullptr) {
    const absl::Duration lasted = context_->loop->Now() - FromProtoTime(screen->shown.create_time());
    context_->figures->screens.Observe(std::max(absl::ToDoubleSeconds(lasted), 0.0));
  }
  captures_.Remove(name);
  capture_retries_.erase(name);
  PublishCapture(name);
  Notice(notice);
  context_->media->PlanChanged();
}

absl::Status Session::WatchCapture(const PageId& page, const atrium::v1::WatchCapture& request) {
  const std::string& name = request.capture();
  const CaptureTable::Screen* screen = captures_.Find(name);
  if (screen == nullptr) return NoSuchCapture(name);
  if (screen->page == page) {
    return BadField("watch_capture.capture", "is shown by this very page");
  }
  if (screen->viewers.count(page) == 0) {
    if (absl::Status s = MayWatch(page); !s.ok()) return s;
  }
  if (captures_.Watch(name, page, {NextEpoch(), request.answers()})) PublishCapture(name);
  context_->media->PlanChanged();
  TellCaptureReady(*captures_.PeerAt(name, page));
  return absl::OkStatus();
}

absl::Status Session::MayWatch(const PageId& page) const {
  const ParticipantId who = ParticipantOf(page);
  const size_t own =
      captures_.Watching([&](const PageId& other) { return ParticipantOf(other) == who; });
  if (own >= limits::kWatchingPerParticipant) {
    return TooMany("connections to screens", limits::kWatchingPerParticipant, absl::Seconds(10));
  }
  if (captures_.Watching(nullptr) >= limits::kWatchingPerSession) {
    return TooMany("connections to screens", limits::kWatchingPerSession, absl::Seconds(10));
  }
  return absl::OkStatus();
}

absl::Status Session::LeaveCapture(const PageId& page, const std::string& name) {
  if (captures_.Find(name) == nullptr) return NoSuchCapture(name);
  if (!captures_.StopWatching(name, page)) return absl::OkStatus();
  PublishCapture(name);
  context_->media->PlanChanged();
  return absl::OkStatus();
}

void Session::TellCaptureReady(const CapturePeer& peer) {
  auto page = people_.pages().find(peer.page);
  if (page == people_.pages().end() || page->second.door == nullptr) return;
  JoinResponse response;
  auto* ready = response.mutable_capture_ready();
  ready->set_capture(peer.capture);
  ready->set_epoch(peer.epoch);
  ready->set_shows(peer.shows);
  ready->set_answers(peer.answers);
  AddIceServers(peer.page, ready->mutable_ice_servers());
  page->second.door->Send(response);
}

// It may ask again.
void Session::TellCaptureEnded(const CapturePeer& peer, const std::string& problem) {
  auto page = people_.pages().find(peer.page);
  if (page == people_.pages().end() || page->second.door == nullptr) return;
  JoinResponse response;
  auto* ended = response.mutable_capture_ended();
  ended->set_capture(peer.capture);
  ended->set_reason("PEER_FAILED");
  ended->set_message(problem);
  page->second.door->Send(response);
}

void Session::RenewCapturePeer(CapturePeer peer) {
  peer.epoch = NextEpoch();
  captures_.Renew(peer, peer.epoch);
  if (peer.shows) PublishCapture(peer.capture);
  context_->media->PlanChanged();
  TellCaptureReady(peer);
}

void Session::TellCapturesOf(const PageId& page) {
  for (const auto& [name, screen] : captures_.all()) {
    if (const auto peer = captures_.PeerAt(name, page)) TellCaptureReady(*peer);
  }
}

// A network that changes costs a connection, not the screen.
void Session::OnShowingFailed(const CapturePeer& peer, std::string_view problem) {
  CaptureTable::Screen* screen = captures_.Find(peer.capture);
  if (++screen->failures > limits::kCaptureTries) {
    return EndCapture(peer.capture,
                      StrCat("A screen could not be shown (", problem, "): share it again"));
  }
  screen->shown.set_state(Capture::STARTING);
  PublishCapture(peer.capture);
  capture_retries_[peer.capture] = context_->loop->After(
      limits::kCaptureRetry * (1 << (screen->failures - 1)), [this, peer] {
        auto done = std::move(capture_retries_[peer.capture]);
        capture_retries_.erase(peer.capture);
        // Unless it was made anew meanwhile.
        if (captures_.PeerOf(PeerName(peer), peer.epoch)) RenewCapturePeer(peer);
      });
}

void Session::ForgetCapturesOf(const PageId& page) {
  for (const std::string& name : captures_.ShownBy(page)) {
    EndCapture(name, StrCat(DisplayName(captures_.Find(name)->shown.participant()),
                            "'s screen is no longer shown: its page is gone"));
  }
  const std::vector<std::string> watched = captures_.StopWatching(page);
  for (const std::string& name : watched) PublishCapture(name);
  if (!watched.empty()) context_->media->PlanChanged();
}

void Session::ForgetDisplayOf(const std::string& participant) {
  const CaptureTable::Screen* display = captures_.Display();
  if (display == nullptr || participant.empty()) return;
  if (display->shown.participant() != participant) return;
  EndCapture(std::string(display->shown.name()),
             StrCat("The machine's display is no longer shown: ", DisplayName(participant),
                    " is gone"));
}

void Session::SetHasDisplay(bool has) {
  if (record_.session().has_display() == has) return;
  record_.mutable_session()->set_has_display(has);
  PublishSession();
}

void Session::AdoptCaptures(const DriveResponse::Inventory& inventory, bool fresh) {
  atrium::media::v1::Plan::Room there;
  for (const auto& room : inventory.rooms()) {
    if (room.session() == name()) there = room;
  }
  // Right after a start pages are still on their way.
  const auto may = [this](const PageId& page) {
    return capture_grace_ != nullptr || people_.pages().count(page) > 0;
  };
  for (const CapturePeer& peer : captures_.Adopt(there, fresh, may)) RenewCapturePeer(peer);
  for (const auto& capture : there.captures()) {
    for (const auto& viewer : capture.viewers()) {
      last_epoch_ = std::max(last_epoch_, viewer.epoch());
    }
    if (captures_.Find(capture.name()) != nullptr) PublishCapture(capture.name());
  }
}

void Session::OnCaptureSignal(const atrium::media::v1::Signal& signal) {
  const auto peer = captures_.PeerOf(signal.peer(), signal.signal().epoch());
  if (!peer) return;
  auto page = people_.pages().find(peer->page);
  if (page == people_.pages().end() || page->second.door == nullptr) return;
  JoinResponse response;
  *response.mutable_signal() = signal.signal();
  response.mutable_signal()->set_capture(peer->capture);
  page->second.door->Send(response);
}

// For the page that shows it, nobody else.
void Session::OnMediaBitrate(const DriveResponse::CaptureBitrate& bitrate) {
  const CaptureTable::Screen* screen = captures_.Find(bitrate.capture());
  if (screen == nullptr) return;
  auto page = people_.pages().find(screen->page);
  if (page == people_.pages().end() || page->second.door == nullptr) return;
  JoinResponse response;
  response.mutable_capture_bitrate()->set_capture(bitrate.capture());
  response.mutable_capture_bitrate()->set_max_bps(bitrate.max_bps());
  page->second.door->Send(response);
}

void Session::OnCapturePeer(const DriveResponse::PeerStatus& status) {
  const auto peer = captures_.PeerOf(status.peer(), status.epoch());
  if (!peer) return;
  if (status.state() == DriveResponse::PeerStatus::CONNECTED) {
    if (!peer->shows) return;
    captures_.Find(peer->capture)->shown.set_state(Capture::SHOWN);
    captures_.Find(peer->capture)->failures = 0;
    return PublishCapture(peer->capture);
  }
  LogWarning("a screen's peer failed", {{"peer", status.peer()}, {"problem", status.problem()}});
  if (status.state() == DriveResponse::PeerStatus::SILENT) return RenewCapturePeer(*peer);
  if (peer->shows) return OnShowingFailed(*peer, status.problem());
  LeaveCapture(peer->page, peer->capture).IgnoreError();
  TellCaptureEnded(*peer, status.problem());
}

}  // namespace atrium::control
