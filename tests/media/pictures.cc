#include "tests/media/pictures.h"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>

#include <numeric>

#include "common/str_cat.h"

namespace atrium::media {
namespace {

// All samples that come out of `description`'s appsink "sink".
std::vector<GRef<GstSample>> Run(const std::string& description, const std::string& input) {
  GstElement* raw = gst_parse_launch(description.c_str(), nullptr);
  const auto pipeline = GRef<GstElement>::Sink(raw);
  const auto named = [&](const char* name) {
    return GRef<GstElement>::Adopt(gst_bin_get_by_name(GST_BIN(raw), name));
  };
  gst_element_set_state(raw, GST_STATE_PLAYING);
  if (const auto source = named("source")) {
    GstBuffer* buffer = gst_buffer_new_memdup(input.data(), input.size());
    gst_app_src_push_buffer(GST_APP_SRC(source.get()), buffer);
    gst_app_src_end_of_stream(GST_APP_SRC(source.get()));
  }
  std::vector<GRef<GstSample>> samples;
  const auto sink = named("sink");
  while (auto sample = GRef<GstSample>::Adopt(
             gst_app_sink_try_pull_sample(GST_APP_SINK(sink.get()), 10 * GST_SECOND))) {
    samples.push_back(std::move(sample));
  }
  gst_element_set_state(raw, GST_STATE_NULL);
  return samples;
}

}  // namespace

std::vector<GRef<GstBuffer>> ShowPictures(const std::string& pattern, int width, int height,
                                          int more) {
  std::vector<GRef<GstBuffer>> packets;
  for (const auto& sample :
       Run(StrCat("videotestsrc num-buffers=", more + 1, " pattern=", pattern,
                  " ! video/x-raw,format=I420,framerate=15/1,width=", width, ",height=", height,
                  " ! vp8enc deadline=1 keyframe-max-dist=3000 ! rtpvp8pay mtu=600 "
                  "picture-id-mode=15-bit ! appsink name=sink sync=false"),
           "")) {
    packets.push_back(GRef<GstBuffer>::Share(gst_sample_get_buffer(sample.get())));
  }
  return packets;
}

Seen Look(const std::string& jpeg) {
  if (jpeg.empty()) return {};
  const auto samples = Run(
      "appsrc name=source caps=image/jpeg ! jpegdec ! videoconvert ! video/x-raw,format=GRAY8 ! "
      "appsink name=sink sync=false",
      jpeg);
  if (samples.size() != 1) return {};
  Seen seen;
  const GstStructure* caps = gst_caps_get_structure(gst_sample_get_caps(samples[0].get()), 0);
  gst_structure_get_int(caps, "width", &seen.width);
  gst_structure_get_int(caps, "height", &seen.height);
  GstMapInfo map;
  GstBuffer* buffer = gst_sample_get_buffer(samples[0].get());
  gst_buffer_map(buffer, &map, GST_MAP_READ);
  const int64_t sum = std::accumulate(map.data, map.data + map.size, int64_t{0});
  seen.brightness = static_cast<int>(sum / static_cast<int64_t>(map.size));
  gst_buffer_unmap(buffer, &map);
  return seen;
}

}  // namespace atrium::media
