// Poller is what a Loop waits for: descriptors (one epoll instance) and timers (one
// ordered table). A wait costs what happens, not what exists: GLib's own sources are
// looked at one by one in every turn, which 5,000 sockets feel. Not thread-safe.
#ifndef ATRIUM_COMMON_POLLER_H_
#define ATRIUM_COMMON_POLLER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "common/loop.h"

namespace atrium {

class Poller {
 public:
  Poller();
  // Handles must be gone before, but for those that callbacks own.
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // Can be read whenever RunReady() has something to do. Owned by this.
  int fd() const { return epoll_; }

  // Runs `fn` whenever `fd` can be read (or else written), has hung up or failed, until
  // the handle is destroyed, which must be before `fd` is closed. Not for plain files.
  [[nodiscard]] Loop::HandlePtr Watch(int fd, bool writable, Loop::Fn fn);
  // Runs `fn` once when `due` (on the clock that RunDue() is told) has come.
  [[nodiscard]] Loop::HandlePtr At(absl::Duration due, Loop::Fn fn);

  // When the next timer is due; nothing if there is none.
  std::optional<absl::Duration> next() const;
  // Runs what is ready now, without waiting; at most a batch, so that others of the
  // same thread have their turn.
  void RunReady();
  // Runs the timers that are due at `now`; not those that they start.
  void RunDue(absl::Duration now);

 private:
  struct Interest {
    bool writable;
    Loop::Fn fn;
  };
  // All that is waited for of one descriptor.
  struct Descriptor {
    uint32_t generation = 0;  // So that what was reported before is not taken for it.
    std::vector<std::shared_ptr<Interest>> interests;
  };
  using TimerKey = std::pair<absl::Duration, uint64_t>;
  class WatchHandle;
  class TimerHandle;

  void Unwatch(int fd, const Interest* interest);
  void Cancel(TimerKey key);
  // Tells epoll what is waited for now.
  void Register(int fd, const Descriptor& descriptor);
  void Report(int fd, uint32_t generation, uint32_t events);

  const int epoll_;
  uint32_t generations_ = 0;
  uint64_t timers_made_ = 0;
  absl::flat_hash_map<int, Descriptor> descriptors_;
  std::map<TimerKey, std::shared_ptr<Loop::Fn>> timers_;
};

}  // namespace atrium

#endif  // ATRIUM_COMMON_POLLER_H_
