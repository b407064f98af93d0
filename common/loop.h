// Loop is the one thread on which a process keeps its state. Everything but
// Post() must be called on it, and everything that it calls runs on it; that is
// why the classes above it need no locks.
#ifndef ATRIUM_COMMON_LOOP_H_
#define ATRIUM_COMMON_LOOP_H_

#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"

namespace atrium {

class Loop {
 public:
  using Fn = absl::AnyInvocable<void()>;
  // Ends its timer or watch when destroyed. May be destroyed from inside its own
  // callback.
  class Handle {
   public:
    virtual ~Handle() = default;
  };
  using HandlePtr = std::unique_ptr<Handle>;

  virtual ~Loop() = default;

  // Runs `fn` on the loop, after what is already posted. Safe on any thread.
  virtual void Post(Fn fn) = 0;
  // Runs `fn` once, `delay` from now (millisecond resolution).
  [[nodiscard]] virtual HandlePtr After(absl::Duration delay, Fn fn) = 0;
  // Runs `fn` whenever `fd` can be read, has hung up or failed.
  [[nodiscard]] virtual HandlePtr WatchReadable(int fd, Fn fn) = 0;
  // Runs `fn` whenever `fd` can be written, has hung up or failed.
  [[nodiscard]] virtual HandlePtr WatchWritable(int fd, Fn fn) = 0;

  // Wall time: for people and tokens. It can jump.
  virtual absl::Time Now() const = 0;
  // Time that only goes forward, since an arbitrary start: for leases, deadlines
  // and measurements (R24).
  virtual absl::Duration Monotonic() const = 0;
  virtual bool OnLoop() const = 0;
};

// A Loop over GLib's default main context, which libsoup and GStreamer share.
class MainLoop : public Loop {
 public:
  // Runs until Quit().
  virtual void Run() = 0;
  // Safe on any thread.
  virtual void Quit() = 0;
};

std::unique_ptr<MainLoop> NewMainLoop();

}  // namespace atrium

#endif  // ATRIUM_COMMON_LOOP_H_
