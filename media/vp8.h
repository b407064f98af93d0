// What there is to know of VP8 without decoding it, see RFC 7741 and RFC 6386, section
// 9.1. Pure.
#ifndef ATRIUM_MEDIA_VP8_H_
#define ATRIUM_MEDIA_VP8_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace atrium::media {

// Whether an RTP payload begins a picture that needs none before it.
bool BeginsKeyFrame(std::span<const uint8_t> payload);

// Puts one such picture together out of the packets of a stream. Whoever sends them is
// not trusted: what is too large, in bytes or in pixels, is passed over.
class KeyFrameCollector {
 public:
  struct KeyFrame {
    std::string bytes;
    int width = 0, height = 0;
  };

  // Takes the next packet. A picture that has come whole is returned; `sequence` tells
  // whether something of it is missing, `marker` ends it.
  std::optional<KeyFrame> Take(uint16_t sequence, bool marker, std::span<const uint8_t> payload);
  // Forgets what has come of one.
  void Reset() { frame_.reset(); }

 private:
  std::optional<KeyFrame> frame_;  // What has come of it.
  uint16_t next_ = 0;
};

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_VP8_H_
