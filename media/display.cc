#include "media/display.h"

#include <gst/gst.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <thread>
#include <utility>

#include "common/log.h"
#include "common/str_cat.h"
#include "media/errors.h"
#include "media/grabber.h"
#include "media/gst_ref.h"
#include "media/limits.h"

extern char** environ;

namespace atrium::media {
namespace {

// Starts the grabber with `socket`; its process id, or an error number below 0.
pid_t StartGrabber(const std::string& display, int socket) {
  std::string name = "atrium-media", grab = "--grab", flag = "--display=" + display;
  char* argv[] = {name.data(), grab.data(), flag.data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, socket, kGrabberSocket);
  posix_spawn_file_actions_addclosefrom_np(&actions, kGrabberSocket + 1);
  pid_t pid = 0;
  const int failed = posix_spawn(&pid, "/proc/self/exe", &actions, nullptr, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  return failed == 0 ? pid : -failed;
}

}  // namespace

// One grabber and the thread that reads what it tells.
class Display::Run final : public Forward::Source, public std::enable_shared_from_this<Run> {
 public:
  using OnBroken = std::function<void(std::string)>;  // On that thread.

  Run(int64_t id, std::shared_ptr<Forward> forward, OnBroken on_broken)
      : id_(id), forward_(std::move(forward)), on_broken_(std::move(on_broken)) {}
  ~Run() override {
    if (socket_ >= 0) close(socket_);
  }

  int64_t packets() const { return packets_; }

  // On the loop. Empty, or why it could not.
  std::string Begin(const std::string& display, int64_t bitrate) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return strerror(errno);
    socket_ = ends[0];
    pid_ = StartGrabber(display, ends[1]);
    close(ends[1]);
    if (pid_ < 0) return strerror(-pid_);
    SetBitrate(bitrate);
    reader_ = std::thread([self = shared_from_this()] { self->Read(); });
    return "";
  }
  // Takes its time; once.
  void End() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    if (socket_ >= 0) shutdown(socket_, SHUT_RDWR);
    if (reader_.joinable()) reader_.join();
  }
  // Nothing passes from now on.
  void Shut() { open_ = false; }

  // On any thread.
  void AskForKeyFrame() override { Say(kGrabberKeyFrame); }
  void SetBitrate(int64_t bps) { Say(StrCat(kGrabberBitrate, bps)); }

 private:
  void Say(std::string_view words) {
    send(socket_, words.data(), words.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  }
  void Read() {
    std::array<char, 2048> message;
    for (;;) {
      const ssize_t got = recv(socket_, message.data(), message.size(), 0);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return on_broken_("its grabber ended");
      if (!open_) continue;
      if (message[0] == kGrabberEnd) {
        return on_broken_(std::string(message.data() + 1, static_cast<size_t>(got - 1)));
      }
      const auto packet =
          GRef<GstBuffer>::Adopt(gst_buffer_new_memdup(message.data(), static_cast<gsize>(got)));
      ++packets_;
      forward_->Push(id_, packet.get());
    }
  }

  const int64_t id_;
  const std::shared_ptr<Forward> forward_;
  const OnBroken on_broken_;
  // Constant once it has begun.
  int socket_ = -1;
  pid_t pid_ = 0;
  // Safe on any thread.
  std::atomic<bool> open_{true};
  std::atomic<int64_t> packets_{0};
  // Owned.
  std::thread reader_;
};

Display::Display(Context* context, std::shared_ptr<Forward> forward, OnState on_state)
    : context_(context),
      forward_(std::move(forward)),
      on_state_(std::move(on_state)),
      bitrate_(limits::kScreenStartBps),
      pause_(limits::kDisplayPause),
      self_(std::make_shared<Display*>(this)) {
  // Not from within: who made it does not have it yet.
  again_ = context_->loop->After(absl::ZeroDuration(), [this] { Begin(); });
}

Display::~Display() { End(); }

void Display::Begin() {
  if (context_->name.empty()) return Tell(State::kFailed, NoDisplay());
  if (context_->run_count >= limits::kDisplays) return Fail(TooManyDisplays());
  ++context_->run_count;
  run_id_ = --context_->last_run;
  run_ = std::make_shared<Run>(run_id_, forward_,
                               [loop = context_->loop, weak = std::weak_ptr<Display*>(self_),
                                run = run_id_](const std::string& why) {
                                 loop->Post([weak, run, why] {
                                   const auto self = weak.lock();
                                   if (self && (*self)->run_id_ == run) (*self)->OnBroken(why);
                                 });
                               });
  seen_count_ = 0;
  seen_at_ = context_->loop->Monotonic();
  if (const std::string why = run_->Begin(context_->name, bitrate_); !why.empty()) {
    return OnBroken(why);
  }
  forward_->SetSource(run_id_, run_);
}

void Display::End() {
  if (run_ == nullptr) return;
  --context_->run_count;
  forward_->SetSource(0, nullptr);
  run_->Shut();
  context_->reaper->Post([run = std::exchange(run_, nullptr)] { run->End(); });
}

void Display::OnBroken(const std::string& why) {
  if (run_ == nullptr) return;
  End();
  Fail(DisplayFailed(context_->name, why));
}

void Display::Fail(const absl::Status& why) {
  again_ = context_->loop->After(pause_, [this] { Begin(); });
  pause_ = std::min(2 * pause_, limits::kDisplayMostPause);
  Tell(State::kFailed, why);
}

void Display::Watch() {
  if (run_ == nullptr) return;
  const int64_t count = run_->packets();
  const absl::Duration now = context_->loop->Monotonic();
  if (count != std::exchange(seen_count_, count)) {
    seen_at_ = now;
    pause_ = limits::kDisplayPause;
    Tell(State::kShown, absl::OkStatus());
  } else if (now - seen_at_ >= limits::kDisplaySilence) {
    // It waits for X; what ends the wait, ends the silence.
    Tell(State::kSilent, DisplaySilent(context_->name));
  }
}

void Display::SetBitrate(int64_t bps) {
  if (bps == std::exchange(bitrate_, bps)) return;
  if (run_ != nullptr) run_->SetBitrate(bps);
}

void Display::Tell(State state, const absl::Status& why) {
  const std::string problem(ToStd(why.message()));
  if (told_ == state && problem == problem_) return;
  told_ = state;
  problem_ = problem;
  if (why.ok()) {
    LogInfo("the display is shown", {{"display", context_->name}});
  } else {
    LogWarning("the display is not shown", {{"display", context_->name}, {"why", problem}});
  }
  on_state_(state, why);
}

}  // namespace atrium::media
