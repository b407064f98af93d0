// How much a screen may send in a second: what the link of each who watches bears, found
// from loss and growing delay, and one figure out of those. Pure.
#ifndef ATRIUM_MEDIA_BITRATE_H_
#define ATRIUM_MEDIA_BITRATE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "media/limits.h"

namespace atrium::media {

// What the other end told of a link.
struct LinkReport {
  double loss = 0;              // Of packets, 0 to 1.
  absl::Duration delay_growth;  // How much later the last came than the first.
  int64_t received_bps = 0;
};

// What one link bears: less at once when it loses or delays, more slowly when it does not.
class LinkEstimate {
 public:
  // At `now`, which only goes forward.
  void Take(const LinkReport& report, absl::Duration now);
  int64_t bps() const { return static_cast<int64_t>(bps_); }
  // It bears less than a screen needs: it is left out of what is sent to all, until it
  // bears clearly more again.
  bool left_behind() const { return left_behind_; }

 private:
  double bps_ = static_cast<double>(limits::kScreenStartBps);
  std::optional<absl::Duration> taken_at_;
  int late_reports_ = 0;  // In a row.
  bool left_behind_ = false;
};

// Of those who watch, by name: what is sent to all is what the worst of them bears, but for
// those who are left behind, who would ruin it for all.
int64_t BitrateFor(const std::map<std::string, LinkEstimate>& links);

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_BITRATE_H_
