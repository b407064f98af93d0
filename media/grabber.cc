#include "media/grabber.h"

#include <gst/app/gstappsink.h>
#include <gst/video/video.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string_view>

#include "absl/strings/numbers.h"
#include "common/str_cat.h"
#include "media/errors.h"
#include "media/gst_ref.h"
#include "media/limits.h"
#include "media/peer_streams.h"

namespace atrium::media {
namespace {

// As screens of pages come: a key frame only when one is asked for.
std::string ChainOf(int64_t bitrate) {
  return StrCat(
      "ximagesrc name=grab use-damage=false show-pointer=true ! "
      "capsfilter caps=video/x-raw,framerate=",
      limits::kDisplayRate,
      "/1 ! videoconvert n-threads=2 ! videoscale ! capsfilter "
      "caps=\"video/x-raw,pixel-aspect-ratio=1/1,width=[1,",
      limits::kDisplayWidth, "],height=[1,", limits::kDisplayHeight,
      "]\" ! queue max-size-buffers=2 max-size-bytes=0 max-size-time=0 leaky=downstream ! "
      "vp8enc name=encoder deadline=1 cpu-used=8 end-usage=cbr keyframe-max-dist=3000 threads=1 "
      "error-resilient=partitions lag-in-frames=0 target-bitrate=",
      bitrate, " ! rtpvp8pay picture-id-mode=15-bit mtu=", limits::kVideoPacketBytes,
      " ! appsink name=sink sync=false async=false max-buffers=256 drop=true");
}

// A packet for which there is no room is lost, as on any way.
void Tell(const void* bytes, size_t size) {
  send(kGrabberSocket, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

GstFlowReturn OnSample(GstAppSink* sink, gpointer) {
  const auto sample = GRef<GstSample>::Adopt(gst_app_sink_pull_sample(sink));
  if (!sample) return GST_FLOW_EOS;
  GstMapInfo map;
  GstBuffer* packet = gst_sample_get_buffer(sample.get());
  if (packet == nullptr || !gst_buffer_map(packet, &map, GST_MAP_READ)) return GST_FLOW_OK;
  Tell(map.data, map.size);
  gst_buffer_unmap(packet, &map);
  return GST_FLOW_OK;
}

GstBusSyncReply OnBusMessage(GstBus*, GstMessage* message, gpointer) {
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
    GError* error = nullptr;
    gst_message_parse_error(message, &error, nullptr);
    const std::string why = kGrabberEnd + std::string(error->message);
    Tell(why.data(), why.size());
    _exit(1);  // There is nothing to be saved.
  }
  gst_message_unref(message);
  return GST_BUS_DROP;
}

GRef<GstElement> Named(GstElement* bin, const char* name) {
  return GRef<GstElement>::Adopt(gst_bin_get_by_name(GST_BIN(bin), name));
}

// What the other end says next; empty once it is gone.
std::string_view Hear() {
  static char words[64];
  const ssize_t got = recv(kGrabberSocket, words, sizeof words, 0);
  return {words, got > 0 ? static_cast<size_t>(got) : 0};
}

// 0 if it is something else.
int BitrateIn(std::string_view words) {
  int bps = 0;
  if (!words.starts_with(kGrabberBitrate)) return 0;
  words.remove_prefix(sizeof kGrabberBitrate - 1);
  return absl::SimpleAtoi(ToAbsl(words), &bps) ? bps : 0;
}

}  // namespace

absl::Status RunGrabber(const std::string& display) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  gst_init(nullptr, nullptr);
  const int first = BitrateIn(Hear());
  if (first <= 0) return FirstMessageMustBe("bps");
  const auto pipeline = GRef<GstElement>::Sink(gst_pipeline_new(nullptr));
  const GRef<GstElement> chain = ParseBin(ChainOf(first));
  if (!chain) return NoSuchPlugin("ximagesrc or vp8enc");
  g_object_set(Named(chain.get(), "grab").get(), "display-name", display.c_str(), nullptr);
  gst_bin_add(GST_BIN(pipeline.get()), chain.get());
  GstAppSinkCallbacks callbacks{};
  callbacks.new_sample = OnSample;
  gst_app_sink_set_callbacks(GST_APP_SINK(Named(chain.get(), "sink").get()), &callbacks, nullptr,
                             nullptr);
  const auto bus = GRef<GstBus>::Adopt(gst_element_get_bus(pipeline.get()));
  gst_bus_set_sync_handler(bus.get(), OnBusMessage, nullptr, nullptr);
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  const GRef<GstElement> encoder = Named(chain.get(), "encoder");
  for (std::string_view words = Hear(); !words.empty(); words = Hear()) {
    if (words == kGrabberKeyFrame) {
      gst_element_send_event(
          encoder.get(), gst_video_event_new_upstream_force_key_unit(GST_CLOCK_TIME_NONE, TRUE, 0));
    } else if (const int bps = BitrateIn(words); bps > 0) {
      g_object_set(encoder.get(), "target-bitrate", bps, nullptr);
    }
  }
  _exit(0);  // Taking it apart may wait for the display.
}

}  // namespace atrium::media
