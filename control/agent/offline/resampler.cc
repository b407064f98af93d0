#include "control/agent/offline/resampler.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace atrium::agent {
namespace {

constexpr int kTaps = 32;  // Of input, for one output.

}  // namespace

Resampler::Resampler(int from_hz, int to_hz)
    : up_(to_hz / std::gcd(from_hz, to_hz)), down_(from_hz / std::gcd(from_hz, to_hz)) {
  const double cutoff = std::min(1.0, static_cast<double>(to_hz) / from_hz) * 0.95;
  for (int phase = 0; phase < up_; ++phase) {
    std::vector<float> taps(kTaps);
    double sum = 0;
    for (int i = 0; i < kTaps; ++i) {
      const double x = i - (kTaps / 2 - 1) - static_cast<double>(phase) / up_;
      const double sinc = x == 0 ? 1 : std::sin(M_PI * cutoff * x) / (M_PI * cutoff * x);
      const double window = 0.5 + 0.5 * std::cos(2 * M_PI * x / (kTaps + 1));
      taps[i] = static_cast<float>(sinc * window);
      sum += taps[i];
    }
    for (float& tap : taps) tap = static_cast<float>(tap / sum);
    phases_.push_back(std::move(taps));
  }
  held_.assign(kTaps / 2 - 1, 0);
}

std::vector<int16_t> Resampler::Process(const int16_t* samples, size_t count) {
  held_.insert(held_.end(), samples, samples + count);
  std::vector<int16_t> out;
  for (;; next_ += down_) {
    const auto at = static_cast<size_t>(next_ / up_);
    if (at + kTaps > held_.size()) break;
    const std::vector<float>& taps = phases_[next_ % up_];
    float sum = 0;
    for (int i = 0; i < kTaps; ++i) sum += taps[i] * held_[at + i];
    out.push_back(static_cast<int16_t>(std::clamp(sum, -32768.f, 32767.f)));
  }
  const auto used = std::min(static_cast<size_t>(next_ / up_), held_.size());
  held_.erase(held_.begin(), held_.begin() + static_cast<int64_t>(used));
  next_ -= static_cast<int64_t>(used) * up_;
  return out;
}

}  // namespace atrium::agent
