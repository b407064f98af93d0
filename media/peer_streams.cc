#include "media/peer_streams.h"

#include <cstring>

#include "common/log.h"
#include "common/random.h"

namespace atrium::media {

uint32_t RandomSsrc() {
  uint32_t ssrc = 0;
  std::memcpy(&ssrc, RandomBytes(sizeof ssrc).data(), sizeof ssrc);
  return ssrc | 1;
}

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
