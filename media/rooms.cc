#include "media/rooms.h"

#include <set>
#include <utility>

#include "common/errors.h"
#include "common/log.h"
#include "common/resource_name.h"
#include "common/status_macros.h"
#include "media/errors.h"
#include "media/limits.h"

namespace atrium::media {

using atrium::media::v1::DriveResponse;
using atrium::media::v1::Plan;
using atrium::v1::PeerSignal;

Rooms::Rooms(Room::Context context, AddressPolicy addresses, std::string incarnation)
    : context_(std::move(context)), addresses_(addresses), incarnation_(std::move(incarnation)) {
  Watch();
}

Rooms::~Rooms() = default;

absl::Status Rooms::TakeOver(Driver* driver, int64_t fence) {
  if (fence < fence_) return StaleFence(fence, fence_);
  if (driver_ != nullptr) driver_->OnReplaced(StaleFence(fence_, fence));
  fence_ = fence;
  driver_ = driver;
  lease_.reset();
  for (const auto& [session, room] : rooms_) room->ForgetOffers();
  return absl::OkStatus();
}

void Rooms::Leave(Driver* driver) {
  if (driver_ != driver) return;
  driver_ = nullptr;
  lease_ = context_.peers.loop->After(limits::kMediaPlanLease, [this] {
    LogWarning("control is gone: the calls end");
    Apply(Plan());
  });
}

DriveResponse::Inventory Rooms::Inventory() const {
  DriveResponse::Inventory inventory;
  inventory.set_incarnation(incarnation_);
  inventory.set_has_display(!context_.displays->name.empty());
  for (const auto& [session, room] : rooms_) {
    if (room->planned()) *inventory.add_rooms() = room->Inventory();
  }
  return inventory;
}

DriveResponse::PlanStatus Rooms::Apply(const Plan& plan) {
  std::set<std::string> planned;
  sessions_.clear();
  for (const Plan::Room& planned_room : plan.rooms()) {
    const absl::StatusOr<Room*> room = Find(planned_room.session());
    if (!room.ok()) {
      LogError("cannot open a room",
               {{"session", planned_room.session()}, {"why", room.status().message()}});
      continue;
    }
    planned.insert(planned_room.session());
    (*room)->Apply(planned_room);
    for (const std::string& peer : (*room)->PlannedPeers()) {
      sessions_[peer] = planned_room.session();
    }
  }
  for (const auto& [session, room] : rooms_) {
    if (planned.count(session) == 0 && room->planned()) room->Unplan();
  }
  CloseIdle();
  TakeWaiting();
  DriveResponse::PlanStatus status;
  status.set_generation(plan.generation());
  return status;
}

absl::StatusOr<Room*> Rooms::Find(const std::string& session) {
  auto it = rooms_.find(session);
  if (it != rooms_.end()) return it->second.get();
  RETURN_IF_ERROR(ParseSessionName(session).status());
  if (rooms_.size() >= limits::kRooms) return TooMany("rooms", limits::kRooms, absl::Seconds(10));
  return (rooms_[session] = std::make_unique<Room>(&context_, session, this)).get();
}

Room* Rooms::RoomOf(const std::string& peer) const {
  auto session = sessions_.find(peer);
  if (session == sessions_.end()) return nullptr;
  auto room = rooms_.find(session->second);
  return room == rooms_.end() ? nullptr : room->second.get();
}

void Rooms::CloseIdle() {
  std::erase_if(rooms_, [](const auto& entry) {
    return !entry.second->planned() && !entry.second->has_audio();
  });
}

void Rooms::Signal(const atrium::media::v1::Signal& signal) {
  const PeerKey key{signal.peer(), signal.signal().epoch()};
  switch (signal.signal().signal_case()) {
    case PeerSignal::kOfferSdp:
      return TakeOffer(key, signal.signal().offer_sdp());
    case PeerSignal::kCandidate:
      return TakeCandidate(key, signal.signal().candidate().candidate());
    case PeerSignal::kAnswerSdp:
      return TakeAnswer(key, signal.signal().answer_sdp());
    case PeerSignal::SIGNAL_NOT_SET:
      return Refuse(key, BadField("signal", "must be an offer, an answer or a candidate"));
  }
}

void Rooms::TakeOffer(PeerKey key, const std::string& sdp) {
  const auto kind = IsCapturePeer(key.name) ? Offer::Kind::kVideo : Offer::Kind::kAudio;
  absl::StatusOr<Offer> offer = ParseOffer(sdp, addresses_, kind);
  if (!offer.ok()) return Refuse(key, offer.status());
  if (IsCapturePeer(key.name)) {
    if (absl::Status s = MakeOneWay(key.name, &*offer); !s.ok()) return Refuse(key, s);
  }
  Room* room = RoomOf(key.name);
  if (room != nullptr && room->Offers(key)) {
    return LogWarning("an offer from whom we offer to", {{"peer", key.name}});
  }
  const auto planned = room == nullptr ? std::nullopt : room->PlannedEpoch(key.name);
  switch (JudgeOffer(planned, key.epoch)) {
    case OfferVerdict::kStale:
      return;
    case OfferVerdict::kConnect:
      return room->Connect(std::move(key), *std::move(offer));
    case OfferVerdict::kWait:
      break;
  }
  if (waiting_.size() >= limits::kWaitingOffers) return Refuse(key, OfferNotPlanned());
  Waiting& waiting = waiting_[key];
  waiting.offer = *std::move(offer);
  waiting.deadline = context_.peers.loop->After(limits::kOfferWait, [this, key] {
    const auto node = waiting_.extract(key);
    Refuse(key, OfferNotPlanned());
  });
}

void Rooms::TakeAnswer(const PeerKey& key, const std::string& sdp) {
  Room* room = RoomOf(key.name);
  if (room != nullptr && room->TakeAnswer(key, ParseAnswer(sdp, addresses_))) return;
  LogWarning("an answer to nothing", {{"peer", key.name}, {"epoch", key.epoch}});
}

void Rooms::TakeCandidate(const PeerKey& key, const std::string& candidate) {
  const std::string clean = CleanCandidate(candidate, addresses_);
  if (clean.empty()) return;  // An unresolved name, TCP, or where we do not send.
  Room* room = RoomOf(key.name);
  if (room != nullptr && room->AddCandidate(key, clean)) return;
  auto waiting = waiting_.find(key);
  if (waiting == waiting_.end() || waiting->second.candidates.size() >= limits::kCandidates) return;
  waiting->second.candidates.push_back(clean);
}

// After a plan: those that it holds now.
void Rooms::TakeWaiting() {
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    Room* room = RoomOf(it->first.name);
    const auto planned = room == nullptr ? std::nullopt : room->PlannedEpoch(it->first.name);
    const OfferVerdict verdict = JudgeOffer(planned, it->first.epoch);
    if (verdict == OfferVerdict::kWait) {
      ++it;
      continue;
    }
    auto node = waiting_.extract(it++);
    if (verdict == OfferVerdict::kStale) continue;
    room->Connect(node.key(), std::move(node.mapped().offer));
    for (const std::string& c : node.mapped().candidates) room->AddCandidate(node.key(), c);
  }
}

