#include "control/agent/stills.h"

#include <algorithm>

#include "control/limits.h"

namespace atrium::control {

Stills::Items Stills::SetVisible(const std::set<std::string>& captures) {
  Items gone;
  for (auto it = screens_.begin(); it != screens_.end();) {
    if (captures.count(it->first) > 0) {
      ++it;
      continue;
    }
    gone.insert(gone.end(), it->second.kept.begin(), it->second.kept.end());
    it = screens_.erase(it);
  }
  for (const std::string& capture : captures) screens_.try_emplace(capture);
  return gone;
}

void Stills::Forget() {
  for (auto& [capture, screen] : screens_) screen = Screen{.in_flight = screen.in_flight};
}

std::vector<std::string> Stills::Due(absl::Duration now) const {
  std::vector<std::string> due;
  for (const auto& [capture, screen] : screens_) {
    if (!screen.in_flight && now - screen.begun >= limits::kStillSpacing) due.push_back(capture);
  }
  return due;
}

std::optional<absl::Duration> Stills::NextDue() const {
  std::optional<absl::Duration> next;
  for (const auto& [capture, screen] : screens_) {
    if (screen.in_flight) continue;
    const absl::Duration at = screen.begun + limits::kStillSpacing;
    next = next ? std::min(*next, at) : at;
  }
  return next;
}

std::set<std::string> Stills::Stale(absl::Duration now) const {
  std::set<std::string> stale;
  for (const auto& [capture, screen] : screens_) {
    if (now - screen.looked > limits::kStillFresh) stale.insert(capture);
  }
  return stale;
}

bool Stills::in_flight(const std::string& capture) const {
  auto it = screens_.find(capture);
  return it != screens_.end() && it->second.in_flight;
}

std::string Stills::Begin(const std::string& capture, absl::Duration now) {
  Screen& screen = screens_[capture];
  screen.begun = now;
  screen.in_flight = true;
  return screen.signature;
}

void Stills::Same(const std::string& capture, absl::Duration now) {
  auto it = screens_.find(capture);
  if (it == screens_.end()) return;
  it->second.in_flight = false;
  it->second.looked = now;
}

Stills::Items Stills::Changed(const std::string& capture, absl::Duration now,
                              const std::string& item, const std::string& signature) {
  auto it = screens_.find(capture);
  if (it == screens_.end()) return {item};
  Screen& screen = it->second;
  screen.in_flight = false;
  screen.looked = now;
  screen.signature = signature;
  screen.kept.push_back(item);
  Items gone;
  while (screen.kept.size() > limits::kStillsKept) {
    gone.push_back(screen.kept.front());
    screen.kept.pop_front();
  }
  return gone;
}

void Stills::Failed(const std::string& capture) {
  auto it = screens_.find(capture);
  if (it != screens_.end()) it->second.in_flight = false;
}

}  // namespace atrium::control
