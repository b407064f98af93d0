#include "common/loop.h"

#include <glib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "common/poller.h"

namespace atrium {
namespace {

// The hand-off between threads. It uses std::mutex, not GLib's or Abseil's,
// because ThreadSanitizer can see only the former in Debian's libraries.
class Inbox {
 public:
  // Returns whether the loop must be woken: not while it is awake, as it looks here
  // before it sleeps.
  bool Push(Loop::Fn fn) {
    std::lock_guard<std::mutex> lock(mu_);
    fns_.push_back(std::move(fn));
    return fns_.size() == 1 && !awake_;
  }
  void Wake() {
    std::lock_guard<std::mutex> lock(mu_);
    awake_ = true;
  }
  // From now on it must be woken; false if there is something to do before.
  bool Sleep() {
    std::lock_guard<std::mutex> lock(mu_);
    awake_ = !fns_.empty();
    return !awake_;
  }
  std::vector<Loop::Fn> TakeAll() {
    std::lock_guard<std::mutex> lock(mu_);
    return std::exchange(fns_, {});
  }

 private:
  std::mutex mu_;
  std::vector<Loop::Fn> fns_;
  bool awake_ = false;
};

// All of the loop's own watches and timers are one source of GLib's, see Poller.
class GlibLoop final : public MainLoop {
 public:
  GlibLoop()
      : context_(g_main_context_ref(g_main_context_default())),
        main_(g_main_loop_new(context_, FALSE)),
        source_(g_source_new(&kFunctions, sizeof(GSource))),
        wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    g_source_set_callback(source_, nullptr, this, nullptr);
    g_source_add_unix_fd(source_, poller_.fd(), G_IO_IN);
    g_source_attach(source_, context_);
    watch_ = WatchReadable(wake_, [this] {
      uint64_t count;
      (void)!read(wake_, &count, sizeof count);  // What was posted runs at the turn's end.
    });
  }
  ~GlibLoop() override {
    // What was posted last may own things whose destructors post again.
    for (auto last = inbox_.TakeAll(); !last.empty(); last = inbox_.TakeAll()) last.clear();
    watch_.reset();
    close(wake_);
    g_source_destroy(source_);
    g_source_unref(source_);
    g_main_loop_unref(main_);
    g_main_context_unref(context_);
  }

  void Run() override { g_main_loop_run(main_); }
  void Quit() override {
    Post([this] { g_main_loop_quit(main_); });
  }
  void Post(Fn fn) override {
    if (!inbox_.Push(std::move(fn))) return;
    const uint64_t one = 1;
    (void)!write(wake_, &one, sizeof one);
  }
  HandlePtr After(absl::Duration delay, Fn fn) override {
    HandlePtr timer = poller_.At(Monotonic() + std::max(delay, absl::ZeroDuration()), std::move(fn));
    WakeForTimers();
    return timer;
  }
  HandlePtr WatchReadable(int fd, Fn fn) override { return poller_.Watch(fd, false, std::move(fn)); }
  HandlePtr WatchWritable(int fd, Fn fn) override { return poller_.Watch(fd, true, std::move(fn)); }
  absl::Time Now() const override { return absl::Now(); }
  absl::Duration Monotonic() const override { return absl::Microseconds(g_get_monotonic_time()); }
  bool OnLoop() const override { return g_main_context_is_owner(context_); }

 private:
  // GLib keeps what it was given in the callback's place for us: the loop.
  static gboolean Dispatch(GSource*, GSourceFunc, gpointer loop) {
    static_cast<GlibLoop*>(loop)->RunTurn();
    return G_SOURCE_CONTINUE;
  }
  static inline GSourceFuncs kFunctions = {nullptr, nullptr, Dispatch, nullptr, nullptr, nullptr};

  void RunTurn() {
    inbox_.Wake();
    again_ = false;
    poller_.RunReady();
    poller_.RunDue(Monotonic());
    for (Fn& fn : inbox_.TakeAll()) fn();
    // GLib does not wake itself for a source that it is dispatching.
    again_ = !inbox_.Sleep();
    WakeForTimers();
  }
  void WakeForTimers() {
    if (again_) return g_source_set_ready_time(source_, 0);
    const std::optional<absl::Duration> next = poller_.next();
    g_source_set_ready_time(source_, next ? absl::ToInt64Microseconds(*next) : -1);
  }

  // Constant after construction.
  GMainContext* const context_;
  GMainLoop* const main_;
  GSource* const source_;
  const int wake_;
  // Locked by itself.
  Inbox inbox_;
  // State.
  bool again_ = false;  // Another turn comes at once: nobody else would wake us for it.
  // Owned.
  Poller poller_;
  HandlePtr watch_;
};

}  // namespace

std::unique_ptr<MainLoop> NewMainLoop() { return std::make_unique<GlibLoop>(); }

}  // namespace atrium
