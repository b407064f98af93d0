// PeerPipeline is one webrtcbin in one pipeline of its own: the GStreamer side of
// a Peer. What GStreamer's threads have to say reaches the Listener on the loop.
//
// On the loop.
#ifndef ATRIUM_MEDIA_PEER_PIPELINE_H_
#define ATRIUM_MEDIA_PEER_PIPELINE_H_

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/loop.h"
#include "common/work_queue.h"
#include "media/bitrate.h"
#include "media/clock.h"
#include "media/gst_ref.h"
#include "media/offer.h"
#include "media/peer_streams.h"

namespace atrium::media {

// How our end of ICE is reached.
struct IceOptions {
  std::vector<std::string> addresses;  // Beside those of the interfaces.
  int min_port = 0, max_port = 0;      // 0: any.
};

// What GStreamer's threads count of a peer.
struct Traffic {
  std::atomic<int> streams{0};
  std::atomic<int64_t> packets{0};  // RTP that came.
  std::atomic<int64_t> reports{0};  // RTCP that came.
};

class PeerPipeline {
 public:
  // Called on the loop.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnRemoteSet(absl::Status status) = 0;
    virtual void OnDescribed(DescriptionPtr ours) = 0;  // Null: it could not be.
    virtual void OnLocalSet() = 0;
    virtual void OnGathering() = 0;
    virtual void OnConnectionState() = 0;
    virtual void OnBroken(std::string why) = 0;
  };
  struct Context {
    Loop* loop;
    MixClock* clock;
    WorkQueue* reaper;  // Takes pipelines apart.
    IceOptions ice;
  };

  static absl::StatusOr<std::unique_ptr<PeerPipeline>> Make(const Context& context,
                                                            const Offer& offer,
                                                            std::shared_ptr<PeerStreams> streams,
                                                            std::weak_ptr<Listener> listener);
  // Hands the pipeline to the reaper.
  ~PeerPipeline();

  // The negotiation's steps, each answered by the Listener.
  absl::Status SetRemote(GstWebRTCSDPType type, const std::string& sdp);
  void MakeAnswer();
  void MakeOffer();
  void SetLocal(DescriptionPtr ours);
  void AddCandidate(const std::string& candidate);

  bool gathered() const;
  std::string local_description() const;
  GstWebRTCPeerConnectionState connection_state() const;
  // PEM; empty while there is none.
  std::string remote_certificate() const;
  // What the other end told of the link to it; none if that is not news.
  std::optional<LinkReport> TakeLink();
  // Counts RTCP from now on.
  void WatchReports();

  const Traffic& traffic() const { return *traffic_; }

 private:
  struct Door;

  PeerPipeline(const Context& context, std::shared_ptr<PeerStreams> streams)
      : context_(context), streams_(std::move(streams)) {}
  absl::Status Build(const Offer& offer, std::weak_ptr<Listener> listener);
  void SetUpIce(const Offer& offer);
  absl::Status AddSender(const Offer& offer);
  void Connect();
  GRef<GstElement> rtpbin() const;
  void Describe(const char* how);
  GstPromise* Promise(void (*on_change)(GstPromise*, Door*));
  // GStreamer's threads.
  static void OnNotify(GstElement* webrtc, GParamSpec* property, gpointer door);
  static void OnTransceiver(GstElement* webrtc, GObject* transceiver, gpointer door);
  static void OnStream(GstElement* rtpbin, GstElement* jitter_buffer, guint session, guint ssrc,
                       gpointer door);
  static GstPadProbeReturn OnVoice(GstPad* pad, GstPadProbeInfo* info, gpointer door);
  static void OnPadAdded(GstElement* webrtc, GstPad* pad, gpointer door);
  static GstBusSyncReply OnBusMessage(GstBus* bus, GstMessage* message, gpointer door);

  // Given.
  const Context context_;
  const std::shared_ptr<PeerStreams> streams_;
  // Owned.
  GRef<GstElement> pipeline_, webrtc_;
  const std::shared_ptr<Traffic> traffic_ = std::make_shared<Traffic>();
  std::shared_ptr<Door> door_;
  std::unique_ptr<GstStructure, void (*)(GstStructure*)> link_{nullptr, gst_structure_free};
  std::vector<SignalHandle> signals_;
};

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_PEER_PIPELINE_H_
