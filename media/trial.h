// Trial answers an offer of our own before anybody else's comes: it loads every
// plugin (the first answer would else take half a second) and shows that this
// machine can.
#ifndef ATRIUM_MEDIA_TRIAL_H_
#define ATRIUM_MEDIA_TRIAL_H_

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "media/peer.h"

namespace atrium::media {

class Trial final : public Peer::Listener {
 public:
  // `done` is called once, on the loop; then the trial may be destroyed.
  Trial(const PeerPipeline::Context& context, std::function<void(absl::Status)> done);

  // Peer::Listener.
  void OnAnswer(Peer* peer, std::string sdp) override;
  void OnOffer(Peer* peer, std::string sdp) override {}
  void OnConnected(Peer* peer) override {}
  void OnSilent(Peer* peer) override {}
  void OnFailed(Peer* peer, const absl::Status& why) override;

 private:
  void Try();
  void End(absl::Status status);

  // Given.
  const PeerPipeline::Context context_;
  std::function<void(absl::Status)> done_;
  // Owned.
  std::shared_ptr<Peer> peer_;
  Loop::HandlePtr next_, deadline_;
};

// FAILED_PRECONDITION if an element that we need is missing.
absl::Status CheckPlugins();

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_TRIAL_H_
