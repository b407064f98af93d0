// AudioStreams is a participant's voice, decoded into a ring that the mixer reads, and
// the mix for that participant, encoded by Fanout. Both ends are packets: no element and
// no thread of GStreamer's stands between them and webrtcbin.
#ifndef ATRIUM_MEDIA_AUDIO_STREAMS_H_
#define ATRIUM_MEDIA_AUDIO_STREAMS_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <utility>

#include "media/fanout.h"
#include "media/frame_ring.h"
#include "media/peer_streams.h"
#include "media/voice_decoder.h"

namespace atrium::media {

class AudioStreams final : public PeerStreams {
 public:
  // What the mixer reads and what it is given; null before there is a sender.
  std::shared_ptr<FrameRing> ring() const { return inlet_->ring; }
  std::shared_ptr<FrameSink> outlet() const { return outlet_; }

  // PeerStreams.
  bool Connect(const Offer& offer, GstBin* pipeline, GstPad* to) override;
  bool takes_packets() const override { return true; }
  void TakePacket(GstBuffer* packet) override;
  GRef<GstElement> MakeReceiver(GstPad*) override { return {}; }
  void Open() override;
  GRef<GObject> Close() override;
  Packets Count() const override;

 private:
  // What GStreamer's threads hold, and the clock's, which reads the ring.
  struct Inlet {
    const std::shared_ptr<FrameRing> ring = std::make_shared<FrameRing>();
    std::atomic<bool> open{false};
    std::mutex mu;
    // Guarded by mu.
    VoiceDecoder decoder{[this](std::span<const int16_t> pcm) {
      ring->Push(pcm.data(), pcm.size());
    }};
  };
  static std::shared_ptr<Inlet> MakeInlet();
  // Writes the packets of one stream, on the thread of whoever pushes: what a packet
  // costs, encryption and sending, is done when Push returns. Safe on any thread.
  class Outlet final : public FrameSink {
   public:
    explicit Outlet(const Offer& offer);
    bool Link(const Offer& offer, GstPad* to);
    void Push(GstBuffer* opus) override;
    void Open();
    GRef<GObject> Close();
    int64_t sent_count() const { return sent_; }

   private:
    GRef<GstBuffer> Packet(GstBuffer* opus);

    const uint32_t ssrc_;
    const uint8_t payload_type_;
    std::mutex mu_;
    // Guarded by mu_.
    GRef<GstPad> pad_;
    uint16_t sequence_;
    bool open_ = false;
    bool begun_ = false;
    // Not guarded.
    std::atomic<bool> told_{false};  // That it does not flow.
    std::atomic<int64_t> sent_{0};
  };

  const std::shared_ptr<Inlet> inlet_ = MakeInlet();
  std::shared_ptr<Outlet> outlet_;
};

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_AUDIO_STREAMS_H_
