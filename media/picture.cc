#include "media/picture.h"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/video/video.h>

#include <algorithm>
#include <utility>

#include "common/str_cat.h"
#include "media/errors.h"
#include "media/limits.h"
#include "media/look.h"
#include "media/peer_streams.h"

namespace atrium::media {

using atrium::media::v1::TakeStillRequest;
using atrium::media::v1::TakeStillResponse;

namespace {

// Keeps nothing: what went wrong shows by there being no picture.
GstBusSyncReply OnBusMessage(GstBus*, GstMessage* message, gpointer) {
  gst_message_unref(message);
  return GST_BUS_DROP;
}

GRef<GstElement> Named(const GRef<GstElement>& bin, const char* name) {
  return GRef<GstElement>::Adopt(gst_bin_get_by_name(GST_BIN(bin.get()), name));
}

// As wide and high as it may be, its shape kept.
std::pair<int, int> Fit(int width, int height, int most) {
  const int side = std::max(width, height);
  if (side <= most) return {width, height};
  const auto scaled = [&](int size) {
    return std::max(1, static_cast<int>((static_cast<int64_t>(size) * most + side / 2) / side));
  };
  return {scaled(width), scaled(height)};
}

absl::StatusOr<std::string> ToJpeg(GstSample* picture, int width, int height) {
  const auto caps = GRef<GstCaps>::Adopt(
      gst_caps_from_string(StrCat("image/jpeg,width=", width, ",height=", height).c_str()));
  GError* error = nullptr;
  const auto jpeg = GRef<GstSample>::Adopt(gst_video_convert_sample(
      picture, caps.get(), static_cast<GstClockTime>(absl::ToInt64Nanoseconds(limits::kStillWait)),
      &error));
  const std::string why = error == nullptr ? "" : error->message;
  g_clear_error(&error);
  GstMapInfo map;
  GstBuffer* buffer = jpeg ? gst_sample_get_buffer(jpeg.get()) : nullptr;
  if (buffer == nullptr || !gst_buffer_map(buffer, &map, GST_MAP_READ)) return NoJpeg(why);
  std::string bytes(reinterpret_cast<const char*>(map.data), map.size);
  gst_buffer_unmap(buffer, &map);
  return bytes;
}

}  // namespace

absl::StatusOr<std::unique_ptr<PictureDecoder>> PictureDecoder::Make(WorkQueue* reaper,
                                                                     OnPicture on_picture) {
  std::unique_ptr<PictureDecoder> self(new PictureDecoder(reaper));
  const GRef<GstElement> chain = ParseBin(
      "appsrc name=source is-live=true format=time do-timestamp=true max-buffers=2 max-bytes=0 "
      "max-time=0 leaky-type=downstream caps=video/x-vp8 ! vp8dec threads=1 ! "
      "appsink name=sink sync=false async=false max-buffers=1 drop=true");
  if (!chain) return NoSuchPlugin("vp8dec");
  self->pipeline_ = GRef<GstElement>::Sink(gst_pipeline_new(nullptr));
  gst_bin_add(GST_BIN(self->pipeline_.get()), chain.get());
  self->source_ = Named(chain, "source");
  const GRef<GstElement> sink = Named(chain, "sink");
  GstAppSinkCallbacks callbacks{};
  callbacks.new_sample = [](GstAppSink* from, gpointer kept) {
    auto sample = GRef<GstSample>::Adopt(gst_app_sink_pull_sample(from));
    if (!sample) return GST_FLOW_EOS;
    Kept<OnPicture>(kept)(std::move(sample));
    return GST_FLOW_OK;
  };
  gst_app_sink_set_callbacks(GST_APP_SINK(sink.get()), &callbacks,
                             Keep(std::make_shared<OnPicture>(std::move(on_picture))),
                             Drop<OnPicture>);
  const auto bus = GRef<GstBus>::Adopt(gst_element_get_bus(self->pipeline_.get()));
  gst_bus_set_sync_handler(bus.get(), OnBusMessage, nullptr, nullptr);
  gst_element_set_state(self->pipeline_.get(), GST_STATE_PLAYING);
  return self;
}

PictureDecoder::~PictureDecoder() {
  reaper_->Post([pipeline = std::move(pipeline_), source = std::move(source_)] {
    if (pipeline) gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  });
}

void PictureDecoder::Push(std::string key_frame) {
  GstBuffer* buffer = gst_buffer_new_memdup(key_frame.data(), key_frame.size());
  gst_app_src_push_buffer(GST_APP_SRC(source_.get()), buffer);
}

absl::StatusOr<TakeStillResponse> MakeStill(GstSample* picture, const TakeStillRequest& request) {
  GstVideoInfo info;
  GstVideoFrame frame;
  GstCaps* caps = gst_sample_get_caps(picture);
  GstBuffer* buffer = gst_sample_get_buffer(picture);
  if (caps == nullptr || buffer == nullptr || !gst_video_info_from_caps(&info, caps) ||
      !gst_video_frame_map(&frame, &info, buffer, GST_MAP_READ)) {
    return NoJpeg("no picture");
  }
  const Luma luma{.pixels = static_cast<const uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, 0)),
                  .stride = static_cast<size_t>(GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0)),
                  .width = GST_VIDEO_FRAME_WIDTH(&frame),
                  .height = GST_VIDEO_FRAME_HEIGHT(&frame)};
  TakeStillResponse still;
  still.set_signature(LookOf(luma));
  const int most = request.max_side() == 0 ? limits::kStillSide
                                           : std::min(request.max_side(), limits::kMaxStillSide);
  const auto [width, height] = Fit(luma.width, luma.height, most);
  gst_video_frame_unmap(&frame);
  still.set_width(width);
  still.set_height(height);
  if (LooksSame(still.signature(), request.signature())) return still;

  absl::StatusOr<std::string> jpeg = ToJpeg(picture, width, height);
  if (!jpeg.ok()) return jpeg.status();
  still.set_jpeg(*std::move(jpeg));
  return still;
}

}  // namespace atrium::media
