// Tones to say, and how much of a tone is heard.
#ifndef ATRIUM_TESTS_MEDIA_TONES_H_
#define ATRIUM_TESTS_MEDIA_TONES_H_

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "media/frame.h"

namespace atrium::media {

inline Frame ToneFrame(double hertz, double amplitude, int64_t first_sample = 0) {
  Frame frame;
  for (size_t i = 0; i < kFrameSamples; ++i) {
    const double t = static_cast<double>(first_sample + static_cast<int64_t>(i)) / kSampleRate;
    frame[i] = static_cast<int16_t>(std::lround(amplitude * std::sin(2 * M_PI * hertz * t)));
  }
  return frame;
}

// The tone's amplitude in what was heard, by Goertzel.
inline double ToneIn(const int16_t* samples, size_t count, double hertz) {
  const double w = 2 * M_PI * hertz / kSampleRate;
  double a = 0, b = 0;
  for (size_t i = 0; i < count; ++i) {
    const double c = samples[i] + 2 * std::cos(w) * a - b;
    b = a;
    a = c;
  }
  const double power = a * a + b * b - 2 * std::cos(w) * a * b;
  return 2 * std::sqrt(std::max(0.0, power)) / static_cast<double>(count);
}
inline double ToneIn(const Frame& frame, double hertz) {
  return ToneIn(frame.data(), frame.size(), hertz);
}

inline std::string TonePcm(double hertz, double amplitude, int64_t first_sample, int64_t count) {
  std::string bytes;
  for (int64_t i = first_sample; i < first_sample + count; ++i) {
    const auto sample = static_cast<int16_t>(
        std::lround(amplitude * std::sin(2 * M_PI * hertz * static_cast<double>(i) / kSampleRate)));
    bytes += static_cast<char>(sample & 0xff);
    bytes += static_cast<char>((sample >> 8) & 0xff);
  }
  return bytes;
}

}  // namespace atrium::media

#endif  // ATRIUM_TESTS_MEDIA_TONES_H_
