#include "common/process.h"

#include <glib-unix.h>
#include <signal.h>
#include <sys/resource.h>

#include <cstdio>
#include <string>
#include <utility>

namespace atrium {
namespace {

class Termination final : public Loop::Handle {
 public:
  explicit Termination(Loop::Fn fn) : fn_(std::move(fn)) {
    ids_[0] = g_unix_signal_add(SIGTERM, Fire, this);
    ids_[1] = g_unix_signal_add(SIGINT, Fire, this);
  }
  ~Termination() override {
    for (guint id : ids_) g_source_remove(id);
  }

 private:
  static gboolean Fire(gpointer self) {
    Loop::Fn fn = std::exchange(static_cast<Termination*>(self)->fn_, nullptr);
    if (fn) fn();
    return G_SOURCE_CONTINUE;
  }
  Loop::Fn fn_;
  guint ids_[2];
};

class Signal final : public Loop::Handle {
 public:
  Signal(int signal, Loop::Fn fn)
      : fn_(std::move(fn)), id_(g_unix_signal_add(signal, Fire, this)) {}
  ~Signal() override { g_source_remove(id_); }

 private:
  static gboolean Fire(gpointer self) {
    static_cast<Signal*>(self)->fn_();
    return G_SOURCE_CONTINUE;
  }
  Loop::Fn fn_;
  const guint id_;
};

}  // namespace

void PrepareProcess() {
  signal(SIGPIPE, SIG_IGN);
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

Loop::HandlePtr OnTermination(Loop*, Loop::Fn fn) {
  return std::make_unique<Termination>(std::move(fn));
}

Loop::HandlePtr OnSignal(Loop*, int signal, Loop::Fn fn) {
  return std::make_unique<Signal>(signal, std::move(fn));
}

int FailToStart(const absl::Status& status) {
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return 1;
}

}  // namespace atrium
