// Feeds is the gateway's streams from the terminal process: one for each tab that
// any page looks at, one for each reader that may miss nothing, and one for each page
// that comes back to bytes from before the others' stream began.
//
// On the loop.
#ifndef ATRIUM_GATEWAY_BRIDGE_FEEDS_H_
#define ATRIUM_GATEWAY_BRIDGE_FEEDS_H_

#include <map>
#include <memory>
#include <string>

#include "common/loop.h"
#include "common/str_cat.h"
#include "gateway/bridge/tab_feed.h"
#include "gateway/limits.h"

namespace atrium::gateway {

class Feeds {
 public:
  // `terminals` outlives it.
  Feeds(Loop* loop, Terminals* terminals) : loop_(loop), terminals_(terminals) {}

  // Puts the cursor on its tab's stream; the answer lives until Leave().
  TabFeed* Join(const std::string& tab, Cursor* cursor) {
    cursor->feed = tab;
    const auto shared = feeds_.find(tab);
    if (cursor->lossless) {
      cursor->feed += StrCat(" ", cursor->attachment);
    } else if (shared != feeds_.end() && shared->second->BeganAfter(cursor->offset) &&
               MayHaveOwn(tab)) {
      cursor->feed += StrCat(kOwn, ++own_made_);
      ++own_;
    }
    auto& feed = feeds_[cursor->feed];
    if (feed == nullptr) {
      feed = std::make_unique<TabFeed>(
          loop_, terminals_,
          TabFeed::Options{.tab = tab,
                           .lossless_attachment = cursor->lossless ? cursor->attachment : ""});
    }
    feed->Add(cursor);
    return feed.get();
  }
  // Takes it off; a stream that nobody reads ends.
  void Leave(Cursor* cursor) {
    auto feed = feeds_.find(cursor->feed);
    if (feed == feeds_.end()) return;
    feed->second->Remove(cursor);
    if (!feed->second->empty()) return;
    // We may be inside one of its calls.
    std::shared_ptr<TabFeed> last = std::move(feed->second);
    feeds_.erase(feed);
    if (IsOwn(*cursor)) --own_;
    loop_->Post([last] {});
  }
  // Puts a cursor that has caught up on the others' stream; the stream that it is on.
  TabFeed* Settle(const std::string& tab, Cursor* cursor, TabFeed* feed) {
    if (!IsOwn(*cursor) || !cursor->settled()) return feed;
    const auto shared = feeds_.find(tab);
    if (shared == feeds_.end() || !shared->second->Holds(cursor->offset)) return feed;
    Leave(cursor);
    return Join(tab, cursor);
  }
  size_t size() const { return feeds_.size(); }

 private:
  static constexpr char kOwn[] = " own ";
  static bool IsOwn(const Cursor& cursor) {
    return cursor.feed.find(kOwn) != std::string::npos;
  }
  bool MayHaveOwn(const std::string& tab) const {
    const std::string prefix = tab + kOwn;
    size_t count = 0;
    for (auto it = feeds_.lower_bound(prefix);
         it != feeds_.end() && it->first.compare(0, prefix.size(), prefix) == 0; ++it) {
      ++count;
    }
    return count < limits::kOwnFeedsPerTab && own_ < limits::kOwnFeeds;
  }

  // Given.
  Loop* const loop_;
  Terminals* const terminals_;
  // Owned.
  std::map<std::string, std::unique_ptr<TabFeed>> feeds_;  // By Cursor::feed.
  // State.
  int64_t own_made_ = 0;
  size_t own_ = 0;  // Streams that are one page's alone.
};

}  // namespace atrium::gateway

#endif  // ATRIUM_GATEWAY_BRIDGE_FEEDS_H_
