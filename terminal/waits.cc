#include "terminal/waits.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/errors.h"
#include "common/proto_time.h"
#include "common/status_macros.h"
#include "terminal/errors.h"
#include "terminal/limits.h"

namespace atrium::terminal {

using atrium::v1::WaitForOutputRequest;
using atrium::v1::WaitForOutputResponse;
using Until = WaitForOutputRequest::UntilCase;

class Waits::Wait final : public Terminal::Follower {
 public:
  Wait(Waits* w, int64_t i, Terminal* t, Until u, Done d)
      : waits(w), id(i), terminal(t), until(u), done(std::move(d)) {}
  void OnAdvance() override { waits->Look(this); }

  // Given.
  Waits* const waits;
  const int64_t id;
  Terminal* const terminal;
  const Until until;
  const Done done;
  // State.
  std::unique_ptr<PatternSearch> search;  // Of a wait for a pattern.
  absl::Duration last_search = -absl::InfiniteDuration();
  Loop::HandlePtr deadline, later;
};

Waits::Waits(Loop* loop) : loop_(loop) {}
Waits::~Waits() = default;

absl::Status Waits::Check(Terminal* terminal, const WaitForOutputRequest& request) const {
  const bool asked =
      request.until_case() == WaitForOutputRequest::kPattern || request.prompt() || request.exit();
  if (!asked) return MissingField("until");
  if (request.offset() < -1) return BadField("offset", "is negative, but not -1");
  if (request.prompt() && !terminal->shell_integration()) {
    return NoShellIntegration(terminal->tab());
  }
  const auto waiting = std::count_if(waits_.begin(), waits_.end(), [&](const auto& wait) {
    return wait.second->terminal == terminal;
  });
  if (static_cast<size_t>(waiting) >= limits::kWaits) {
    return TooMany("waits for this terminal", limits::kWaits, absl::Seconds(1));
  }
  return absl::OkStatus();
}

int64_t Waits::Start(Terminal* terminal, const WaitForOutputRequest& request, Done done) {
  const int64_t id = ++last_id_;
  if (absl::Status status = Check(terminal, request); !status.ok()) {
    done(status);
    return id;
  }
  auto made = std::make_unique<Wait>(this, id, terminal, request.until_case(), std::move(done));
  Wait* wait = made.get();
  if (wait->until == WaitForOutputRequest::kPattern) {
    const int64_t end = terminal->log().end();
    auto search = PatternSearch::Create(
        request.pattern(), request.offset() < 0 ? end : std::min(request.offset(), end));
    if (!search.ok()) {
      wait->done(search.status());
      return id;
    }
    wait->search = *std::move(search);
  }
  const absl::Duration timeout =
      request.has_timeout() ? FromProtoDuration(request.timeout()) : limits::kWaitDeadline;
  wait->deadline =
      loop_->After(std::clamp(timeout, absl::ZeroDuration(), limits::kWaitDeadline), [this, wait] {
        Finish(wait,
               WaitTimedOut(wait->terminal->tab(), wait->search ? wait->search->resume_offset()
                                                                : wait->terminal->log().end()));
      });
  waits_[id] = std::move(made);
  terminal->AddFollower(wait);
  Look(wait);
  return id;
}

void Waits::Cancel(int64_t id) {
  auto it = waits_.find(id);
  if (it == waits_.end()) return;
  it->second->terminal->RemoveFollower(it->second.get());
  waits_.erase(it);
}

void Waits::OnMark(Terminal* terminal) {
  std::vector<int64_t> ids;
  for (const auto& [id, wait] : waits_) {
    if (wait->terminal == terminal && wait->until == WaitForOutputRequest::kPrompt) {
      ids.push_back(id);
    }
  }
  for (int64_t id : ids) {
    auto it = waits_.find(id);
    if (it != waits_.end()) Look(it->second.get());
  }
}

void Waits::OnGone(Terminal* terminal) {
  for (;;) {
    auto it = std::find_if(waits_.begin(), waits_.end(),
                           [&](const auto& wait) { return wait.second->terminal == terminal; });
    if (it == waits_.end()) return;
    Finish(it->second.get(), NoSuchTerminal(terminal->tab()));
  }
}

// May answer, and then the wait is gone.
void Waits::Look(Wait* wait) {
  Terminal& terminal = *wait->terminal;
  if (wait->until == WaitForOutputRequest::kPattern) return LookForPattern(wait);
  const bool exit = wait->until == WaitForOutputRequest::kExit;
  const bool came = exit ? terminal.ended() : terminal.at_idle_prompt();
  if (came) return Answer(wait, PatternSearch::Match{.offset = terminal.log().end()});
  if (!terminal.running()) Answer(wait, TerminalEnded(terminal.tab()));
}

// Costly patterns, or many, must not keep keystrokes waiting.
void Waits::LookForPattern(Wait* wait) {
  const absl::Duration begin = loop_->Monotonic();
  if (begin < rest_until_) return LateLook(wait, rest_until_ - begin);
  Search(wait);
  const absl::Duration took = loop_->Monotonic() - begin;
  if (took > limits::kWaitLook) rest_until_ = begin + took * (1 + limits::kWaitRest);
}

void Waits::Search(Wait* wait) {
  PatternSearch& search = *wait->search;
  const OutputLog& log = wait->terminal->log();
  if (search.position() < log.start()) {
    return Answer(wait, OutputNotKept(search.position(), log.start()));
  }
  const int64_t stop = std::min(log.end(), search.position() + limits::kWaitTurnBytes);
  while (search.position() < stop) {
    search.Take(log.Peek(search.position(), static_cast<size_t>(stop - search.position())));
    if (!search.full()) continue;
    if (const auto match = search.Search()) return Answer(wait, *match);
  }
  if (stop < log.end()) return LateLook(wait, absl::ZeroDuration());
  const absl::Duration now = loop_->Monotonic();
  const absl::Duration rest = wait->last_search + limits::kWaitSpacing - now;
  const bool running = wait->terminal->running();
  if (running && rest > absl::ZeroDuration()) return LateLook(wait, rest);
  wait->last_search = now;
  if (const auto match = search.Search()) return Answer(wait, *match);
  if (!running) Answer(wait, TerminalEnded(wait->terminal->tab()));
}

void Waits::LateLook(Wait* wait, absl::Duration delay) {
  if (wait->later) return;
  wait->later = loop_->After(delay, [this, wait] {
    const Loop::HandlePtr done = std::move(wait->later);
    Look(wait);
  });
}

void Waits::Answer(Wait* wait, absl::StatusOr<PatternSearch::Match> found) {
  if (!found.ok()) return Finish(wait, found.status());
  WaitForOutputResponse response;
  response.set_match(std::move(found->text));
  response.set_offset(found->offset);
  if (wait->terminal->ended()) response.set_exit_code(wait->terminal->exit_code());
  Finish(wait, response);
}

void Waits::Finish(Wait* wait, const absl::StatusOr<WaitForOutputResponse>& result) {
  auto it = waits_.find(wait->id);
  const std::unique_ptr<Wait> last = std::move(it->second);  // We may run inside it.
  waits_.erase(it);
  last->terminal->RemoveFollower(last.get());
  last->done(result);
}

}  // namespace atrium::terminal
