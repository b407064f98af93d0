#include "media/clock.h"

#include <pthread.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <utility>

#include "media/frame.h"
#include "media/limits.h"

namespace atrium::media {
namespace {

constexpr int64_t kLateNanos = 5'000'000;
constexpr int kClockNice = -10;

int64_t MonotonicNanos() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

void SleepUntil(int64_t nanos) {
  const timespec until{.tv_sec = nanos / 1'000'000'000, .tv_nsec = nanos % 1'000'000'000};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
  }
}

}  // namespace

MixClock::MixClock()
    : gst_clock_(GRef<GstClock>::Adopt(gst_system_clock_obtain())),
      base_time_(gst_clock_get_time(gst_clock_.get())) {
  thread_ = std::thread([this] { Run(); });
  pthread_setname_np(thread_.native_handle(), "mix-clock");
}

MixClock::~MixClock() {
  ending_ = true;
  thread_.join();
}

void MixClock::Add(std::shared_ptr<Ticker> ticker) {
  std::lock_guard<std::mutex> lock(mu_);
  tickers_.push_back(std::move(ticker));
}

void MixClock::Remove(const Ticker* ticker) {
  std::shared_ptr<Ticker> removed;  // So that it does not end under the lock.
  std::lock_guard<std::mutex> lock(mu_);
  for (auto it = tickers_.begin(); it != tickers_.end(); ++it) {
    if (it->get() != ticker) continue;
    removed = std::move(*it);
    tickers_.erase(it);
    return;
  }
}

void MixClock::Run() {
  // Whoever waits for the clock is everybody; where we may (root), it waits for nobody.
  (void)setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kClockNice);
  // In this order: a frame's time may be a little past, but never to come, as webrtcbin
  // waits for it then.
  const auto offset = static_cast<int64_t>(gst_clock_get_time(gst_clock_.get()) - base_time_);
  const int64_t start = MonotonicNanos();
  const int64_t catch_up = absl::ToInt64Nanoseconds(limits::kClockCatchUp);
  for (int64_t frame = 1; !ending_; ++frame) {
    SleepUntil(start + frame * kFrameNanos);
    const int64_t late = MonotonicNanos() - (start + frame * kFrameNanos);
    ++ticks_;
    if (late > kLateNanos) ++late_;
    if (late > catch_up) frame += late / kFrameNanos;
    std::vector<std::shared_ptr<Ticker>> tickers;
    {
      std::lock_guard<std::mutex> lock(mu_);
      tickers = tickers_;
    }
    const auto pts = static_cast<GstClockTime>(offset + frame * kFrameNanos);
    for (const auto& ticker : tickers) ticker->Tick(frame, pts);
  }
}

}  // namespace atrium::media
