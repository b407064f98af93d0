// Feeds is the gateway's streams from the terminal process: one for each tab that
// any page looks at, and one for each reader that may miss nothing.
//
// On the loop.
#ifndef ATRIUM_GATEWAY_BRIDGE_FEEDS_H_
#define ATRIUM_GATEWAY_BRIDGE_FEEDS_H_

#include <map>
#include <memory>
#include <string>

#include "common/loop.h"
#include "gateway/bridge/tab_feed.h"

namespace atrium::gateway {

class Feeds {
 public:
  // `terminals` outlives it.
  Feeds(Loop* loop, Terminals* terminals) : loop_(loop), terminals_(terminals) {}

  // Puts the cursor on its tab's stream; the answer lives until Leave().
  TabFeed* Join(const std::string& tab, Cursor* cursor) {
    auto& feed = feeds_[KeyOf(tab, *cursor)];
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
  void Leave(const std::string& tab, Cursor* cursor) {
    auto feed = feeds_.find(KeyOf(tab, *cursor));
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
  static std::string KeyOf(const std::string& tab, const Cursor& cursor) {
    return cursor.lossless ? tab + " " + cursor.attachment : tab;
  }

  // Given.
  Loop* const loop_;
  Terminals* const terminals_;
  // Owned.
  std::map<std::string, std::unique_ptr<TabFeed>> feeds_;
};

}  // namespace atrium::gateway

#endif  // ATRIUM_GATEWAY_BRIDGE_FEEDS_H_
