#include "control/agent/voices.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "absl/time/time.h"
#include "control/limits.h"

namespace atrium::control {
namespace {

constexpr int64_t kSamplesASecond = 24000;
constexpr double kLeastShare = 0.1;

}  // namespace

void Voices::Add(int64_t position, int64_t samples,
                 std::vector<std::pair<std::string, float>> audible_dbfs) {
  if (!audible_dbfs.empty()) frames_.push_back({position, samples, std::move(audible_dbfs)});
  const int64_t oldest = position - absl::ToInt64Seconds(limits::kVoiceMemory) * kSamplesASecond;
  while (!frames_.empty() && frames_.front().position < oldest) frames_.pop_front();
}

std::vector<std::string> Voices::Heard(int64_t from, int64_t to) const {
  std::map<std::string, double> energy;
  for (const Frame& frame : frames_) {
    if (frame.position + frame.samples <= from || frame.position >= to) continue;
    for (const auto& [who, dbfs] : frame.audible) energy[who] += std::pow(10.0, dbfs / 10.0);
  }
  std::vector<std::pair<double, std::string>> order;
  for (const auto& [who, sum] : energy) order.emplace_back(-sum, who);
  std::sort(order.begin(), order.end());
  std::vector<std::string> heard;
  for (const auto& [minus_sum, who] : order) {
    if (minus_sum <= order.front().first * kLeastShare) heard.push_back(who);
  }
  return heard;
}

}  // namespace atrium::control
