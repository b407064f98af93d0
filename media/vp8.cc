#include "media/vp8.h"

#include <utility>

#include "media/limits.h"

namespace atrium::media {
namespace {

// The frame header of a key frame: tag, start code, width, height.
constexpr size_t kKeyHeaderBytes = 10;

// How many bytes of an RTP payload are not the picture's; none if it is cut short.
std::optional<size_t> DescriptorBytes(std::span<const uint8_t> payload) {
  size_t at = 0;
  const auto next = [&]() -> int { return at < payload.size() ? payload[at++] : -1; };
  const int first = next();
  if (first >= 0 && (first & 0x80) != 0) {
    const int extension = next();
    if (extension < 0) return std::nullopt;
    if ((extension & 0x80) != 0 && (next() & 0x80) != 0) next();  // The picture's id.
    if ((extension & 0x40) != 0) next();
    if ((extension & 0x30) != 0) next();
  }
  if (at >= payload.size()) return std::nullopt;
  return at;
}

// Of a key frame's first bytes; none if they are not those.
std::optional<KeyFrameCollector::KeyFrame> ReadHeader(std::span<const uint8_t> picture) {
  if (picture.size() < kKeyHeaderBytes) return std::nullopt;
  if (picture[3] != 0x9d || picture[4] != 0x01 || picture[5] != 0x2a) return std::nullopt;
  KeyFrameCollector::KeyFrame frame;
  frame.width = (picture[6] | picture[7] << 8) & 0x3fff;
  frame.height = (picture[8] | picture[9] << 8) & 0x3fff;
  const bool seen = frame.width > 0 && frame.height > 0;
  if (!seen || frame.width * frame.height > limits::kStillPixels) return std::nullopt;
  return frame;
}

}  // namespace

bool BeginsKeyFrame(std::span<const uint8_t> payload) {
  const std::optional<size_t> descriptor = DescriptorBytes(payload);
  if (!descriptor || (payload[0] & 0x17) != 0x10) return false;  // Not the first of a picture.
  return (payload[*descriptor] & 1) == 0;
}

std::optional<KeyFrameCollector::KeyFrame> KeyFrameCollector::Take(
    uint16_t sequence, bool marker, std::span<const uint8_t> payload) {
  const std::optional<size_t> descriptor = DescriptorBytes(payload);
  if (!descriptor) {
    frame_.reset();
    return std::nullopt;
  }
  const std::span<const uint8_t> picture = payload.subspan(*descriptor);
  if (BeginsKeyFrame(payload)) {
    frame_ = ReadHeader(picture);
  } else if (sequence != next_) {
    frame_.reset();
  }
  next_ = static_cast<uint16_t>(sequence + 1);
  if (!frame_) return std::nullopt;
  if (frame_->bytes.size() + picture.size() > limits::kStillKeyFrameBytes) {
    frame_.reset();
    return std::nullopt;
  }
  frame_->bytes.append(reinterpret_cast<const char*>(picture.data()), picture.size());
  if (!marker) return std::nullopt;
  return std::exchange(frame_, std::nullopt);
}

}  // namespace atrium::media
