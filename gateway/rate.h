// Rate is a budget that refills steadily: so much a second, with a burst. Whoever
// spends more is made to wait. Gcra says no instead. Both pure.
#ifndef ATRIUM_GATEWAY_RATE_H_
#define ATRIUM_GATEWAY_RATE_H_

#include <algorithm>

#include "absl/time/time.h"

namespace atrium::gateway {

class Rate {
 public:
  Rate(double per_second, double burst, absl::Duration now)
      : per_second_(per_second), burst_(burst), credit_(burst), at_(now) {}

  // Spends `cost`, which is always granted; answers how long to wait before more
  // may be spent, zero if there is credit left.
  absl::Duration Spend(double cost, absl::Duration now) {
    credit_ = std::min(burst_, credit_ + absl::ToDoubleSeconds(now - at_) * per_second_) - cost;
    at_ = now;
    return credit_ < 0 ? absl::Seconds(-credit_ / per_second_) : absl::ZeroDuration();
  }

 private:
  const double per_second_, burst_;
  double credit_;
  absl::Duration at_;
};

// The generic cell rate algorithm: one at a time, evenly, with a burst.
class Gcra {
 public:
  Gcra(double per_second, double burst)
      : interval_(absl::Seconds(1 / per_second)), tolerance_(interval_ * (burst - 1)) {}

  // Zero if one may pass now; else how long to wait, and nothing is counted.
  absl::Duration Take(absl::Duration now) {
    const absl::Duration due = std::max(due_, now);
    if (due - now > tolerance_) return due - now - tolerance_;
    due_ = due + interval_;
    return absl::ZeroDuration();
  }
  // As if nothing had passed yet.
  bool Rested(absl::Duration now) const { return due_ <= now; }

 private:
  const absl::Duration interval_, tolerance_;
  absl::Duration due_ = -absl::InfiniteDuration();
};

}  // namespace atrium::gateway

#endif  // ATRIUM_GATEWAY_RATE_H_
