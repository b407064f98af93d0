#include "media/bitrate.h"

#include <algorithm>

namespace atrium::media {
namespace {

// Above the first it is too much, below the second it may be more.
constexpr double kMuchLoss = 0.10, kLittleLoss = 0.02;
// A queue that grows by so much in two reports in a row grows because of us.
constexpr absl::Duration kGrowth = absl::Milliseconds(20);
constexpr int kLateReports = 2;
constexpr double kDelayCut = 0.85;
constexpr double kRaisePerSecond = 1.08;
// Of what it is said to bear: with less in use nothing is proven.
constexpr double kUsed = 0.5;
// Who was left behind comes back at so much of the floor.
constexpr double kComeBack = 1.5;

}  // namespace

void LinkEstimate::Take(const LinkReport& report, absl::Duration now) {
  const absl::Duration since = now - taken_at_.value_or(now - limits::kLinkSpacing);
  taken_at_ = now;
  late_reports_ = report.delay_growth > kGrowth ? late_reports_ + 1 : 0;
  // Far less comes through than was thought: begin from there.
  const auto received = static_cast<double>(report.received_bps);
  if (report.loss > kMuchLoss) {
    bps_ = std::min(bps_, std::max(received, bps_ / 2)) * (1 - report.loss / 2);
  } else if (late_reports_ >= kLateReports) {
    bps_ = std::min(bps_, std::max(received, bps_ / 2)) * kDelayCut;
    late_reports_ = 0;
  } else if (report.loss < kLittleLoss && (received > bps_ * kUsed || left_behind_)) {
    // Whoever is left behind hears of little, and so tells little.
    const double seconds = absl::ToDoubleSeconds(std::min(since, limits::kLeftBehindPicture));
    bps_ *= 1 + (kRaisePerSecond - 1) * seconds;
  }
  const auto floor = static_cast<double>(limits::kScreenFloorBps);
  if (bps_ < floor) left_behind_ = true;
  if (bps_ >= floor * kComeBack) left_behind_ = false;
  bps_ = std::clamp(bps_, floor / 2, static_cast<double>(limits::kScreenCeilingBps));
}

int64_t BitrateFor(const std::map<std::string, LinkEstimate>& links) {
  int64_t least = limits::kScreenCeilingBps;
  bool any = false, all_left = !links.empty();
  for (const auto& [name, link] : links) {
    any = true;
    if (link.left_behind()) continue;
    all_left = false;
    least = std::min(least, link.bps());
  }
  if (!any) return limits::kScreenStartBps;
  return all_left ? limits::kScreenFloorBps : std::max(least, limits::kScreenFloorBps);
}

}  // namespace atrium::media
