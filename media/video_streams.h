// The two ends of a shown screen: VideoInlet takes the packets of the page that shows
// it, VideoOutlet sends them to one that watches.
#ifndef ATRIUM_MEDIA_VIDEO_STREAMS_H_
#define ATRIUM_MEDIA_VIDEO_STREAMS_H_

#include <gst/app/gstappsink.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "media/forward.h"
#include "media/peer_streams.h"

namespace atrium::media {

class VideoInlet final : public PeerStreams {
 public:
  // `id` names it among the forward's sources.
  VideoInlet(int64_t id, std::shared_ptr<Forward> forward);

  int64_t id() const { return id_; }
  std::shared_ptr<Forward::Source> source() const;

  // PeerStreams.
  bool Connect(const Offer& offer, GstBin* pipeline, GstPad* to) override;
  bool takes_packets() const override { return false; }
  void TakePacket(GstBuffer*) override {}
  GRef<GstElement> MakeReceiver(GstPad* pad) override;
  void Open() override;
  GRef<GObject> Close() override;
  Packets Count() const override { return {}; }

 private:
  class Tap;

  const int64_t id_;
  const std::shared_ptr<Tap> tap_;
};

class VideoOutlet final : public PeerStreams {
 public:
  explicit VideoOutlet(std::shared_ptr<Forward> forward);

  std::shared_ptr<Forward::Sink> sink() const;
  // Its link does not bear the screen: it only gets a whole picture now and then.
  void SetLeftBehind(bool left_behind);

  // PeerStreams.
  bool Connect(const Offer& offer, GstBin* pipeline, GstPad* to) override;
  bool takes_packets() const override { return false; }
  void TakePacket(GstBuffer*) override {}
  GRef<GstElement> MakeReceiver(GstPad* pad) override;
  void Open() override;
  GRef<GObject> Close() override;
  Packets Count() const override;

 private:
  class Spout;

  const std::shared_ptr<Forward> forward_;
  const std::shared_ptr<Spout> spout_;
};

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_VIDEO_STREAMS_H_
