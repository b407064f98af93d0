#include "media/room.h"

#include <functional>
#include <utility>

#include "common/errors.h"
#include "common/log.h"
#include "media/audio_streams.h"
#include "media/errors.h"
#include "media/limits.h"

namespace atrium::media {

using atrium::media::v1::DriveResponse;
using PeerStatus = DriveResponse::PeerStatus;

Room::Room(Context* context, std::string session, Listener* listener)
    : context_(context),
      session_(std::move(session)),
      listener_(listener),
      screens_({.stills = {context->peers.loop, context->peers.reaper, context->pictures},
                .displays = context->displays,
                .on_display = std::bind_front(&Room::OnDisplay, this),
                .on_bitrate =
                    [this](const std::string& capture, int64_t max_bps) {
                      DriveResponse::CaptureBitrate bitrate;
                      bitrate.set_capture(capture);
                      bitrate.set_max_bps(max_bps);
                      listener_->OnBitrate(bitrate);
                    }}),
      self_(std::make_shared<Room*>(this)),
      desk_(std::make_shared<Desk>(context->fanout, ++context->last_id, MakeHooks())) {
  context_->peers.clock->Add(desk_);
}

Room::~Room() {
  context_->peers.clock->Remove(desk_.get());
  for (const auto& [key, entry] : peers_) {
    Count(key, -1);
    context_->figures.packets.Add(entry.peer->Count());
  }
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
  planned_epochs_.clear();
  for (const auto& peer : plan.peers()) {
    members_[peer.participant()] = {peer.muted(), peer.deafened(), peer.withheld(), peer.muted_by(),
                                    peer.has_volume_percent() ? peer.volume_percent() : 100};
    planned_epochs_[peer.participant()] = peer.epoch();
  }
  screens_.Apply(plan);
  screens_.AddEpochs(&planned_epochs_);
  Reconcile();
  OfferToViewers();
}

void Room::Unplan() {
  planned_ = false;
  members_.clear();
  planned_epochs_.clear();
  screens_.Apply({});
  Reconcile();
}

std::vector<std::string> Room::PlannedPeers() const {
  std::vector<std::string> peers;
  for (const auto& [peer, epoch] : planned_epochs_) peers.push_back(peer);
  return peers;
}

std::optional<int64_t> Room::PlannedEpoch(const std::string& peer) const {
  auto it = planned_epochs_.find(peer);
  if (it == planned_epochs_.end()) return std::nullopt;
  return it->second;
}

// Those that there are, by name the newest.
atrium::media::v1::Plan::Room Room::Inventory() const {
  atrium::media::v1::Plan::Room room;
  room.set_session(session_);
  room.set_audio_mode(mode_);
  std::map<std::string, int64_t> newest;
  for (const auto& [key, entry] : peers_) newest[key.name] = key.epoch;
  screens_.AddInventory(newest, &room);
  for (auto it = peers_.begin(); it != peers_.end(); ++it) {
    const auto next = std::next(it);
    if (next != peers_.end() && next->first.name == it->first.name) continue;
    if (IsCapturePeer(it->first.name)) continue;
    auto* peer = room.add_peers();
    peer->set_participant(it->first.name);
    peer->set_epoch(it->first.epoch);
    const auto member = members_.find(it->first.name);
    if (member == members_.end()) continue;
    peer->set_muted(member->second.muted);
    peer->set_deafened(member->second.deafened);
    peer->set_withheld(member->second.withheld);
    peer->set_muted_by(member->second.muted_by);
    if (member->second.volume_percent != 100) {
      peer->set_volume_percent(member->second.volume_percent);
    }
  }
  return room;
}

void Room::Connect(PeerKey key, std::optional<Offer> offer) {
  Close(key);  // The same once more: offered anew.
  if (peers_.empty()) LogDebug("the first peer of a room", {{"session", session_}});
  std::shared_ptr<PeerStreams> streams = MakeStreams(key);
  if (streams == nullptr) return;  // It is not planned any more, or nobody's to offer.
  auto peer = std::make_shared<Peer>(context_->peers, context_->last_id, key, std::move(offer),
                                     std::move(streams), this);
  peers_[key].peer = peer;
  Count(key, 1);
  if (const absl::Status room = CheckRoom(key); !room.ok()) return OnFailed(peer.get(), room);
  peer->Start();
}

bool Room::Offers(const PeerKey& key) const {
  const std::map<std::string, int64_t> answering = screens_.Answering();
  const auto planned = answering.find(key.name);
  return planned != answering.end() && planned->second == key.epoch;
}

// Once for each epoch: what comes of it, control is told.
void Room::OfferToViewers() {
  const std::map<std::string, int64_t> answering = screens_.Answering();
  std::erase_if(offered_, [&](const auto& entry) { return answering.count(entry.first) == 0; });
  for (const auto& [name, epoch] : answering) {
    if (std::exchange(offered_[name], epoch) == epoch) continue;
    const auto known = peers_.find({name, epoch});
    if (known != peers_.end()) continue;
    Connect({name, epoch}, std::nullopt);
  }
}

bool Room::TakeAnswer(const PeerKey& key, absl::StatusOr<Offer> answer) {
  const auto known = peers_.find(key);
  if (known == peers_.end() || !known->second.peer->offers()) return false;
  const std::shared_ptr<Peer> peer = known->second.peer;
  peer->TakeAnswer(std::move(answer));
  return true;
}

void Room::ForgetOffers() {
  offered_.clear();
  std::vector<PeerKey> waiting;
  for (const auto& [key, entry] : peers_) {
    if (entry.peer->offers() && !entry.peer->connected()) waiting.push_back(key);
  }
  for (const PeerKey& key : waiting) Close(key);
}

void Room::Count(const PeerKey& key, int change) {
  context_->peer_count += static_cast<size_t>(change);
  if (IsCapturePeer(key.name)) context_->screen_peer_count += static_cast<size_t>(change);
}

absl::Status Room::CheckRoom(const PeerKey& key) const {
  if (context_->peer_count > limits::kPeers) {
    return TooMany("connections", limits::kPeers, absl::Seconds(10));
  }
  if (IsCapturePeer(key.name) && context_->screen_peer_count > limits::kScreenPeers) {
    return TooMany("connections of screens", limits::kScreenPeers, absl::Seconds(10));
  }
  return absl::OkStatus();
}

// Takes the next id.
std::shared_ptr<PeerStreams> Room::MakeStreams(const PeerKey& key) {
  const int64_t id = ++context_->last_id;
  if (IsCapturePeer(key.name)) return screens_.MakeStreams(key.name, id);
  return std::make_shared<AudioStreams>();
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
  screens_.Watch();
  AdaptScreens();
  Reconcile();
}

void Room::AddPresence(Presence* now) const {
  if (has_audio()) ++now->agents;
  now->captures += screens_.CountShown();
  for (const auto& [key, entry] : peers_) {
    ++now->peers[entry.peer->state()];
    now->packets.Add(entry.peer->Count());
  }
}

void Room::AdaptScreens() {
  const absl::Duration now = context_->peers.loop->Monotonic();
  if (now - adapted_at_ < limits::kLinkSpacing) return;
  adapted_at_ = now;
  std::map<std::string, LinkReport> links;
  for (const auto& [key, entry] : peers_) {
    if (!IsCapturePeer(key.name)) continue;
    if (const auto link = entry.peer->TakeLink()) links[key.name] = *link;
  }
  screens_.Adapt(links);
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
  for (auto& [key, entry] : peers_) {
    const auto plan = planned_epochs_.find(key.name);
    const bool replaced = plan != planned_epochs_.end() && plan->second > key.epoch;
    if (!replaced) entry.replaced_at.reset();
    if (replaced && !entry.replaced_at) entry.replaced_at = context_->peers.loop->Monotonic();
  }
  for (const PeerKey& key : PeersToClose(planned_epochs_, Facts())) Close(key);
  UpdateSeats();
}

void Room::Close(const PeerKey& key) {
  auto it = peers_.find(key);
  if (it == peers_.end()) return;
  LogInfo("a peer leaves", {{"peer", key.name}, {"epoch", key.epoch}});
  Count(key, -1);
  context_->figures.packets.Add(it->second.peer->Count());
  peers_.erase(it);
  UpdateSeats();
}

void Room::UpdateSeats() {
  const std::map<std::string, int64_t> heard = HeardEpochs(Facts());
  std::vector<Desk::Seat> seats;
  std::map<std::string, std::shared_ptr<PeerStreams>> seen;
  for (const auto& [name, epoch] : heard) {
    const Peer& peer = *peers_.at({name, epoch}).peer;
    if (IsCapturePeer(name)) seen[name] = peer.streams();
    const auto member = members_.find(name);
    if (member == members_.end()) continue;
    const auto audio = std::static_pointer_cast<AudioStreams>(peer.streams());
    seats.push_back({.id = peer.id(),
                     .participant = name,
                     .muted = member->second.muted,
                     .deafened = member->second.deafened,
                     .withheld = member->second.withheld,
                     .volume_percent = member->second.volume_percent,
                     .in = audio->ring(),
                     .out = audio->outlet()});
  }
  desk_->SetSeats(mode_, std::move(seats));
  screens_.Connect(seen);
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

void Room::OnOffer(Peer* peer, std::string sdp) {
  atrium::media::v1::Signal signal;
  signal.set_peer(peer->key().name);
  signal.mutable_signal()->set_epoch(peer->key().epoch);
  signal.mutable_signal()->set_offer_sdp(std::move(sdp));
  listener_->OnSignal(signal);
}

void Room::OnAnswer(Peer* peer, std::string sdp) {
  atrium::media::v1::Signal signal;
  signal.set_peer(peer->key().name);
  signal.mutable_signal()->set_epoch(peer->key().epoch);
  signal.mutable_signal()->set_answer_sdp(std::move(sdp));
  listener_->OnSignal(signal);
}

void Room::OnConnected(Peer* peer) {
  const auto self = peer->shared_from_this();
  ++context_->figures.connections;
  Reconcile();
  Tell(self->key(), PeerStatus::CONNECTED, "");
}

void Room::OnSilent(Peer* peer) {
  LogWarning("a peer is silent", {{"peer", peer->key().name}});
  Tell(peer->key(), PeerStatus::SILENT, "Nothing is received of it");
}

void Room::OnFailed(Peer* peer, const absl::Status& why) {
  const std::string reason = DetailsOf(why).reason;
  ++context_->figures.failed[reason.empty() ? "OTHER" : reason];
  Tell(peer->key(), PeerStatus::FAILED, ToStd(why.message()));
  Close(PeerKey(peer->key()));
}

void Room::OnDisplay(const std::string& capture, int64_t epoch, Display::State state,
                     const absl::Status& why) {
  const auto told = state == Display::State::kShown    ? PeerStatus::CONNECTED
                    : state == Display::State::kSilent ? PeerStatus::SILENT
                                                       : PeerStatus::FAILED;
  Tell({capture, epoch}, told, ToStd(why.message()));
}

void Room::Tell(const PeerKey& peer, PeerStatus::State state, std::string_view problem) {
  PeerStatus status;
  status.set_peer(peer.name);
  status.set_epoch(peer.epoch);
  status.set_state(state);
  status.set_problem(std::string(problem));
  listener_->OnPeer(status);
}

}  // namespace atrium::media
