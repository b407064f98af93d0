// LagTeller decides what control is told of how far a page is behind (N3): what
// changed, and once when it recovered. Asked every limits::kLagInterval. Pure.
#ifndef ATRIUM_GATEWAY_BRIDGE_LAG_H_
#define ATRIUM_GATEWAY_BRIDGE_LAG_H_

#include <cstdint>
#include <optional>

#include "atrium/v1/session.pb.h"
#include "common/limits.h"

namespace atrium::gateway {

class LagTeller {
 public:
  // What counts of a tab's lag: within its window a page is as it should be.
  static int64_t Counted(int64_t lag_bytes) {
    return lag_bytes > atrium::limits::kTerminalWindowBytes ? lag_bytes : 0;
  }
  // What to tell now; nothing if that is what was told last.
  std::optional<atrium::v1::Lag> Look(int64_t bytes, int64_t skips) {
    if (bytes == told_.bytes() && skips == told_.skips()) return std::nullopt;
    told_.set_bytes(bytes);
    told_.set_skips(skips);
    return told_;
  }

 private:
  atrium::v1::Lag told_;
};

}  // namespace atrium::gateway

#endif  // ATRIUM_GATEWAY_BRIDGE_LAG_H_
