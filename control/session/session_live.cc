// Session: the call.
#include <algorithm>
#include <map>
#include <utility>

#include "common/errors.h"
#include "common/log.h"
#include "common/resource_name.h"
#include "common/status_macros.h"
#include "common/str_cat.h"
#include "control/errors.h"
#include "control/limits.h"
#include "control/session/session.h"

namespace atrium::control {

using atrium::media::v1::DriveResponse;
using atrium::v1::JoinResponse;
using atrium::v1::Participant;

// Epochs only grow, over restarts of ours too: they are milliseconds of wall
// time unless that stood still or went back.
int64_t Session::NextEpoch() {
  last_epoch_ = std::max(last_epoch_ + 1, absl::ToUnixMillis(context_->loop->Now()));
  return last_epoch_;
}

void Session::GoLive(const Actor& actor, const PageId& page_id,
                     std::function<void(absl::Status)> done) {
  if (!context_->allowed.calls) return done(Forbidden("make calls"));
  if (absl::Status s = MayCall(actor.role); !s.ok()) return done(s);
  auto enter = [this, page_id, done](absl::Status status) {
    auto page = people_.pages().find(page_id);
    if (page == people_.pages().end()) return;
    if (!status.ok()) return done(status);
    if (!context_->media->connected()) return done(Unreachable("media", "it has not answered"));
    Person* person = people_.Find(page->second.participant);
    // It may have been forbidden while the provider was reached.
    if (absl::Status s = MayCall(person->shown.role()); !s.ok()) return done(s);
    // Another page of this participant hands the call over.
    if (person->live_epoch != 0 && person->live_page != page_id) {
      EndLive(page->second.participant, "MOVED", "The call went on in another window");
    }
    if (person->live_epoch == 0) person->live_since = context_->loop->Monotonic();
    person->live_epoch = NextEpoch();
    person->live_page = page_id;
    person->shown.set_live(true);
    KeepListening(person);
    PublishPerson(page->second.participant);
    TellWhoIsLive();
    context_->media->PlanChanged();
    done(absl::OkStatus());
    TellLiveReady(person);
  };
  // The provider first, then the offer (V3). Who only listens starts nothing.
  if (!conversation_ || actor.role < Participant::EDITOR) return enter(absl::OkStatus());
  record_.set_conversation_wanted(true);
  Touch();
  const bool begun = std::any_of(people_.all().begin(), people_.all().end(),
                                 [](const auto& one) { return one.second.live_epoch != 0; });
  if (!begun) return conversation_->Start(enter);
  // A call that goes on waits for no provider, and how that fares is shown to all.
  conversation_->Start([](const absl::Status&) {});
  enter(absl::OkStatus());
}

void Session::KeepListening(Person* person) {
  if (person->live_epoch == 0 || person->shown.role() >= Participant::EDITOR) return;
  person->shown.set_muted(true);
  person->shown.clear_muted_by();
}

void Session::TellLiveReady(Person* person) {
  auto page = people_.pages().find(person->live_page);
  if (page == people_.pages().end() || page->second.door == nullptr) return;
  JoinResponse response;
  response.mutable_live_ready()->set_epoch(person->live_epoch);
  AddIceServers(person->live_page, response.mutable_live_ready()->mutable_ice_servers());
  page->second.door->Send(response);
}

void Session::AddIceServers(
    const PageId& page, google::protobuf::RepeatedPtrField<atrium::v1::IceServer>* servers) const {
  if (context_->turn.urls.empty()) return;
  *servers->Add() = MakeIceServer(context_->turn, ParticipantOf(page).value(),
                                  context_->loop->Now() + limits::kTurnLife);
}

absl::Status Session::ReportProblem(const atrium::v1::CallProblem& problem) {
  const absl::Duration now = context_->loop->Monotonic();
  std::erase_if(problems_, [now](absl::Duration at) { return now - at >= absl::Minutes(1); });
  if (problems_.size() >= limits::kProblemsAMinute) {
    return TooMany("problems in a minute", limits::kProblemsAMinute,
                   absl::Minutes(1) - (now - problems_.front()));
  }
  if (context_->figures != nullptr && !context_->figures->Count(problem)) {
    return BadField("call_problem.category", "must be one of ours");
  }
  problems_.push_back(now);
  return absl::OkStatus();
}

void Session::RenewPeer(Person* person) {
  person->live_epoch = NextEpoch();
  context_->media->PlanChanged();
  TellLiveReady(person);
}

void Session::ResumeLive(Person* person, const PageId& page, int64_t epoch) {
  if (!context_->allowed.calls || !MayCall(person->shown.role()).ok()) return;
  const bool elsewhere = person->live_epoch != 0 && !person->live_page.empty();
  if (elsewhere && person->live_page != page) return;
  person->live_page = page;
  if (person->live_epoch == 0) person->live_since = context_->loop->Monotonic();
  person->shown.set_live(true);
  // Media may well have it, and has not told us yet: its inventory decides.
  if (context_->media->connected()) {
    RenewPeer(person);
  } else {
    // What nobody can have been told makes no later epochs; media's inventory decides.
    const int64_t newest = absl::ToUnixMillis(context_->loop->Now() + limits::kEpochAhead);
    person->live_epoch = epoch > 0 && epoch <= newest ? epoch : NextEpoch();
    person->resumed = true;
    last_epoch_ = std::max(last_epoch_, person->live_epoch);
  }
  KeepListening(person);
  TellWhoIsLive();
}

absl::Status Session::HangUp(const PageId& page_id) {
  auto page = people_.pages().find(page_id);
  if (page == people_.pages().end()) return NotLive();
  Person* person = people_.Find(page->second.participant);
  if (person->live_page != page_id) return NotLive();
  EndLive(page->second.participant, "", "");
  return absl::OkStatus();
}

void Session::EndLive(const ParticipantId& id, std::string_view reason, std::string_view message) {
  Person* person = people_.Find(id);
  if (person == nullptr || person->live_epoch == 0) return;
  auto page = people_.pages().find(person->live_page);
  if (page != people_.pages().end() && page->second.door != nullptr) {
    JoinResponse response;
    response.mutable_live_ended()->set_reason(std::string(reason));
    response.mutable_live_ended()->set_message(std::string(message));
    page->second.door->Send(response);
  }
  if (context_->figures != nullptr) {
    context_->figures->calls.Observe(
        absl::ToDoubleSeconds(context_->loop->Monotonic() - person->live_since));
  }
  person->live_epoch = 0;
  person->live_page = PageId();
  person->resumed = false;
  person->shown.set_live(false);
  // Whoever only listened is muted no longer than that.
  if (person->shown.role() < Participant::EDITOR) person->shown.set_muted(false);
  PublishPerson(id);
  context_->media->PlanChanged();
  TellWhoIsLive();
}

void Session::TellWhoIsLive() {
  if (!conversation_) return;
  bool live = false, may_speak = false;
  for (const auto& [id, person] : people_.all()) {
    if (person.live_epoch == 0) continue;
    live = true;
    may_speak = may_speak || person.shown.role() >= Participant::EDITOR;
  }
  conversation_->SetAnybodyLive(live, may_speak);
}

absl::Status Session::Signal(const PageId& page_id, const atrium::v1::PeerSignal& signal) {
  auto page = people_.pages().find(page_id);
  if (page == people_.pages().end()) return NotLive();
  atrium::media::v1::Signal out;
  int64_t epoch = 0;
  bool answers = false;
  if (!signal.capture().empty()) {
    const auto peer = captures_.PeerAt(signal.capture(), page_id);
    if (!peer) return absl::OkStatus();  // Of a screen that it does not see any more.
    epoch = peer->epoch;
    answers = peer->answers;
    out.set_peer(PeerName(*peer));
  } else {
    const Person* person = people_.Find(page->second.participant);
    if (person->live_page != page_id || person->live_epoch == 0) return NotLive();
    epoch = person->live_epoch;
    out.set_peer(person->shown.name());
  }
  if (signal.epoch() != epoch) return absl::OkStatus();  // Of an old connection.
  for (const auto& [field, sdp] : {std::pair{"signal.offer_sdp", &signal.offer_sdp()},
                                   std::pair{"signal.answer_sdp", &signal.answer_sdp()}}) {
    if (sdp->size() <= limits::kSdpBytes) continue;
    return BadField(field, StrCat("is longer than ", limits::kSdpBytes, " bytes"));
  }
  if (signal.candidate().candidate().size() > limits::kCandidateBytes) {
    return BadField("signal.candidate", "is too long");
  }
  const auto wanted = answers ? atrium::v1::PeerSignal::kAnswerSdp : atrium::v1::PeerSignal::kOfferSdp;
  if (signal.signal_case() != wanted &&
      signal.signal_case() != atrium::v1::PeerSignal::kCandidate) {
    return BadField("signal", StrCat("must be an ", answers ? "answer" : "offer", " or a candidate"));
  }
  *out.mutable_signal() = signal;
  context_->media->Signal(out);
  return absl::OkStatus();
}

absl::StatusOr<Participant> Session::MuteParticipant(const Actor& actor,
                                                     const std::string& participant) {
  RETURN_IF_ERROR(actor.Require(Participant::OWNER, "mute somebody"));
  Person* person = people_.FindByName(participant);
  if (person == nullptr) return NoSuchParticipant(participant);
  if (person->live_epoch == 0) return NotInCall(participant);
  // Whoever muted themselves did so, whatever others ask for afterwards.
  if (person->shown.muted()) return person->shown;
  person->shown.set_muted(true);
  const std::string by = DriverNameOf(actor);
  if (by != participant) person->shown.set_muted_by(by);
  PublishPerson(ParticipantId(ParseParticipantName(participant)->id));
  context_->media->PlanChanged();
  return person->shown;
}

absl::StatusOr<Participant> Session::SetParticipantVolume(
    const Actor& actor, const atrium::v1::SetParticipantVolumeRequest& request) {
  RETURN_IF_ERROR(actor.Require(Participant::EDITOR, "set how loud somebody is"));
  if (request.name() != NameOf(actor)) {
    RETURN_IF_ERROR(actor.Require(Participant::OWNER, "set how loud somebody else is"));
  }
  Person* person = people_.FindByName(request.name());
  if (person == nullptr) return NoSuchParticipant(request.name());
  if (person->live_epoch == 0) return NotInCall(request.name());
  if (!request.has_volume_percent()) return MissingField("volume_percent");
  const int volume = request.volume_percent();
  if (volume < 0 || volume > limits::kVolumePercent) {
    return BadField("volume_percent", StrCat("must be 0 to ", limits::kVolumePercent));
  }
  const int before = person->shown.has_volume_percent() ? person->shown.volume_percent() : 100;
  if (volume == before) return person->shown;
  ShowVolume(person, volume);
  PublishPerson(ParticipantId(ParseParticipantName(request.name())->id));
  context_->media->PlanChanged();
  return person->shown;
}

void Session::ShowVolume(Person* person, int volume_percent) {
  person->shown.set_volume_percent(volume_percent);
  if (volume_percent == 100) person->shown.clear_volume_percent();
}

void Session::AddToMediaPlan(atrium::media::v1::Plan* plan) const {
  atrium::media::v1::Plan::Room* room = nullptr;
  for (const auto& [id, person] : people_.all()) {
    if (person.live_epoch == 0) continue;
    if (room == nullptr) room = plan->add_rooms();
    auto* peer = room->add_peers();
    peer->set_participant(person.shown.name());
    peer->set_epoch(person.live_epoch);
    peer->set_muted(person.shown.muted());
    peer->set_muted_by(person.shown.muted_by());
    peer->set_deafened(person.shown.deafened());
    if (person.shown.has_volume_percent()) {
      peer->set_volume_percent(person.shown.volume_percent());
    }
    peer->set_withheld(conversation_ && !conversation_->ListensTo(person.shown.name()));
  }
  if (!captures_.all().empty()) {
    if (room == nullptr) room = plan->add_rooms();
    captures_.AddToPlan(room);
  }
  if (room == nullptr) return;
  room->set_session(name());
  room->set_audio_mode(
      static_cast<atrium::v1::Conversation::AudioMode>(record_.audio_mode()));
}

// What others did to somebody, which their page does not say when it comes back.
void Session::AdoptOthersActs(const atrium::media::v1::Plan::Peer& known, Person* person) {
  if (known.has_volume_percent()) ShowVolume(person, known.volume_percent());
  if (known.muted_by().empty()) return;
  person->shown.set_muted(true);
  person->shown.set_muted_by(known.muted_by());
}

void Session::AdoptPeers(const DriveResponse::Inventory& inventory, bool fresh) {
  SetHasDisplay(inventory.has_display());
  AdoptCaptures(inventory, fresh);
  std::map<std::string, atrium::media::v1::Plan::Peer> there;
  for (const auto& room : inventory.rooms()) {
    if (room.session() != name()) continue;
    for (const auto& peer : room.peers()) there[peer.participant()] = peer;
  }
  // Whom media does not have, as it was started anew or never knew, makes a new
  // connection, now.
  for (auto& [id, person] : people_.all()) {
    if (person.live_epoch == 0) continue;
    auto known = there.find(person.shown.name());
    if (std::exchange(person.resumed, false) && known != there.end()) {
      AdoptOthersActs(known->second, &person);
      PublishPerson(id);
    }
    const bool same = known != there.end() && known->second.epoch() == person.live_epoch;
    if (fresh || !same) RenewPeer(&person);
  }
  for (const auto& room : inventory.rooms()) {
    if (room.session() != name()) continue;
    // A call that was forbidden since then is not taken up again.
    if (!context_->allowed.calls) continue;
    for (const auto& peer : room.peers()) {
      const absl::StatusOr<ChildName> parsed = ParseParticipantName(peer.participant());
      if (!parsed.ok()) continue;
      const ParticipantId id(parsed->id);
      last_epoch_ = std::max(last_epoch_, peer.epoch());
      // Nor is whoever came back and may not be in it any more.
      if (!MayCall(RoleAtMost(id)).ok()) continue;
      Person& person = people_.all()[id];
      if (person.live_epoch != 0) continue;
      const bool unknown = person.shown.name().empty();
      person.live_since = context_->loop->Monotonic();
      person.live_epoch = peer.epoch();
      person.shown.set_name(peer.participant());
      person.shown.set_live(true);
      person.shown.set_muted(peer.muted());
      person.shown.set_muted_by(peer.muted_by());
      person.shown.set_deafened(peer.deafened());
      if (peer.has_volume_percent()) ShowVolume(&person, peer.volume_percent());
      if (unknown) {
        person.shown.set_display_name(context_->auth->DisplayNameOf(id_, id));
        person.shown.set_role(Participant::VIEWER);  // Until its token says more.
        person.shown.set_kind(Participant::PERSON);
        person.lease = context_->loop->After(limits::kParticipantLease, [this, id] {
          if (people_.PagesOf(id) == 0) ForgetPerson(id);
        });
      }
      if (!unknown) KeepListening(&person);
      PublishPerson(id);
      TellWhoIsLive();
    }
  }
}

void Session::OnMediaSignal(const atrium::media::v1::Signal& signal) {
  if (IsCapturePeer(signal.peer())) return OnCaptureSignal(signal);
  const Person* person = people_.FindByName(signal.peer());
  if (person == nullptr || signal.signal().epoch() != person->live_epoch) return;
  auto page = people_.pages().find(person->live_page);
  if (page == people_.pages().end() || page->second.door == nullptr) return;
  JoinResponse response;
  *response.mutable_signal() = signal.signal();
  page->second.door->Send(response);
}

void Session::OnMediaPeer(const DriveResponse::PeerStatus& status) {
  if (IsCapturePeer(status.peer())) return OnCapturePeer(status);
  Person* person = people_.FindByName(status.peer());
  if (person == nullptr || status.epoch() != person->live_epoch) return;
  if (status.state() == DriveResponse::PeerStatus::CONNECTED) return;
  LogWarning("a peer failed", {{"participant", status.peer()},
                               {"problem", status.problem()}});
  if (status.state() == DriveResponse::PeerStatus::FAILED) {
    const absl::StatusOr<ChildName> parsed = ParseParticipantName(status.peer());
    EndLive(ParticipantId(parsed->id), "PEER_FAILED",
            StrCat("The call could not be connected (", status.problem(), "): go live again"));
    return;
  }
  // Connected but silent: the page makes a new connection.
  RenewPeer(person);
}

void Session::OnMediaLevels(const atrium::v1::AudioLevels& levels) {
  JoinResponse response;
  *response.mutable_levels() = levels;
  Broadcast(response);
}

}  // namespace atrium::control
