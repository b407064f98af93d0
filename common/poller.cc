#include "common/poller.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "common/log.h"

namespace atrium {
namespace {

constexpr int kBatch = 64;  // Descriptors a turn.
constexpr uint32_t kEnded = EPOLLHUP | EPOLLERR;  // Both kinds of interest hear of these.

// A loop that cannot wait would hang or spin, and say nothing of it.
[[noreturn]] void Die(std::string_view what, int fd) {
  LogError(what, {{"fd", fd}, {"error", std::strerror(errno)}});
  std::abort();
}

}  // namespace

class Poller::WatchHandle final : public Loop::Handle {
 public:
  WatchHandle(Poller* poller, int fd, const Interest* interest)
      : poller_(poller), fd_(fd), interest_(interest) {}
  ~WatchHandle() override { poller_->Unwatch(fd_, interest_); }

 private:
  Poller* const poller_;
  const int fd_;
  const Interest* const interest_;
};

class Poller::TimerHandle final : public Loop::Handle {
 public:
  TimerHandle(Poller* poller, TimerKey key) : poller_(poller), key_(key) {}
  ~TimerHandle() override { poller_->Cancel(key_); }

 private:
  Poller* const poller_;
  const TimerKey key_;
};

Poller::Poller() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) Die("could not make an epoll instance", -1);
}

Poller::~Poller() {
  // Callbacks may own their handles, which still look here when they go.
  std::exchange(descriptors_, {}).clear();
  std::exchange(timers_, {}).clear();
  close(epoll_);
}

Loop::HandlePtr Poller::Watch(int fd, bool writable, Loop::Fn fn) {
  auto [it, first] = descriptors_.try_emplace(fd);
  Descriptor& descriptor = it->second;
  if (first) descriptor.generation = ++generations_;
  descriptor.interests.push_back(std::make_shared<Interest>(Interest{writable, std::move(fn)}));
  Register(fd, descriptor);
  return std::make_unique<WatchHandle>(this, fd, descriptor.interests.back().get());
}

// What a callback holds goes last: it may own this very handle, or others.
void Poller::Unwatch(int fd, const Interest* interest) {
  const auto it = descriptors_.find(fd);
  if (it == descriptors_.end()) return;
  auto& interests = it->second.interests;
  const auto found = std::find_if(interests.begin(), interests.end(),
                                  [&](const auto& each) { return each.get() == interest; });
  if (found == interests.end()) return;
  const std::shared_ptr<Interest> last = std::move(*found);
  interests.erase(found);
  if (!interests.empty()) return Register(fd, it->second);
  descriptors_.erase(it);
  epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
}

void Poller::Cancel(TimerKey key) { const auto last = timers_.extract(key); }

void Poller::Register(int fd, const Descriptor& descriptor) {
  epoll_event event{};
  for (const auto& interest : descriptor.interests) {
    event.events |= interest->writable ? EPOLLOUT : EPOLLIN;
  }
  event.data.u64 = uint64_t{descriptor.generation} << 32 | static_cast<uint32_t>(fd);
  if (epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event) == 0) return;
  if (errno == ENOENT && epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0) return;
  Die("a descriptor cannot be watched", fd);
}

Loop::HandlePtr Poller::At(absl::Duration due, Loop::Fn fn) {
  const TimerKey key{due, ++timers_made_};
  timers_.emplace(key, std::make_shared<Loop::Fn>(std::move(fn)));
  return std::make_unique<TimerHandle>(this, key);
}

std::optional<absl::Duration> Poller::next() const {
  if (timers_.empty()) return std::nullopt;
  return timers_.begin()->first.first;
}

void Poller::RunReady() {
  std::array<epoll_event, kBatch> events;
  const int count = epoll_wait(epoll_, events.data(), kBatch, 0);
  for (int i = 0; i < count; ++i) {
    Report(static_cast<int>(static_cast<uint32_t>(events[i].data.u64)),
           static_cast<uint32_t>(events[i].data.u64 >> 32), events[i].events);
  }
}

// Each callback may end any watch, its own too.
void Poller::Report(int fd, uint32_t generation, uint32_t events) {
  const auto reported = descriptors_.find(fd);
  if (reported == descriptors_.end() || reported->second.generation != generation) return;
  const std::vector<std::shared_ptr<Interest>> interests = reported->second.interests;
  for (const auto& interest : interests) {
    if ((events & ((interest->writable ? EPOLLOUT : EPOLLIN) | kEnded)) == 0) continue;
    const auto now = descriptors_.find(fd);
    if (now == descriptors_.end()) return;
    const auto& present = now->second.interests;
    if (std::find(present.begin(), present.end(), interest) != present.end()) interest->fn();
  }
}

void Poller::RunDue(absl::Duration now) {
  const uint64_t made = timers_made_;
  // From the start after each, as a callback may end any timer.
  for (auto it = timers_.begin(); it != timers_.end() && it->first.first <= now;) {
    if (it->first.second > made) {
      ++it;
      continue;
    }
    const std::shared_ptr<Loop::Fn> fn = it->second;
    timers_.erase(it);
    (*fn)();
    it = timers_.begin();
  }
}

}  // namespace atrium
