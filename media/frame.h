// All audio inside: 24 kHz mono signed 16-bit PCM, in frames of 20 ms.
#ifndef ATRIUM_MEDIA_FRAME_H_
#define ATRIUM_MEDIA_FRAME_H_

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace atrium::media {

inline constexpr int kSampleRate = 24000;
inline constexpr size_t kFrameSamples = 480;
inline constexpr int64_t kFrameNanos = 20'000'000;

using Frame = std::array<int16_t, kFrameSamples>;

// The level of nothing.
inline constexpr float kFloorDbfs = -90;
// Louder than this is audible.
inline constexpr float kAudibleDbfs = -50;

// Root mean square in dB below full scale, -90 to 0.
inline float LevelOf(const Frame& frame) {
  double sum = 0;
  for (int16_t sample : frame) sum += static_cast<double>(sample) * sample;
  const double power = sum / (kFrameSamples * 32768.0 * 32768.0);
  if (power <= 1e-9) return kFloorDbfs;
  return std::clamp(static_cast<float>(10 * std::log10(power)), kFloorDbfs, 0.0f);
}

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_FRAME_H_
