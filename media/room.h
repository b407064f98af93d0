// Room is one session's media: its peers, its desk on the clock, the agent's port and
// the screens that are shown.
//
// On the loop.
#ifndef ATRIUM_MEDIA_ROOM_H_
#define ATRIUM_MEDIA_ROOM_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "atrium/media/v1/media.pb.h"
#include "common/loop.h"
#include "media/clock.h"
#include "media/desk.h"
#include "media/fanout.h"
#include "media/figures.h"
#include "media/peer.h"
#include "media/screens.h"

namespace atrium::media {

class Room final : public Peer::Listener {
 public:
  // Upward news.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnSignal(const atrium::media::v1::Signal& signal) = 0;
    virtual void OnPeer(const atrium::media::v1::DriveResponse::PeerStatus& status) = 0;
    virtual void OnBitrate(const atrium::media::v1::DriveResponse::CaptureBitrate& bitrate) = 0;
    virtual void OnLevels(const atrium::media::v1::DriveResponse::Levels& levels) = 0;
  };
  // Whoever streams the agent's audio.
  class AudioStream {
   public:
    virtual ~AudioStream() = default;
    // The port has something to take.
    virtual void OnNews() = 0;
    // Another stream has the port now.
    virtual void OnTakenOver() = 0;
  };
  // What rooms share.
  struct Context {
    PeerPipeline::Context peers;
    Fanout* fanout;
    WorkQueue* pictures;  // Scales and codes those of screens.
    Display::Context* displays;
    int64_t last_id = 0;    // Of rooms and peers.
    // Of all rooms.
    size_t peer_count = 0;
    size_t screen_peer_count = 0;
    Figures figures;
  };

  Room(Context* context, std::string session, Listener* listener);
  ~Room() override;

  // What should be. A room without a plan has no peers.
  void Apply(const atrium::media::v1::Plan::Room& plan);
  void Unplan();
  bool planned() const { return planned_; }
  std::vector<std::string> PlannedPeers() const;
  // Of the peer of that name.
  std::optional<int64_t> PlannedEpoch(const std::string& peer) const;
  atrium::media::v1::Plan::Room Inventory() const;

  // For a peer that is planned. Without an offer we make one.
  void Connect(PeerKey key, std::optional<Offer> offer);
  // Whether we are to offer to it.
  bool Offers(const PeerKey& key) const;
  // False if nothing was offered to it.
  bool TakeAnswer(const PeerKey& key, absl::StatusOr<Offer> answer);
  // To whom nobody could tell our offer: they are offered anew with the next plan.
  void ForgetOffers();
  // False if there is no such peer.
  bool AddCandidate(const PeerKey& key, const std::string& candidate);
  void Watch();
  // Adds its peers, their packets and its screens.
  void AddPresence(Presence* now) const;

  // See MediaService.TakeStill.
  void TakeStill(const atrium::media::v1::TakeStillRequest& request, Still::Done done) {
    screens_.TakeStill(request, std::move(done));
  }

  // One stream at a time; null takes leave of `old`.
  void OpenAudio(AudioStream* stream);
  void CloseAudio(AudioStream* old);
  bool has_audio() const { return audio_ != nullptr; }
  AgentPort& port() { return desk_->port(); }

  // Peer::Listener.
  void OnAnswer(Peer* peer, std::string sdp) override;
  void OnOffer(Peer* peer, std::string sdp) override;
  void OnConnected(Peer* peer) override;
  void OnSilent(Peer* peer) override;
  void OnFailed(Peer* peer, const absl::Status& why) override;

 private:
  // A planned participant of the call.
  struct Member {
    bool muted = false;
    bool deafened = false;
    bool withheld = false;
    std::string muted_by;
    int volume_percent = 100;
  };
  struct Entry {
    std::shared_ptr<Peer> peer;
    std::optional<absl::Duration> replaced_at;
  };

  void Reconcile();
  void OfferToViewers();
  void AdaptScreens();
  void Close(const PeerKey& key);
  // One more or fewer of a kind.
  void Count(const PeerKey& key, int change);
  // Whether there are more than may be.
  absl::Status CheckRoom(const PeerKey& key) const;
  std::vector<PeerFact> Facts() const;
  // Joins those who are connected now.
  void UpdateSeats();
  std::shared_ptr<PeerStreams> MakeStreams(const PeerKey& key);
  void Tell(const PeerKey& peer, atrium::media::v1::DriveResponse::PeerStatus::State state,
            std::string_view problem);
  void OnDisplay(const std::string& capture, int64_t epoch, Display::State state,
                 const absl::Status& why);
  Desk::Hooks MakeHooks();

  // Given.
  Context* const context_;
  const std::string session_;
  Listener* const listener_;
  // State.
  bool planned_ = false;
  atrium::v1::Conversation::AudioMode mode_ = atrium::v1::Conversation::EVERYBODY;
  std::map<std::string, Member> members_;
  std::map<std::string, int64_t> planned_epochs_;  // By peer: those of the call and of screens.
  std::map<std::string, int64_t> offered_;  // The last epoch of whom we offer to.
  absl::Duration adapted_at_;
  AudioStream* audio_ = nullptr;
  // Owned.
  Screens screens_;
  std::map<PeerKey, Entry> peers_;
  std::shared_ptr<Room*> self_;  // Empty it, and what the clock posted is void.
  std::shared_ptr<Desk> desk_;
};

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_ROOM_H_
