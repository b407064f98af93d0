// MixClock is the thread that every room's audio runs on: one tick each 20 ms. It
// is one of the two named exceptions to "all state on the loop"; see Desk.
#ifndef ATRIUM_MEDIA_CLOCK_H_
#define ATRIUM_MEDIA_CLOCK_H_

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "media/gst_ref.h"

namespace atrium::media {

class MixClock {
 public:
  class Ticker {
   public:
    virtual ~Ticker() = default;
    // On the clock. `frame` counts ticks, left out ones too; `pts` is the frame's
    // time in every pipeline that has our base time.
    virtual void Tick(int64_t frame, GstClockTime pts) = 0;
  };

  MixClock();
  ~MixClock();

  // Safe on any thread. A tick that has begun may outlast Remove().
  void Add(std::shared_ptr<Ticker> ticker);
  void Remove(const Ticker* ticker);

  // What pipelines share, so that one time is valid in all of them.
  GstClock* gst_clock() const { return gst_clock_.get(); }
  GstClockTime base_time() const { return base_time_; }
  // Ticks so far, and those of them that began more than 5 ms late.
  int64_t tick_count() const { return ticks_; }
  int64_t late_count() const { return late_; }

 private:
  void Run();

  // Constant after construction.
  GRef<GstClock> gst_clock_;
  GstClockTime base_time_;
  // Locked.
  std::mutex mu_;
  std::vector<std::shared_ptr<Ticker>> tickers_;
  // Safe on any thread.
  std::atomic<bool> ending_{false};
  std::atomic<int64_t> ticks_{0}, late_{0};
  // Owned.
  std::thread thread_;
};

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_CLOCK_H_
