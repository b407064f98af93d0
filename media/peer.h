// Peer is one WebRTC connection of a browser: from the offer, its or ours, through the answer and
// the check of its certificate to what flows through it, and its end.
//
// On the loop.
#ifndef ATRIUM_MEDIA_PEER_H_
#define ATRIUM_MEDIA_PEER_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/loop.h"
#include "media/offer.h"
#include "media/peer_pipeline.h"
#include "media/reconcile.h"

namespace atrium::media {

class Peer final : public PeerPipeline::Listener, public std::enable_shared_from_this<Peer> {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnAnswer(Peer* peer, std::string sdp) = 0;
    // It is to be answered by TakeAnswer.
    virtual void OnOffer(Peer* peer, std::string sdp) = 0;
    // Its certificate is the promised one; audio passes once it is let.
    virtual void OnConnected(Peer* peer) = 0;
    // Nothing came of it for a while. Once.
    virtual void OnSilent(Peer* peer) = 0;
    // Last.
    virtual void OnFailed(Peer* peer, const absl::Status& why) = 0;
  };

  // `id` names the connection in its room. Without an offer of the other side we make one,
  // see OurOffer().
  Peer(const PeerPipeline::Context& context, int64_t id, PeerKey key, std::optional<Offer> offer,
       std::shared_ptr<PeerStreams> streams, Listener* listener);

  // Begins; what goes wrong at once is told by OnFailed, too.
  void Start();
  // Of one that we offer to; what is wrong with it ends the peer.
  void TakeAnswer(absl::StatusOr<Offer> answer);
  // `candidate` is clean.
  void AddCandidate(const std::string& candidate);
  // Looks after silence; call now and then.
  void Watch();

  int64_t id() const { return id_; }
  const PeerKey& key() const { return key_; }
  bool connected() const { return connected_; }
  bool ended() const { return ended_; }
  bool offers() const { return offers_; }
  std::optional<LinkReport> TakeLink() {
    return connected_ ? pipeline_->TakeLink() : std::nullopt;
  }
  const std::shared_ptr<PeerStreams>& streams() const { return streams_; }
  // "connecting", "connected" or "silent".
  const char* state() const;
  // So far.
  Packets Count() const;

  // PeerPipeline::Listener.
  void OnRemoteSet(absl::Status status) override;
  void OnDescribed(DescriptionPtr ours) override;
  void OnLocalSet() override;
  void OnGathering() override;
  void OnConnectionState() override;
  void OnBroken(std::string why) override;

 private:
  void MaybeTell();
  void Verify();
  void Fail(const absl::Status& why);

  // Given.
  const PeerPipeline::Context context_;
  const int64_t id_;
  const PeerKey key_;
  const bool offers_;  // We do; else the other side.
  const std::shared_ptr<PeerStreams> streams_;
  Listener* const listener_;
  // State.
  const char* step_ = "starting";  // For people.
  bool remote_set_ = false;
  bool local_set_ = false;
  bool told_ = false;      // Our side of it.
  bool answered_ = false;  // By the other side.
  Offer offer_;            // The other side's; ours until it has answered.
  bool connected_ = false;
  bool silent_told_ = false;
  bool ended_ = false;
  size_t candidate_count_ = 0;
  std::vector<std::string> early_candidates_;  // Until the offer is set.
  int64_t seen_count_ = 0;                     // Packets and reports, and when there were more.
  absl::Duration seen_at_;
  absl::Duration started_at_;
  // Owned.
  std::unique_ptr<PeerPipeline> pipeline_;
  Loop::HandlePtr deadline_;
};

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_PEER_H_
