#include "media/audio_streams.h"

#include <gst/rtp/gstrtpbuffer.h>

#include <utility>

#include "common/log.h"
#include "common/str_cat.h"

namespace atrium::media {
namespace {

// Of Opus's RTP clock, whatever is encoded (RFC 7587, section 4.1).
constexpr uint64_t kOpusClock = 48000;

}  // namespace

std::shared_ptr<AudioStreams::Inlet> AudioStreams::MakeInlet() {
  auto inlet = std::make_shared<Inlet>();
  inlet->ring->set_filler([weak = std::weak_ptr<Inlet>(inlet)](bool deepen) {
    const auto alive = weak.lock();
    if (!alive || !alive->open) return false;
    const std::lock_guard<std::mutex> lock(alive->mu);
    return alive->decoder.MakeUp(deepen);
  });
  return inlet;
}

AudioStreams::Outlet::Outlet(const Offer& offer)
    : ssrc_(RandomSsrc()),
      payload_type_(static_cast<uint8_t>(offer.payload_type)),
      sequence_(static_cast<uint16_t>(RandomSsrc())) {}

// webrtcbin answers only what it knows the caps of, so they are said at once.
bool AudioStreams::Outlet::Link(const Offer& offer, GstPad* to) {
  std::lock_guard<std::mutex> lock(mu_);
  pad_ = GRef<GstPad>::Sink(gst_pad_new("voice", GST_PAD_SRC));
  gst_pad_set_active(pad_.get(), TRUE);
  if (gst_pad_link(pad_.get(), to) != GST_PAD_LINK_OK) return false;
  const auto caps = GRef<GstCaps>::Adopt(
      gst_caps_from_string(StrCat(WriteCaps(offer), ",ssrc=(uint)", ssrc_).c_str()));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  return gst_pad_push_event(pad_.get(), gst_event_new_stream_start(StrCat(ssrc_).c_str())) &&
         gst_pad_push_event(pad_.get(), gst_event_new_caps(caps.get())) &&
         gst_pad_push_event(pad_.get(), gst_event_new_segment(&segment));
}

// Only one thread pushes at a time. Not under the lock: whoever closes must not wait for
// what webrtcbin does with a packet.
void AudioStreams::Outlet::Push(GstBuffer* opus) {
  GRef<GstPad> pad;
  GRef<GstBuffer> packet;
  {
    std::lock_guard<std::mutex> lock(mu_);
    if (!open_ || !pad_) return;
    pad = pad_;
    packet = Packet(opus);
  }
  if (!packet) return;
  const GstFlowReturn flow = gst_pad_push(pad.get(), packet.release());
  if (flow == GST_FLOW_OK) ++sent_;
  const bool expected = flow == GST_FLOW_OK || flow == GST_FLOW_FLUSHING;
  if (!expected && !told_.exchange(true)) {
    LogWarning("a voice cannot be sent", {{"why", gst_flow_get_name(flow)}});
  }
}

GRef<GstBuffer> AudioStreams::Outlet::Packet(GstBuffer* opus) {
  const gsize size = gst_buffer_get_size(opus);
  auto packet =
      GRef<GstBuffer>::Adopt(gst_rtp_buffer_new_allocate(static_cast<guint>(size), 0, 0));
  GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;
  if (!gst_rtp_buffer_map(packet.get(), GST_MAP_WRITE, &rtp)) return {};
  const GstClockTime pts = GST_BUFFER_PTS(opus);
  gst_rtp_buffer_set_payload_type(&rtp, payload_type_);
  gst_rtp_buffer_set_ssrc(&rtp, ssrc_);
  gst_rtp_buffer_set_seq(&rtp, sequence_++);
  gst_rtp_buffer_set_timestamp(
      &rtp, ssrc_ + static_cast<uint32_t>(gst_util_uint64_scale(pts, kOpusClock, GST_SECOND)));
  gst_rtp_buffer_set_marker(&rtp, !std::exchange(begun_, true));
  gst_buffer_extract(opus, 0, gst_rtp_buffer_get_payload(&rtp), size);
  gst_rtp_buffer_unmap(&rtp);
  GST_BUFFER_PTS(packet.get()) = pts;
  return packet;
}

void AudioStreams::Outlet::Open() {
  std::lock_guard<std::mutex> lock(mu_);
  open_ = true;
}

GRef<GObject> AudioStreams::Outlet::Close() {
  std::lock_guard<std::mutex> lock(mu_);
  open_ = false;
  return GRef<GObject>::Adopt(G_OBJECT(pad_.release()));
}

bool AudioStreams::Connect(const Offer& offer, GstBin*, GstPad* to) {
  outlet_ = std::make_shared<Outlet>(offer);
  return outlet_->Link(offer, to);
}

void AudioStreams::TakePacket(GstBuffer* packet) {
  if (!inlet_->open) return;
  GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;
  if (!gst_rtp_buffer_map(packet, GST_MAP_READ, &rtp)) return;
  {
    const std::lock_guard<std::mutex> lock(inlet_->mu);
    inlet_->decoder.Take(gst_rtp_buffer_get_seq(&rtp),
                         {static_cast<const uint8_t*>(gst_rtp_buffer_get_payload(&rtp)),
                          gst_rtp_buffer_get_payload_len(&rtp)});
  }
  gst_rtp_buffer_unmap(&rtp);
}

void AudioStreams::Open() {
  inlet_->open = true;
  if (outlet_) outlet_->Open();
}

Packets AudioStreams::Count() const {
  Packets packets;
  if (outlet_) packets.out = outlet_->sent_count();
  const std::lock_guard<std::mutex> lock(inlet_->mu);
  const VoiceDecoder::Figures& voice = inlet_->decoder.figures();
  packets.decoded = voice.decoded;
  packets.repaired = voice.repaired;
  packets.concealed = voice.concealed;
  packets.late = voice.late;
  return packets;
}

GRef<GObject> AudioStreams::Close() {
  inlet_->open = false;
  return outlet_ ? outlet_->Close() : GRef<GObject>();
}

}  // namespace atrium::media
