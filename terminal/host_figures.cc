// Host: what there is at a moment, for /metrics.
#include <algorithm>

#include "terminal/host.h"

namespace atrium::terminal {

Presence Host::Present() const {
  using atrium::v1::Tab;
  Presence now;
  for (const Tab::State state : {Tab::RUNNING, Tab::EXITED, Tab::LOST}) {
    now.terminals[Tab::State_Name(state)] = 0;
  }
  for (const auto& [tab, entry] : entries_) {
    const Terminal& terminal = *entry.terminal;
    ++now.terminals[Tab::State_Name(terminal.state())];
    const int64_t lag = terminal.screen_lag_bytes();
    now.screen_lag_bytes += lag;
    now.worst_screen_lag_bytes = std::max(now.worst_screen_lag_bytes, lag);
    if (terminal.paused_by().empty()) continue;
    ++now.pausing[std::string(terminal.paused_by())];
    now.pausing_for[std::string(terminal.paused_by())] += terminal.paused_for();
  }
  now.attachments = static_cast<int64_t>(attachments_.all().size());
  now.memory_bytes = bounds_.memory_bytes();
  now.memory_limit_bytes = options_.bounds.all_memory_bytes;
  now.audit_lost = audit_.lost();
  return now;
}

}  // namespace atrium::terminal
