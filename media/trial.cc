#include "media/trial.h"

#include <future>
#include <utility>

#include "common/log.h"
#include "media/audio_streams.h"
#include "media/errors.h"
#include "media/limits.h"

namespace atrium::media {
namespace {

// Nobody's; it only has to look like a browser's.
Offer MakeOffer() {
  Offer offer;
  offer.media.push_back({"audio", "UDP/TLS/RTP/SAVPF", "111", "0", true});
  offer.payload_type = 111;
  offer.direction = "sendrecv";
  offer.mid = "0";
  offer.ufrag = "trial";
  offer.password = "trialtrialtrialtrialtrial";
  offer.setup = "actpass";
  std::string digest = "00";
  for (int i = 1; i < 32; ++i) digest += ":00";
  offer.fingerprints = {{"sha-256", digest}};
  offer.bundled = true;
  return offer;
}

}  // namespace

// Making one loads its plugin.
absl::Status CheckPlugins() {
  const auto make = [](const char* name) {
    return static_cast<bool>(GRef<GstElement>::Sink(gst_element_factory_make(name, nullptr)));
  };
  // The first of its kind makes the process's key, which takes as long as all the others.
  auto key = std::async(std::launch::async, make, "dtlssrtpdec");
  for (const char* name :
       {"webrtcbin", "nicesrc", "nicesink", "rtpbin", "srtpenc", "srtpdec", "appsrc", "appsink",
        "fakesink", "vp8dec", "vp8enc", "jpegenc", "videoconvert", "videoscale"}) {
    if (!make(name)) return NoSuchPlugin(name);
  }
  return key.get() ? absl::OkStatus() : NoSuchPlugin("dtlssrtpdec");
}

Trial::Trial(const PeerPipeline::Context& context, std::function<void(absl::Status)> done)
    : context_(context), done_(std::move(done)) {
  deadline_ = context_.loop->After(limits::kPreload, [this] { End(CannotPrepare()); });
  Try();
}

void Trial::Try() {
  peer_ = std::make_shared<Peer>(context_, 1, PeerKey{"trial", 1}, MakeOffer(),
                                 std::make_shared<AudioStreams>(), this);
  peer_->Start();
}

void Trial::OnAnswer(Peer*, std::string) {
  // Not from within the peer's own call.
  next_ = context_.loop->After(absl::ZeroDuration(), [this] { End(absl::OkStatus()); });
}

// The first may be too slow: plugins are being loaded.
void Trial::OnFailed(Peer*, const absl::Status& why) {
  LogWarning("a trial connection failed", {{"why", why.message()}});
  next_ = context_.loop->After(absl::Milliseconds(100), [this] { Try(); });
}

void Trial::End(absl::Status status) {
  const auto next = std::move(next_);
  const auto deadline = std::move(deadline_);
  peer_.reset();
  std::exchange(done_, nullptr)(std::move(status));
}

}  // namespace atrium::media
