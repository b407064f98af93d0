#include "media/audio_streams.h"

#include <gst/app/gstappsrc.h>

#include <utility>

#include "common/str_cat.h"

namespace atrium::media {

void AudioStreams::Outlet::Push(GstBuffer* opus) {
  std::lock_guard<std::mutex> lock(mu_);
  if (open_ && source_) gst_app_src_push_buffer(GST_APP_SRC(source_.get()), gst_buffer_ref(opus));
}
void AudioStreams::Outlet::Open() {
  std::lock_guard<std::mutex> lock(mu_);
  open_ = true;
}
GRef<GObject> AudioStreams::Outlet::Close() {
  std::lock_guard<std::mutex> lock(mu_);
  open_ = false;
  return GRef<GObject>::Adopt(G_OBJECT(source_.release()));
}

GRef<GstElement> AudioStreams::MakeSender(const Offer& offer) {
  GRef<GstElement> bin = ParseBin(
      StrCat("appsrc name=source is-live=true format=time do-timestamp=false max-buffers=10 "
             "max-bytes=0 max-time=0 leaky-type=downstream "
             "caps=audio/x-opus,channel-mapping-family=0,channels=1,rate=48000 ! "
             "rtpopuspay pt=",
             offer.payload_type, " mtu=1200 ! capsfilter caps=", WriteCaps(offer)));
  if (!bin) return bin;
  outlet_ = std::make_shared<Outlet>(
      GRef<GstElement>::Adopt(gst_bin_get_by_name(GST_BIN(bin.get()), "source")));
  return bin;
}

// Decodes to 24 kHz mono at once: Opus does that without a resampler.
GRef<GstElement> AudioStreams::MakeReceiver(GstPad*) {
  GRef<GstElement> bin = ParseBin(
      "rtpopusdepay ! opusdec plc=true use-inband-fec=true ! "
      "capsfilter caps=audio/x-raw,format=S16LE,rate=24000,channels=1 ! "
      "appsink name=sink sync=false async=false max-buffers=20 drop=true");
  if (!bin) return bin;
  auto sink = GRef<GstElement>::Adopt(gst_bin_get_by_name(GST_BIN(bin.get()), "sink"));
  GstAppSinkCallbacks callbacks{};
  callbacks.new_sample = OnSample;
  gst_app_sink_set_callbacks(GST_APP_SINK(sink.get()), &callbacks, Keep(inlet_), Drop<Inlet>);
  return bin;
}

GstFlowReturn AudioStreams::OnSample(GstAppSink* sink, gpointer kept) {
  auto sample = GRef<GstSample>::Adopt(gst_app_sink_pull_sample(sink));
  if (!sample) return GST_FLOW_EOS;
  Inlet& inlet = Kept<Inlet>(kept);
  GstBuffer* buffer = gst_sample_get_buffer(sample.get());
  GstMapInfo map;
  if (inlet.open && buffer != nullptr && gst_buffer_map(buffer, &map, GST_MAP_READ)) {
    inlet.ring->Push(reinterpret_cast<const int16_t*>(map.data), map.size / sizeof(int16_t));
    gst_buffer_unmap(buffer, &map);
  }
  return GST_FLOW_OK;
}

void AudioStreams::Open() {
  inlet_->open = true;
  if (outlet_) outlet_->Open();
}

GRef<GObject> AudioStreams::Close() {
  inlet_->open = false;
  return outlet_ ? outlet_->Close() : GRef<GObject>();
}

}  // namespace atrium::media
