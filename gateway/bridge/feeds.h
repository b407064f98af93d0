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

namespace atrium::gateway {

class Feeds {
 public:
  // `terminals` outlives it.
  Feeds(Loop* loop, Terminals* terminals) : loop_(loop), terminals_(terminals) {}

  // Puts the cursor on its tab's stream; the answer lives until Leave().
  TabFeed* Join(const std::string& tab, Cursor* cursor) {
    cursor->feed = tab;
    if (cursor->lossless) cursor->feed += StrCat(" ", cursor->attachment);
    const auto shared = feeds_.find(tab);
    if (shared != feeds_.end() && !cursor->lossless && shared->second->BeganAfter(cursor->offset)) {
      cursor->feed += StrCat(" ", ++own_feeds_);
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
    loop_->Post([last] {});
  }
  size_t size() const { return feeds_.size(); }

 private:
  // Given.
  Loop* const loop_;
  Terminals* const terminals_;
  // Owned.
  std::map<std::string, std::unique_ptr<TabFeed>> feeds_;  // By Cursor::feed.
  // State.
  int64_t own_feeds_ = 0;
};

}  // namespace atrium::gateway

#endif  // ATRIUM_GATEWAY_BRIDGE_FEEDS_H_
