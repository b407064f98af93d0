#include "control/agent/responses.h"

#include <utility>

namespace atrium::control {

bool Responses::Next() {
  if (under_way() || !std::exchange(wanted_, false)) return false;
  asked_ = true;
  return true;
}

void Responses::OnStarted(const std::string& response) {
  // Nobody asked: such a server answers speech by itself, and needs no asking.
  if (!std::exchange(asked_, false) && active_.empty()) answers_by_itself_ = true;
  active_ = response;
}

void Responses::OnDone(const std::string& response) {
  if (response != active_ && !active_.empty()) return;
  active_.clear();
  asked_ = false;
  lost_before_ = false;
}

void Responses::OnRefused(bool busy) {
  asked_ = false;
  // If the one under way is known, it began after we asked, and answers the same.
  if (busy && active_.empty()) wanted_ = true;
}

bool Responses::Lose(bool keep) {
  const bool due = keep && (under_way() || wanted_);
  const bool owed = due && !lost_before_;
  lost_before_ = due;
  active_.clear();
  asked_ = false;
  answers_by_itself_ = false;
  wanted_ = owed;
  return owed;
}

}  // namespace atrium::control
