#include "control/agent/echo.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace atrium::control {
namespace {

constexpr int kDown = 3;  // 24 kHz to 8 kHz.
constexpr size_t kSamplesAMs = 8;
// What was played is kept so long: the way there and back, and its news.
constexpr size_t kPlayedSamples = 1600 * kSamplesAMs;
constexpr size_t kHeardSamples = 400 * kSamplesAMs;
// Less says nothing.
constexpr size_t kLeastSamples = 120 * kSamplesAMs;
// Two voices are about half as alike, by chance.
constexpr double kAlike = 0.6;
constexpr double kFloorPower = 30.0 * 30.0;

void Add(const std::string& pcm, size_t most, std::deque<float>* to) {
  std::vector<int16_t> samples(pcm.size() / sizeof(int16_t));
  std::memcpy(samples.data(), pcm.data(), samples.size() * sizeof(int16_t));
  for (size_t i = 0; i + kDown <= samples.size(); i += kDown) {
    to->push_back(static_cast<float>(samples[i] + samples[i + 1] + samples[i + 2]) / kDown);
  }
  if (to->size() > most) to->erase(to->begin(), to->end() - static_cast<int64_t>(most));
}

}  // namespace

void Echo::AddPlayed(const std::string& pcm) { Add(pcm, kPlayedSamples, &played_); }
void Echo::AddHeard(const std::string& pcm) { Add(pcm, kHeardSamples, &heard_); }

bool Echo::Echoes(int64_t ms) const {
  const size_t wanted = static_cast<size_t>(std::max<int64_t>(ms, 0)) * kSamplesAMs;
  const size_t n = std::min(std::max(wanted, kLeastSamples), heard_.size());
  if (n < kLeastSamples || played_.size() < n) return false;
  const std::vector<float> heard(heard_.end() - static_cast<int64_t>(n), heard_.end());
  const std::vector<float> played(played_.begin(), played_.end());
  double power = 0;
  for (const float sample : heard) power += static_cast<double>(sample) * sample;
  if (power / static_cast<double>(n) < kFloorPower) return false;
  double under = 0;
  for (size_t i = 0; i < n; ++i) under += static_cast<double>(played[i]) * played[i];
  for (size_t lag = 0;; ++lag) {
    float dot = 0;
    for (size_t i = 0; i < n; ++i) dot += heard[i] * played[lag + i];
    if (under > kFloorPower * static_cast<double>(n) &&
        std::abs(dot) / std::sqrt(power * under) > kAlike) {
      return true;
    }
    if (lag + n >= played.size()) return false;
    under += static_cast<double>(played[lag + n]) * played[lag + n] -
             static_cast<double>(played[lag]) * played[lag];
  }
}

}  // namespace atrium::control
