// Display shows this machine's own display as a capture: a process of its own grabs and
// encodes it once, see grabber.h, and it goes on as a page's screen does. It comes back by
// itself.
//
// On the loop.
#ifndef ATRIUM_MEDIA_DISPLAY_H_
#define ATRIUM_MEDIA_DISPLAY_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/loop.h"
#include "common/work_queue.h"
#include "media/forward.h"

namespace atrium::media {

class Display {
 public:
  // What all displays share.
  struct Context {
    Loop* loop;
    WorkQueue* reaper;  // Waits for grabbers to end.
    std::string name;   // Of X11, as `:0`; empty: there is none to be shown.
    int run_count = 0;
    int64_t last_run = 0;  // Goes down: pages' sources are positive.
  };
  enum class State { kShown, kSilent, kFailed };
  // Called whenever it is another; the status says why it failed.
  using OnState = std::function<void(State, const absl::Status&)>;

  Display(Context* context, std::shared_ptr<Forward> forward, OnState on_state);
  ~Display();

  // Looks after silence; call now and then.
  void Watch();
  // What it sends at most.
  void SetBitrate(int64_t bps);
  bool shown() const { return told_ == State::kShown; }

 private:
  class Run;

  void Begin();
  void End();
  void OnBroken(const std::string& why);
  void Fail(const absl::Status& why);
  void Tell(State state, const absl::Status& why);

  // Given.
  Context* const context_;
  const std::shared_ptr<Forward> forward_;
  const OnState on_state_;
  // State.
  std::optional<State> told_;
  std::string problem_;  // That was told.
  int64_t run_id_ = 0;
  int64_t bitrate_;
  int64_t seen_count_ = 0;  // Of packets, and when there were more.
  absl::Duration seen_at_;
  absl::Duration pause_;  // Before it is tried again.
  // Owned.
  std::shared_ptr<Display*> self_;  // Empty it, and what other threads posted is void.
  std::shared_ptr<Run> run_;
  Loop::HandlePtr again_;
};

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_DISPLAY_H_
