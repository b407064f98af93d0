#include "media/video_streams.h"

#include <gst/app/gstappsrc.h>
#include <gst/rtp/gstrtpbuffer.h>
#include <gst/video/video.h>

#include <utility>

#include "common/str_cat.h"
#include "media/vp8.h"

namespace atrium::media {

// What GStreamer's threads hold of the page that shows.
class VideoInlet::Tap final : public Forward::Source {
 public:
  Tap(int64_t id, std::shared_ptr<Forward> forward) : id_(id), forward_(std::move(forward)) {}

  void AskForKeyFrame() override {
    GRef<GstPad> pad;
    {
      std::lock_guard<std::mutex> lock(mu_);
      pad = pad_;
    }
    if (!pad) return;
    gst_pad_send_event(pad.get(),
                       gst_video_event_new_upstream_force_key_unit(GST_CLOCK_TIME_NONE, TRUE, 0));
  }
  void Found(GstPad* pad) {
    std::lock_guard<std::mutex> lock(mu_);
    if (!closed_) pad_ = GRef<GstPad>::Share(pad);
  }
  GRef<GObject> Close() {
    open_ = false;
    std::lock_guard<std::mutex> lock(mu_);
    closed_ = true;
    return GRef<GObject>::Adopt(G_OBJECT(pad_.release()));
  }
  void Open() { open_ = true; }
  static GstFlowReturn OnSample(GstAppSink* sink, gpointer kept) {
    const auto sample = GRef<GstSample>::Adopt(gst_app_sink_pull_sample(sink));
    if (!sample) return GST_FLOW_EOS;
    Tap& tap = Kept<Tap>(kept);
    GstBuffer* packet = gst_sample_get_buffer(sample.get());
    if (tap.open_ && packet != nullptr) tap.forward_->Push(tap.id_, packet);
    return GST_FLOW_OK;
  }

 private:
  const int64_t id_;
  const std::shared_ptr<Forward> forward_;
  std::atomic<bool> open_{false};
  std::mutex mu_;
  // Guarded by mu_.
  GRef<GstPad> pad_;
  bool closed_ = false;
};

VideoInlet::VideoInlet(int64_t id, std::shared_ptr<Forward> forward)
    : id_(id), tap_(std::make_shared<Tap>(id, std::move(forward))) {}

std::shared_ptr<Forward::Source> VideoInlet::source() const { return tap_; }

// Nothing is sent to the page that shows.
bool VideoInlet::Connect(const Offer&, GstBin*, GstPad*) { return false; }

GRef<GstElement> VideoInlet::MakeReceiver(GstPad* pad) {
  tap_->Found(pad);
  GRef<GstElement> bin =
      ParseBin("appsink name=sink sync=false async=false max-buffers=256 drop=true");
  if (!bin) return bin;
  auto sink = GRef<GstElement>::Adopt(gst_bin_get_by_name(GST_BIN(bin.get()), "sink"));
  GstAppSinkCallbacks callbacks{};
  callbacks.new_sample = Tap::OnSample;
  gst_app_sink_set_callbacks(GST_APP_SINK(sink.get()), &callbacks, Keep(tap_), Drop<Tap>);
  return bin;
}

void VideoInlet::Open() { tap_->Open(); }
GRef<GObject> VideoInlet::Close() { return tap_->Close(); }

// What GStreamer's threads hold of a page that watches.
class VideoOutlet::Spout final : public Forward::Sink {
 public:
  Spout(uint32_t ssrc, std::shared_ptr<Forward> forward)
      : ssrc_(ssrc), forward_(std::move(forward)), places_({static_cast<uint16_t>(ssrc), ssrc}) {}

