// Waits answers those who wait for a terminal: for a pattern in its output, for its
// shell's prompt, or for its end. The program never waits for a wait: one that falls
// behind what is kept is told so.
//
// On the loop.
#ifndef ATRIUM_TERMINAL_WAITS_H_
#define ATRIUM_TERMINAL_WAITS_H_

#include <functional>
#include <map>
#include <memory>

#include "absl/status/statusor.h"
#include "atrium/v1/tab.pb.h"
#include "common/loop.h"
#include "terminal/pattern_search.h"
#include "terminal/terminal.h"

namespace atrium::terminal {

class Waits {
 public:
  using Done = std::function<void(absl::StatusOr<atrium::v1::WaitForOutputResponse>)>;

  explicit Waits(Loop* loop);
  ~Waits();

  // `done` runs once, perhaps before this returns, with what the proto says of
  // TabService.WaitForOutput; RESOURCE_EXHAUSTED: limits::kWaits wait already.
  // Returns what Cancel() takes.
  int64_t Start(Terminal* terminal, const atrium::v1::WaitForOutputRequest& request, Done done);
  // Forgets a wait without an answer; nothing if it was answered.
  void Cancel(int64_t id);
  // The terminal's shell said something.
  void OnMark(Terminal* terminal);
  // The terminal is about to be destroyed.
  void OnGone(Terminal* terminal);
  size_t size() const { return waits_.size(); }

 private:
  class Wait;

  absl::Status Check(Terminal* terminal, const atrium::v1::WaitForOutputRequest& request) const;
  void Look(Wait* wait);
  void LookForPattern(Wait* wait);
  void Search(Wait* wait);
  void LateLook(Wait* wait, absl::Duration delay);
  void Answer(Wait* wait, absl::StatusOr<PatternSearch::Match> found);
  void Finish(Wait* wait, const absl::StatusOr<atrium::v1::WaitForOutputResponse>& result);

  // Given.
  Loop* const loop_;
  // State.
  std::map<int64_t, std::unique_ptr<Wait>> waits_;
  int64_t last_id_ = 0;
  absl::Duration rest_until_ = -absl::InfiniteDuration();
};

}  // namespace atrium::terminal

#endif  // ATRIUM_TERMINAL_WAITS_H_
