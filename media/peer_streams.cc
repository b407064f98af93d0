#include "media/peer_streams.h"

#include "common/log.h"

namespace atrium::media {

GRef<GstElement> ParseBin(const std::string& description) {
  GError* error = nullptr;
  GstElement* bin = gst_parse_bin_from_description(description.c_str(), TRUE, &error);
  if (error != nullptr) {
    LogError("cannot build a chain", {{"why", error->message}});
    g_error_free(error);
  }
  return GRef<GstElement>::Sink(bin);
}

}  // namespace atrium::media
