// History is what was said, as a new provider session is told it. Pure.
#ifndef ATRIUM_CONTROL_AGENT_HISTORY_H_
#define ATRIUM_CONTROL_AGENT_HISTORY_H_

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include "control/agent/provider.h"
#include "control/limits.h"

namespace atrium::control {

class History {
 public:
  void Add(HistoryItem item) {
    items_.push_back(std::move(item));
    ++end_;
    if (items_.size() > limits::kHistoryItems) items_.pop_front();
  }
  // How many there were, in all.
  int64_t end() const { return end_; }
  std::vector<HistoryItem> All() const { return {items_.begin(), items_.end()}; }
  // Those since there were `end`, as far as they are kept.
  std::vector<HistoryItem> Since(int64_t end) const {
    const int64_t first = end_ - static_cast<int64_t>(items_.size());
    return {items_.begin() + std::clamp<int64_t>(end - first, 0, end_ - first), items_.end()};
  }

 private:
  std::deque<HistoryItem> items_;
  int64_t end_ = 0;
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_AGENT_HISTORY_H_
