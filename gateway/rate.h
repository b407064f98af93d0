// Rate is a budget that refills steadily: so much a second, with a burst. Pure.
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

}  // namespace atrium::gateway

#endif  // ATRIUM_GATEWAY_RATE_H_
