#include "control/session/driver_desk.h"

#include <algorithm>

#include "common/errors.h"
#include "control/errors.h"
#include "control/limits.h"

namespace atrium::control {

using atrium::v1::Tab;

namespace {

bool RemoveRequester(Tab* tab, const std::string& name) {
  auto* asking = tab->mutable_control_requesters();
  const auto end = std::remove(asking->begin(), asking->end(), name);
  const bool was = end != asking->end();
  asking->erase(end, asking->end());
  return was;
}

}  // namespace

void DriverDesk::Give(Tab* tab, const std::string& to, absl::Duration now) {
  tab->set_driver(to);
  RemoveRequester(tab, to);
  Held& held = held_[tab->name()];
  held.last_key = now;
  held.asked.erase(to);
}

absl::Status DriverDesk::Take(Tab* tab, const Who& who, absl::Duration now) {
  if (!tab->driver().empty() && tab->driver() != who.name && !who.owner) {
    return SomebodyDrives(tab->driver());
  }
  Give(tab, who.name, now);
  return absl::OkStatus();
}

absl::Status DriverDesk::Request(Tab* tab, const Who& who, absl::Duration now) {
  if (tab->driver().empty() || tab->driver() == who.name) return Take(tab, who, now);
  Held& held = held_[tab->name()];
  if (held.asked.count(who.name) == 0) {
    if (held.asked.size() >= limits::kControlRequests) {
      return TooMany("requests for the keyboard", limits::kControlRequests,
                     limits::kControlRequestLife);
    }
    tab->add_control_requesters(who.name);
  }
  held.asked[who.name] = now;
  return absl::OkStatus();
}

absl::Status DriverDesk::Grant(Tab* tab, const Who& who, const std::string& to,
                               absl::Duration now) {
  if (tab->driver() != who.name && !who.owner) return NotTheDriver();
  if (to.empty()) {
    tab->clear_control_requesters();
    held_[tab->name()].asked.clear();
    return absl::OkStatus();
  }
  Give(tab, to, now);
  return absl::OkStatus();
}

absl::Status DriverDesk::Release(Tab* tab, const Who& who) {
  if (tab->driver().empty()) return absl::OkStatus();
  if (tab->driver() != who.name && !who.owner) return NotTheDriver();
  tab->clear_driver();
  tab->clear_control_requesters();
  held_.erase(tab->name());
  return absl::OkStatus();
}

void DriverDesk::Typed(const Tab& tab, const std::string& participant, absl::Duration now) {
  auto held = held_.find(tab.name());
  if (held != held_.end() && tab.driver() == participant) held->second.last_key = now;
}

bool DriverDesk::Left(Tab* tab, const std::string& participant) {
  auto held = held_.find(tab->name());
  if (held != held_.end()) held->second.asked.erase(participant);
  const bool asked = RemoveRequester(tab, participant);
  if (tab->driver() != participant) return asked;
  // Whoever has waited longest is next; if nobody waits, everybody may type.
  if (tab->control_requesters().empty()) {
    tab->clear_driver();
    held_.erase(tab->name());
  } else {
    const std::string next = tab->control_requesters(0);
    Give(tab, next, held == held_.end() ? absl::ZeroDuration() : held->second.last_key);
  }
  return true;
}

bool DriverDesk::Lapse(Tab* tab, absl::Duration now) {
  if (tab->driver().empty()) return false;
  auto [it, fresh] = held_.try_emplace(tab->name(), Held{.last_key = now, .asked = {}});
  Held& held = it->second;
  if (fresh) {
    for (const std::string& name : tab->control_requesters()) held.asked[name] = now;
  }
  bool changed = false;
  for (auto asked = held.asked.begin(); asked != held.asked.end();) {
    if (now - asked->second < limits::kControlRequestLife) {
      ++asked;
      continue;
    }
    changed |= RemoveRequester(tab, asked->first);
    asked = held.asked.erase(asked);
  }
  if (now - held.last_key < limits::kControlLife) return changed;
  (void)Left(tab, std::string(tab->driver()));
  auto next = held_.find(tab->name());
  if (next != held_.end()) next->second.last_key = now;
  return true;
}

}  // namespace atrium::control
