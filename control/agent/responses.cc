#include "control/agent/responses.h"

#include <utility>

namespace atrium::control {

bool Responses::Next() {
  if (under_way() || !wanted_) return false;
  cause_ = *std::exchange(wanted_, std::nullopt);
  asked_ = true;
  sounding_ = withdrawn_ = false;
  return true;
}

void Responses::OnStarted(const std::string& response) {
  if (!std::exchange(asked_, false)) {
    // Nobody asked: such a server answers speech by itself, and needs no asking.
    if (active_.empty()) answers_by_itself_ = true;
    if (response != active_) withdrawn_ = false;
    cause_ = Cause::kSpeech;
  }
  if (response != active_) sounding_ = false;
  active_ = response;
}

void Responses::OnDone(const std::string& response) {
  if (response != active_ && !active_.empty()) return;
  active_.clear();
  asked_ = sounding_ = withdrawn_ = false;
  lost_before_ = false;
}

void Responses::OnRefused(bool busy) {
  asked_ = false;
  // If the one under way is known, it began after we asked, and answers the same.
  if (busy && active_.empty() && !withdrawn_) wanted_ = std::max(wanted_.value_or(cause_), cause_);
  if (active_.empty()) withdrawn_ = false;
}

bool Responses::Withdraw() { return under_way() && !std::exchange(withdrawn_, true); }

bool Responses::Lose(bool keep) {
  const bool unanswered = under_way() && !withdrawn_;
  const bool due = keep && (unanswered || wanted_);
  const bool owed = due && !lost_before_;
  lost_before_ = due;
  if (unanswered) wanted_ = std::max(wanted_.value_or(cause_), cause_);
  if (!owed) wanted_.reset();
  active_.clear();
  asked_ = sounding_ = withdrawn_ = false;
  answers_by_itself_ = false;
  return owed;
}

}  // namespace atrium::control
