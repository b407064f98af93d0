// PeerPipeline is one webrtcbin in one pipeline of its own: the GStreamer side of
// a Peer. What GStreamer's threads have to say reaches the Listener on the loop.
//
// On the loop, but for Inlet and Outlet, which are locked by themselves.
#ifndef ATRIUM_MEDIA_PEER_PIPELINE_H_
#define ATRIUM_MEDIA_PEER_PIPELINE_H_

#include <gst/app/gstappsrc.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/loop.h"
#include "media/clock.h"
#include "media/fanout.h"
#include "media/frame_ring.h"
#include "media/gst_ref.h"
#include "media/offer.h"
#include "media/work_queue.h"

namespace atrium::media {

// How our end of ICE is reached.
struct IceOptions {
  std::vector<std::string> addresses;  // Beside those of the interfaces.
  int min_port = 0, max_port = 0;      // 0: any.
};

// What comes of a peer: shut until its certificate was checked.
struct Inlet {
  std::shared_ptr<FrameRing> ring = std::make_shared<FrameRing>();
  std::atomic<bool> open{false};
  std::atomic<int> streams{0};
  std::atomic<int64_t> packets{0};  // RTP.
  std::atomic<int64_t> reports{0};  // RTCP.
};

// What goes to a peer: shut until its certificate was checked.
class Outlet final : public FrameSink {
 public:
  explicit Outlet(GRef<GstElement> source) : source_(std::move(source)) {}
  void Push(GstBuffer* opus) override;
  void Open();
  // Lets go of the pipeline.
  GRef<GstElement> Close();

 private:
  std::mutex mu_;
  GRef<GstElement> source_;
  bool open_ = false;
};

class PeerPipeline {
 public:
  // Called on the loop.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnRemoteSet(absl::Status status) = 0;
    virtual void OnAnswerMade(DescriptionPtr answer) = 0;  // Null: it could not be.
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
                                                            std::weak_ptr<Listener> listener);
  // Hands the pipeline to the reaper.
  ~PeerPipeline();

  // The negotiation's steps, each answered by the Listener.
  absl::Status SetRemote(const std::string& sdp);
  void MakeAnswer();
  void SetLocal(DescriptionPtr answer);
  void AddCandidate(const std::string& candidate);

  bool gathered() const;
  std::string local_description() const;
  GstWebRTCPeerConnectionState connection_state() const;
  // PEM; empty while there is none.
  std::string remote_certificate() const;
  // Counts RTCP from now on.
  void WatchReports();

  Inlet& inlet() { return *inlet_; }
  std::shared_ptr<FrameRing> ring() const { return inlet_->ring; }
  const std::shared_ptr<Outlet>& outlet() const { return outlet_; }

 private:
  struct Door;

  explicit PeerPipeline(const Context& context) : context_(context) {}
  absl::Status Build(const Offer& offer, std::weak_ptr<Listener> listener);
  void SetUpIce();
  absl::Status AddOutlet(const Offer& offer);
  void Connect();
  GstPromise* Promise(void (*on_change)(GstPromise*, Door*));
  // GStreamer's threads.
  static void OnNotify(GstElement* webrtc, GParamSpec* property, gpointer door);
  static void OnPadAdded(GstElement* webrtc, GstPad* pad, gpointer door);
  static GstBusSyncReply OnBusMessage(GstBus* bus, GstMessage* message, gpointer door);

  // Given.
  const Context context_;
  // Owned.
  GRef<GstElement> pipeline_, webrtc_;
  std::shared_ptr<Inlet> inlet_ = std::make_shared<Inlet>();
  std::shared_ptr<Outlet> outlet_;
  std::shared_ptr<Door> door_;
  std::vector<SignalHandle> signals_;
};

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_PEER_PIPELINE_H_
