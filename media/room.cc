#include "media/room.h"

#include <utility>

#include "common/errors.h"
#include "common/log.h"
#include "media/errors.h"
#include "media/limits.h"

namespace atrium::media {

using atrium::media::v1::DriveResponse;
using PeerStatus = DriveResponse::PeerStatus;

Room::Room(Context* context, std::string session, Listener* listener)
    : context_(context),
      session_(std::move(session)),
      listener_(listener),
      self_(std::make_shared<Room*>(this)),
      desk_(std::make_shared<Desk>(context->fanout, ++context->last_id, MakeHooks())) {
  context_->peers.clock->Add(desk_);
}

Room::~Room() {
  context_->peers.clock->Remove(desk_.get());
  context_->peer_count -= peers_.size();
}

// From the clock to the loop; a room that is gone by then hears nothing.
Desk::Hooks Room::MakeHooks() {
  Loop* loop = context_->peers.loop;
  std::weak_ptr<Room*> weak = self_;
  return {.on_port_news =
              [loop, weak] {
                loop->Post([weak] {
                  const auto self = weak.lock();
                  if (self && (*self)->audio_ != nullptr) (*self)->audio_->OnNews();
                });
              },
          .on_levels =
              [loop, weak](atrium::v1::AudioLevels levels) {
                loop->Post([weak, levels = std::move(levels)] {
                  const auto self = weak.lock();
                  if (!self) return;
                  DriveResponse::Levels message;
                  message.set_session((*self)->session_);
                  *message.mutable_levels() = levels;
                  (*self)->listener_->OnLevels(message);
                });
              }};
}

void Room::Apply(const atrium::media::v1::Plan::Room& plan) {
  planned_ = true;
  mode_ = plan.audio_mode();
  members_.clear();
  for (const auto& peer : plan.peers()) {
    members_[peer.participant()] = {peer.epoch(), peer.muted(), peer.deafened()};
  }
  Reconcile();
}

void Room::Unplan() {
  planned_ = false;
  members_.clear();
  Reconcile();
}

std::optional<int64_t> Room::PlannedEpoch(const std::string& participant) const {
  auto it = members_.find(participant);
  if (it == members_.end()) return std::nullopt;
  return it->second.epoch;
}

// Those that there are, by participant the newest.
atrium::media::v1::Plan::Room Room::Inventory() const {
  atrium::media::v1::Plan::Room room;
  room.set_session(session_);
  room.set_audio_mode(mode_);
  for (auto it = peers_.begin(); it != peers_.end(); ++it) {
    const auto next = std::next(it);
    if (next != peers_.end() && next->first.participant == it->first.participant) continue;
    auto* peer = room.add_peers();
    peer->set_participant(it->first.participant);
    peer->set_epoch(it->first.epoch);
    const auto member = members_.find(it->first.participant);
    if (member == members_.end()) continue;
    peer->set_muted(member->second.muted);
    peer->set_deafened(member->second.deafened);
  }
  return room;
}

void Room::Connect(PeerKey key, Offer offer) {
  Close(key);  // The same once more: offered anew.
  if (peers_.empty()) LogDebug("the first peer of a room", {{"session", session_}});
  auto peer =
      std::make_shared<Peer>(context_->peers, ++context_->last_id, key, std::move(offer), this);
  peers_[key].peer = peer;
  ++context_->peer_count;
  if (context_->peer_count > limits::kPeers) {
    OnFailed(peer.get(), TooMany("connections", limits::kPeers, absl::Seconds(10)));
    return;
  }
  peer->Start();
}

bool Room::AddCandidate(const PeerKey& key, const std::string& candidate) {
  auto it = peers_.find(key);
  if (it == peers_.end()) return false;
  it->second.peer->AddCandidate(candidate);
  return true;
}

void Room::Watch() {
  std::vector<std::shared_ptr<Peer>> peers;
  for (const auto& [key, entry] : peers_) peers.push_back(entry.peer);
  for (const auto& peer : peers) peer->Watch();
  Reconcile();
}

std::vector<PeerFact> Room::Facts() const {
  const absl::Duration now = context_->peers.loop->Monotonic();
  std::vector<PeerFact> facts;
  for (const auto& [key, entry] : peers_) {
    PeerFact fact{key, entry.peer->connected(), std::nullopt};
    if (entry.replaced_at) fact.replaced_for = now - *entry.replaced_at;
    facts.push_back(std::move(fact));
  }
  return facts;
}

void Room::Reconcile() {
  std::map<std::string, int64_t> planned;
  for (const auto& [participant, member] : members_) planned[participant] = member.epoch;
  for (auto& [key, entry] : peers_) {
    const auto plan = planned.find(key.participant);
    const bool replaced = plan != planned.end() && plan->second > key.epoch;
    if (!replaced) entry.replaced_at.reset();
    if (replaced && !entry.replaced_at) entry.replaced_at = context_->peers.loop->Monotonic();
  }
  for (const PeerKey& key : PeersToClose(planned, Facts())) Close(key);
  UpdateSeats();
}

void Room::Close(const PeerKey& key) {
  auto it = peers_.find(key);
  if (it == peers_.end()) return;
  LogInfo("a peer leaves", {{"participant", key.participant}, {"epoch", key.epoch}});
  peers_.erase(it);
  --context_->peer_count;
  UpdateSeats();
}

void Room::UpdateSeats() {
  const std::map<std::string, int64_t> heard = HeardEpochs(Facts());
  std::vector<Desk::Seat> seats;
  for (const auto& [participant, epoch] : heard) {
    const Peer& peer = *peers_.at({participant, epoch}).peer;
    const auto member = members_.find(participant);
    if (member == members_.end()) continue;
    seats.push_back({.id = peer.id(),
                     .participant = participant,
                     .muted = member->second.muted,
                     .deafened = member->second.deafened,
                     .in = peer.ring(),
                     .out = peer.outlet()});
  }
  desk_->SetSeats(mode_, std::move(seats));
}

void Room::OpenAudio(AudioStream* stream) {
  AudioStream* old = std::exchange(audio_, stream);
  if (old != nullptr) old->OnTakenOver();
  port().Open();
}

void Room::CloseAudio(AudioStream* old) {
  if (audio_ != old) return;
  audio_ = nullptr;
  port().Close();
}

void Room::OnAnswer(Peer* peer, std::string sdp) {
  atrium::media::v1::Signal signal;
  signal.set_participant(peer->key().participant);
  signal.mutable_signal()->set_epoch(peer->key().epoch);
  signal.mutable_signal()->set_answer_sdp(std::move(sdp));
  listener_->OnSignal(signal);
}

void Room::OnConnected(Peer* peer) {
  const auto self = peer->shared_from_this();
  Reconcile();
  Tell(*self, PeerStatus::CONNECTED, "");
}

void Room::OnSilent(Peer* peer) {
  LogWarning("a peer is silent", {{"participant", peer->key().participant}});
  Tell(*peer, PeerStatus::SILENT, "Nothing is received of it");
}

void Room::OnFailed(Peer* peer, const absl::Status& why) {
  Tell(*peer, PeerStatus::FAILED, ToStd(why.message()));
  Close(PeerKey(peer->key()));
}

void Room::Tell(const Peer& peer, PeerStatus::State state, std::string_view problem) {
  PeerStatus status;
  status.set_participant(peer.key().participant);
  status.set_epoch(peer.key().epoch);
  status.set_state(state);
  status.set_problem(std::string(problem));
  listener_->OnPeer(status);
}

}  // namespace atrium::media