  uint32_t ssrc() const { return ssrc_; }
  int64_t sent_count() const { return sent_; }
  void Begin(GRef<GstElement> source, const Offer& offer) {
    std::lock_guard<std::mutex> lock(mu_);
    source_ = std::move(source);
    payload_type_ = static_cast<uint8_t>(offer.payload_type);
    congestion_extension_ = static_cast<uint8_t>(offer.congestion_extension);
  }
  // Only pictures that need none before them pass. True if that is new.
  bool SetLeftBehind(bool left_behind) {
    std::lock_guard<std::mutex> lock(mu_);
    if (!left_behind && left_behind_) begun_ = false;
    return std::exchange(left_behind_, left_behind) != left_behind;
  }
  void Open() {
    std::lock_guard<std::mutex> lock(mu_);
    open_ = true;
  }
  GRef<GObject> Close() {
    std::lock_guard<std::mutex> lock(mu_);
    open_ = false;
    return GRef<GObject>::Adopt(G_OBJECT(source_.release()));
  }
  // The watching browser lost something, or has just come. Who is left behind loses much.
  void AskForKeyFrame() {
    {
      std::lock_guard<std::mutex> lock(mu_);
      if (left_behind_) return;
    }
    forward_->AskForKeyFrame();
  }
  void Send(int64_t source, RtpSequence::Place place, bool marker,
            const GRef<GstBuffer>& payload) override {
    std::lock_guard<std::mutex> lock(mu_);
    if (!open_ || !source_) return;
    if (!Passes(place.timestamp, payload)) return places_.Skip(source);
    const RtpSequence::Place to = places_.Take(source, place);
    GstBuffer* packet = gst_rtp_buffer_new_allocate(0, 0, 0);
    GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;
    gst_rtp_buffer_map(packet, GST_MAP_WRITE, &rtp);
    gst_rtp_buffer_set_payload_type(&rtp, payload_type_);
    gst_rtp_buffer_set_ssrc(&rtp, ssrc_);
    gst_rtp_buffer_set_seq(&rtp, to.sequence);
    gst_rtp_buffer_set_timestamp(&rtp, to.timestamp);
    gst_rtp_buffer_set_marker(&rtp, marker);
    if (congestion_extension_ != 0) {
      // GStreamer writes the number.
      const uint16_t blank = 0;
      gst_rtp_buffer_add_extension_onebyte_header(&rtp, congestion_extension_, &blank,
                                                  sizeof blank);
    }
    gst_rtp_buffer_unmap(&rtp);
    packet = gst_buffer_append(packet, gst_buffer_ref(payload.get()));
    gst_app_src_push_buffer(GST_APP_SRC(source_.get()), packet);
    ++sent_;
  }
  static GstPadProbeReturn OnUpstreamEvent(GstPad*, GstPadProbeInfo* info, gpointer kept) {
    if (!gst_video_event_is_force_key_unit(GST_PAD_PROBE_INFO_EVENT(info))) {
      return GST_PAD_PROBE_OK;
    }
    Kept<Spout>(kept).AskForKeyFrame();
    return GST_PAD_PROBE_DROP;
  }

 private:
  // Whoever is left behind gets whole key frames, and afterwards nothing before one.
  bool Passes(uint32_t timestamp, const GRef<GstBuffer>& payload) {
    if (!left_behind_ && begun_) return true;
    GstMapInfo map;
    if (gst_buffer_map(payload.get(), &map, GST_MAP_READ)) {
      if (BeginsKeyFrame({map.data, map.size})) key_frame_ = timestamp;
      gst_buffer_unmap(payload.get(), &map);
    }
    const bool key = key_frame_ == timestamp;
    begun_ = !left_behind_ && key;
    return key;
  }

  const uint32_t ssrc_;
  const std::shared_ptr<Forward> forward_;
  std::atomic<int64_t> sent_{0};
  std::mutex mu_;
  // Guarded by mu_.
  RtpSequence places_;
  GRef<GstElement> source_;
  uint8_t payload_type_ = 0;
  uint8_t congestion_extension_ = 0;
  bool open_ = false;
  bool left_behind_ = false;
  bool begun_ = true;                  // Nothing is missing since it was left behind.
  std::optional<uint32_t> key_frame_;  // The time of the last one.
};

VideoOutlet::VideoOutlet(std::shared_ptr<Forward> forward)
    : forward_(std::move(forward)), spout_(std::make_shared<Spout>(RandomSsrc(), forward_)) {}

std::shared_ptr<Forward::Sink> VideoOutlet::sink() const { return spout_; }

bool VideoOutlet::Connect(const Offer& offer, GstBin* pipeline, GstPad* to) {
  GRef<GstElement> source = GRef<GstElement>::Sink(gst_element_factory_make("appsrc", nullptr));
  if (!source) return false;
  const auto caps = GRef<GstCaps>::Adopt(
      gst_caps_from_string(StrCat(WriteCaps(offer), ",ssrc=(uint)", spout_->ssrc()).c_str()));
  g_object_set(source.get(), "is-live", TRUE, "format", GST_FORMAT_TIME, "do-timestamp", TRUE,
               "max-buffers", guint64{512}, "max-bytes", guint64{0}, "max-time", guint64{0},
               "leaky-type", GST_APP_LEAKY_TYPE_DOWNSTREAM, "caps", caps.get(), nullptr);
  gst_bin_add(pipeline, source.get());
  auto pad = GRef<GstPad>::Adopt(gst_element_get_static_pad(source.get(), "src"));
  gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, Spout::OnUpstreamEvent,
                    Keep(spout_), Drop<Spout>);
  if (gst_pad_link(pad.get(), to) != GST_PAD_LINK_OK) return false;
  gst_element_sync_state_with_parent(source.get());
  spout_->Begin(std::move(source), offer);
  return true;
}

void VideoOutlet::SetLeftBehind(bool left_behind) {
  if (spout_->SetLeftBehind(left_behind) && !left_behind) forward_->AskForKeyFrame();
}

// Nothing is taken of a page that watches.
GRef<GstElement> VideoOutlet::MakeReceiver(GstPad*) {
  return ParseBin("fakesink sync=false async=false");
}

void VideoOutlet::Open() { spout_->Open(); }
Packets VideoOutlet::Count() const { return {.out = spout_->sent_count()}; }
GRef<GObject> VideoOutlet::Close() { return spout_->Close(); }

}  // namespace atrium::media