void Rooms::Refuse(const PeerKey& key, const absl::Status& why) {
  const std::string reason = DetailsOf(why).reason;
  ++context_.figures.failed[reason.empty() ? "OTHER" : reason];
  LogWarning("refused an offer",
             {{"peer", key.name}, {"epoch", key.epoch}, {"problem", why.message()}});
  DriveResponse::PeerStatus status;
  status.set_peer(key.name);
  status.set_epoch(key.epoch);
  status.set_state(DriveResponse::PeerStatus::FAILED);
  status.set_problem(std::string(ToStd(why.message())));
  OnPeer(status);
}

void Rooms::TakeStill(const atrium::media::v1::TakeStillRequest& request, Still::Done done) {
  Room* room = RoomOf(request.capture());
  if (room == nullptr) return done(NoScreen(request.capture()));
  room->TakeStill(request, [this, done = std::move(done)](auto still) {
    ++(still.ok() ? context_.figures.stills : context_.figures.stills_failed);
    done(std::move(still));
  });
}

Presence Rooms::Present() const {
  Presence now;
  for (const char* state : {"connecting", "connected", "silent"}) now.peers[state] = 0;
  now.rooms = static_cast<int64_t>(rooms_.size());
  now.screen_peers = static_cast<int64_t>(context_.screen_peer_count);
  for (const auto& [session, room] : rooms_) room->AddPresence(&now);
  return now;
}

absl::StatusOr<Room*> Rooms::OpenAudio(const std::string& session, Room::AudioStream* stream) {
  ASSIGN_OR_RETURN(Room* const room, Find(session));
  room->OpenAudio(stream);
  return room;
}

void Rooms::CloseAudio(const std::string& session, Room::AudioStream* stream) {
  auto room = rooms_.find(session);
  if (room == rooms_.end()) return;
  room->second->CloseAudio(stream);
  CloseIdle();
}

void Rooms::Watch() {
  for (const auto& [session, room] : rooms_) room->Watch();
  watch_ = context_.peers.loop->After(limits::kWatchSpacing, [this] { Watch(); });
}

void Rooms::OnSignal(const atrium::media::v1::Signal& signal) {
  if (driver_ != nullptr) driver_->OnSignal(signal);
}
void Rooms::OnPeer(const DriveResponse::PeerStatus& status) {
  if (driver_ != nullptr) driver_->OnPeer(status);
}
void Rooms::OnBitrate(const DriveResponse::CaptureBitrate& bitrate) {
  if (driver_ != nullptr) driver_->OnBitrate(bitrate);
}
void Rooms::OnLevels(const DriveResponse::Levels& levels) {
  if (driver_ != nullptr) driver_->OnLevels(levels);
}

}  // namespace atrium::media
