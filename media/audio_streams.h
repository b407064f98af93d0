// AudioStreams is a participant's voice, decoded into a ring that the mixer reads, and
// the mix for that participant, encoded by Fanout.
#ifndef ATRIUM_MEDIA_AUDIO_STREAMS_H_
#define ATRIUM_MEDIA_AUDIO_STREAMS_H_

#include <gst/app/gstappsink.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

#include "media/fanout.h"
#include "media/frame_ring.h"
#include "media/peer_streams.h"

namespace atrium::media {

class AudioStreams final : public PeerStreams {
 public:
  // What the mixer reads and what it is given; null before there is a sender.
  std::shared_ptr<FrameRing> ring() const { return inlet_->ring; }
  std::shared_ptr<FrameSink> outlet() const { return outlet_; }

  // PeerStreams.
  GRef<GstElement> MakeSender(const Offer& offer) override;
  GRef<GstElement> MakeReceiver(GstPad* pad) override;
  void Open() override;
  GRef<GObject> Close() override;

 private:
  // What GStreamer's threads hold.
  struct Inlet {
    std::shared_ptr<FrameRing> ring = std::make_shared<FrameRing>();
    std::atomic<bool> open{false};
  };
  // Safe on any thread.
  class Outlet final : public FrameSink {
   public:
    explicit Outlet(GRef<GstElement> source) : source_(std::move(source)) {}
    void Push(GstBuffer* opus) override;
    void Open();
    GRef<GObject> Close();

   private:
    std::mutex mu_;
    GRef<GstElement> source_;
    bool open_ = false;
  };
  static GstFlowReturn OnSample(GstAppSink* sink, gpointer inlet);

  const std::shared_ptr<Inlet> inlet_ = std::make_shared<Inlet>();
  std::shared_ptr<Outlet> outlet_;
};

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_AUDIO_STREAMS_H_
