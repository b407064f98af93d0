// A Loop whose time moves only when told. Nothing in a test sleeps.
#ifndef ATRIUM_TESTS_SUPPORT_MANUAL_LOOP_H_
#define ATRIUM_TESTS_SUPPORT_MANUAL_LOOP_H_

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "common/loop.h"

namespace atrium {

class ManualLoop final : public Loop {
 public:
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
  HandlePtr WatchReadable(int, Fn) override { return nullptr; }
  HandlePtr WatchWritable(int, Fn) override { return nullptr; }
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

  std::mutex mu_;
  std::deque<Fn> posted_;  // Protected by mu_.
  std::map<Key, Fn> timers_;
  absl::Time start_ = absl::FromUnixSeconds(1700000000);
  absl::Duration now_ = absl::ZeroDuration();
  int next_ = 0;
};

}  // namespace atrium

#endif  // ATRIUM_TESTS_SUPPORT_MANUAL_LOOP_H_
