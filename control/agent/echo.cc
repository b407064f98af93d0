#include "control/agent/echo.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "control/limits.h"

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
// It is looked for at 2 kHz, and made sure of at 8 kHz around the likeliest lags.
constexpr size_t kCoarse = 4;
constexpr size_t kLikelyLags = 8;
constexpr size_t kAround = 2 * kCoarse;

// Of both searches, and of the powers that they need.
constexpr size_t kCoarseCost =
    (kPlayedSamples - kHeardSamples + 2 * kCoarse) / kCoarse * (kHeardSamples / kCoarse + 2);
constexpr size_t kFineCost = kLikelyLags * (kAround + 2) * (kHeardSamples + 2);
static_assert(kCoarseCost + kFineCost + 2 * kHeardSamples <= limits::kEchoMultiplyAdds);

void Add(const std::string& pcm, size_t most, std::deque<float>* to) {
  std::vector<int16_t> samples(pcm.size() / sizeof(int16_t));
  pcm.copy(reinterpret_cast<char*>(samples.data()), samples.size() * sizeof(int16_t));
  for (size_t i = 0; i + kDown <= samples.size(); i += kDown) {
    to->push_back(static_cast<float>(samples[i] + samples[i + 1] + samples[i + 2]) / kDown);
  }
  if (to->size() > most) to->erase(to->begin(), to->end() - static_cast<int64_t>(most));
}

// At a quarter of the rate; the newest samples are whole.
std::vector<float> Coarse(const std::vector<float>& samples) {
  std::vector<float> out;
  for (size_t i = samples.size() % kCoarse; i < samples.size(); i += kCoarse) {
    out.push_back((samples[i] + samples[i + 1] + samples[i + 2] + samples[i + 3]) / kCoarse);
  }
  return out;
}

}  // namespace

void Echo::AddPlayed(const std::string& pcm) { Add(pcm, kPlayedSamples, &played_); }
void Echo::AddHeard(const std::string& pcm) { Add(pcm, kHeardSamples, &heard_); }

double Echo::Dot(const float* one, const float* other, size_t n) {
  multiply_adds_ += static_cast<int64_t>(n);
  // Sums of their own, which need not wait for one another.
  std::array<float, 8> sums{};
  size_t i = 0;
  for (; i + sums.size() <= n; i += sums.size()) {
    for (size_t k = 0; k < sums.size(); ++k) sums[k] += one[i + k] * other[i + k];
  }
  double sum = 0;
  for (const float part : sums) sum += part;
  for (; i < n; ++i) sum += static_cast<double>(one[i]) * other[i];
  return sum;
}

std::vector<size_t> Echo::LikelyLags(const Samples& heard, const Samples& played) {
  const size_t n = heard.size();
  std::vector<double> likeness;
  double under = Dot(played.data(), played.data(), n);
  for (size_t lag = 0;; ++lag) {
    const double dot = Dot(heard.data(), &played[lag], n);
    likeness.push_back(under > 0 ? dot * dot / under : 0);
    if (lag + n >= played.size()) break;
    multiply_adds_ += 2;
    under += static_cast<double>(played[lag + n]) * played[lag + n] -
             static_cast<double>(played[lag]) * played[lag];
  }
  std::vector<std::pair<double, size_t>> peaks;
  for (size_t lag = 0; lag < likeness.size(); ++lag) {
    if (lag > 0 && likeness[lag] < likeness[lag - 1]) continue;
    if (lag + 1 < likeness.size() && likeness[lag] < likeness[lag + 1]) continue;
    peaks.emplace_back(likeness[lag], lag);
  }
  std::sort(peaks.rbegin(), peaks.rend());
  if (peaks.size() > kLikelyLags) peaks.resize(kLikelyLags);
  std::vector<size_t> lags;
  for (const auto& [how, lag] : peaks) lags.push_back(lag);
  return lags;
}

bool Echo::AlikeAt(const Samples& heard, double power, const Samples& played, size_t first,
                   size_t last) {
  const size_t n = heard.size();
  double under = Dot(&played[first], &played[first], n);
  for (size_t lag = first;; ++lag) {
    const double dot = Dot(heard.data(), &played[lag], n);
    if (under > kFloorPower * static_cast<double>(n) &&
        std::abs(dot) / std::sqrt(power * under) > kAlike) {
      return true;
    }
    if (lag == last) return false;
    multiply_adds_ += 2;
    under += static_cast<double>(played[lag + n]) * played[lag + n] -
             static_cast<double>(played[lag]) * played[lag];
  }
}

bool Echo::Echoes(int64_t ms) {
  multiply_adds_ = 0;
  const size_t wanted = static_cast<size_t>(std::max<int64_t>(ms, 0)) * kSamplesAMs;
  const size_t n = std::min(std::max(wanted, kLeastSamples), heard_.size());
  if (n < kLeastSamples || played_.size() < n) return false;
  const Samples heard(heard_.end() - static_cast<int64_t>(n), heard_.end());
  const Samples played(played_.begin(), played_.end());
  const double power = Dot(heard.data(), heard.data(), n);
  if (power / static_cast<double>(n) < kFloorPower) return false;
  const Samples coarse_heard = Coarse(heard), coarse_played = Coarse(played);
  const size_t last = played.size() - n;
  // Both end at the same moment, and so are counted from their ends.
  const size_t coarse_last = coarse_played.size() - coarse_heard.size();
  for (const size_t lag : LikelyLags(coarse_heard, coarse_played)) {
    const size_t back = (coarse_last - lag) * kCoarse;
    const size_t at = last - std::min(back, last);
    if (AlikeAt(heard, power, played, at - std::min(at, kAround / 2),
                std::min(at + kAround / 2, last))) {
      return true;
    }
  }
  return false;
}

}  // namespace atrium::control
