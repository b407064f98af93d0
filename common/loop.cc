#include "common/loop.h"

#include <glib-unix.h>
#include <glib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/time/clock.h"

namespace atrium {
namespace {

class SourceHandle final : public Loop::Handle {
 public:
  explicit SourceHandle(GSource* source) : source_(source) {}
  ~SourceHandle() override {
    g_source_destroy(source_);
    g_source_unref(source_);
  }

 private:
  GSource* source_;
};

// GLib keeps the box alive while its callback runs, so a callback may destroy
// its own handle.
struct TimerBox {
  Loop::Fn fn;
  static gboolean Call(gpointer box) {
    static_cast<TimerBox*>(box)->fn();
    return G_SOURCE_REMOVE;
  }
  static void Free(gpointer box) { delete static_cast<TimerBox*>(box); }
};

struct WatchBox {
  Loop::Fn fn;
  static gboolean Call(gint, GIOCondition, gpointer box) {
    static_cast<WatchBox*>(box)->fn();
    return G_SOURCE_CONTINUE;
  }
  static void Free(gpointer box) { delete static_cast<WatchBox*>(box); }
};

// The hand-off between threads. It uses std::mutex, not GLib's or Abseil's,
// because ThreadSanitizer can see only the former in Debian's libraries.
class Inbox {
 public:
  // Returns whether the loop must be woken.
  bool Push(Loop::Fn fn) {
    std::lock_guard<std::mutex> lock(mu_);
    fns_.push_back(std::move(fn));
    return fns_.size() == 1;
  }
  std::vector<Loop::Fn> TakeAll() {
    std::lock_guard<std::mutex> lock(mu_);
    return std::exchange(fns_, {});
  }

 private:
  std::mutex mu_;
  std::vector<Loop::Fn> fns_;
};

class GlibLoop final : public MainLoop {
 public:
  GlibLoop()
      : context_(g_main_context_ref(g_main_context_default())),
        main_(g_main_loop_new(context_, FALSE)),
        wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    watch_ = WatchReadable(wake_, [this] { RunPosted(); });
  }
  ~GlibLoop() override {
    // What was posted last may own things whose destructors post again.
    for (auto last = inbox_.TakeAll(); !last.empty(); last = inbox_.TakeAll()) last.clear();
    watch_.reset();
    close(wake_);
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
    GSource* source = g_timeout_source_new(
        static_cast<guint>(std::max<int64_t>(0, absl::ToInt64Milliseconds(delay))));
    g_source_set_callback(source, TimerBox::Call, new TimerBox{std::move(fn)}, TimerBox::Free);
    g_source_attach(source, context_);
    return std::make_unique<SourceHandle>(source);
  }
  HandlePtr WatchReadable(int fd, Fn fn) override { return Watch(fd, G_IO_IN, std::move(fn)); }
  HandlePtr WatchWritable(int fd, Fn fn) override { return Watch(fd, G_IO_OUT, std::move(fn)); }
  absl::Time Now() const override { return absl::Now(); }
  absl::Duration Monotonic() const override { return absl::Microseconds(g_get_monotonic_time()); }
  bool OnLoop() const override { return g_main_context_is_owner(context_); }

 private:
  HandlePtr Watch(int fd, GIOCondition condition, Fn fn) {
    GSource* source =
        g_unix_fd_source_new(fd, static_cast<GIOCondition>(condition | G_IO_HUP | G_IO_ERR));
    g_source_set_callback(source, G_SOURCE_FUNC(WatchBox::Call), new WatchBox{std::move(fn)},
                          WatchBox::Free);
    g_source_attach(source, context_);
    return std::make_unique<SourceHandle>(source);
  }
  void RunPosted() {
    uint64_t count;
    (void)!read(wake_, &count, sizeof count);
    for (Fn& fn : inbox_.TakeAll()) fn();
  }

  // Constant after construction.
  GMainContext* const context_;
  GMainLoop* const main_;
  const int wake_;
  // Locked by itself.
  Inbox inbox_;
  // Owned.
  HandlePtr watch_;
};

}  // namespace

std::unique_ptr<MainLoop> NewMainLoop() { return std::make_unique<GlibLoop>(); }

}  // namespace atrium
