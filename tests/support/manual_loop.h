// A Loop whose time moves only when told. Nothing in a test sleeps. What is watched
// is looked at by Poll() alone.
#ifndef ATRIUM_TESTS_SUPPORT_MANUAL_LOOP_H_
#define ATRIUM_TESTS_SUPPORT_MANUAL_LOOP_H_

#include <poll.h>

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "common/loop.h"

namespace atrium {

class ManualLoop final : public Loop {
 public:
  // What still waits may hold handles of ours.
  ~ManualLoop() override {
    std::exchange(posted_, {}).clear();
    std::exchange(timers_, {}).clear();
    std::exchange(watches_, {}).clear();
  }
  // Safe on any thread, as a Loop's.
  void Post(Fn fn) override {
    std::lock_guard<std::mutex> lock(mu_);
    posted_.push_back(std::move(fn));
  }
  HandlePtr After(absl::Duration delay, Fn fn) override {
    const Key key{now_ + delay, next_++};
    timers_.emplace(key, std::move(fn));
    return std::make_unique<Timer>(this, key);
  }
  HandlePtr WatchReadable(int fd, Fn fn) override { return NewWatch(fd, POLLIN, std::move(fn)); }
  HandlePtr WatchWritable(int fd, Fn fn) override { return NewWatch(fd, POLLOUT, std::move(fn)); }
  absl::Time Now() const override { return start_ + now_; }
  absl::Duration Monotonic() const override { return now_; }
  bool OnLoop() const override { return true; }

  void RunPosted() {
    for (;;) {
      Fn fn;
      {
        std::lock_guard<std::mutex> lock(mu_);
        if (posted_.empty()) return;
        fn = std::move(posted_.front());
        posted_.pop_front();
      }
      fn();
    }
  }
  // Serves what can be read or written now, each once, and what that posts. False if
  // there was nothing.
  bool Poll() {
    RunPosted();
    bool any = false;
    std::vector<int> ids;
    for (const auto& [id, watch] : watches_) ids.push_back(id);
    for (const int id : ids) {
      auto it = watches_.find(id);
      if (it == watches_.end()) continue;
      pollfd fd{it->second.fd, it->second.events, 0};
      if (poll(&fd, 1, 0) <= 0) continue;
      any = true;
      // It may end its own watch.
      const std::shared_ptr<Fn> fn = it->second.fn;
      (*fn)();
      RunPosted();
    }
    return any;
  }
  // Something is watched.
  bool watches() const { return !watches_.empty(); }
  void Advance(absl::Duration by) {
    const absl::Duration end = now_ + by;
    RunPosted();
    while (!timers_.empty() && timers_.begin()->first.first <= end) {
      auto node = timers_.extract(timers_.begin());
      now_ = node.key().first;
      node.mapped()();
      RunPosted();
    }
    now_ = end;
  }

 private:
  using Key = std::pair<absl::Duration, int>;
  class Timer final : public Handle {
   public:
    Timer(ManualLoop* loop, Key key) : loop_(loop), key_(key) {}
    ~Timer() override { loop_->timers_.erase(key_); }

   private:
    ManualLoop* loop_;
    Key key_;
  };

  struct Watched {
    int fd;
    short events;
    std::shared_ptr<Fn> fn;
  };
  class Watch final : public Handle {
   public:
    Watch(ManualLoop* loop, int id) : loop_(loop), id_(id) {}
    ~Watch() override { loop_->watches_.erase(id_); }

   private:
    ManualLoop* loop_;
    int id_;
  };
  HandlePtr NewWatch(int fd, short events, Fn fn) {
    const int id = next_++;
    watches_[id] = {fd, events, std::make_shared<Fn>(std::move(fn))};
    return std::make_unique<Watch>(this, id);
  }

  std::mutex mu_;
  std::deque<Fn> posted_;  // Protected by mu_.
  std::map<Key, Fn> timers_;
  std::map<int, Watched> watches_;
  absl::Time start_ = absl::FromUnixSeconds(1700000000);
  absl::Duration now_ = absl::ZeroDuration();
  int next_ = 0;
};

}  // namespace atrium

#endif  // ATRIUM_TESTS_SUPPORT_MANUAL_LOOP_H_
