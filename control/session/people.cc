#include "control/session/people.h"

namespace atrium::control {

using atrium::v1::Participant;

Person* People::Find(const ParticipantId& id) {
  auto it = people_.find(id);
  return it == people_.end() ? nullptr : &it->second;
}

Person* People::FindByName(const std::string& name) {
  for (auto& [id, person] : people_) {
    if (person.shown.name() == name) return &person;
  }
  return nullptr;
}

std::string People::Successor(const ParticipantId& leaving) const {
  for (const auto& [id, person] : people_) {
    if (id != leaving && person.shown.presence() == Participant::PRESENT &&
        person.shown.role() >= Participant::EDITOR) {
      return person.shown.name();
    }
  }
  return "";
}

int People::PagesOf(const ParticipantId& id) const {
  int count = 0;
  for (const auto& [page_id, page] : pages_) count += page.participant == id ? 1 : 0;
  return count;
}

int People::PresentPagesOf(const ParticipantId& id) const {
  int count = 0;
  for (const auto& [page_id, page] : pages_) {
    count += page.participant == id && page.door != nullptr ? 1 : 0;
  }
  return count;
}

int People::present_pages() const {
  int count = 0;
  for (const auto& [id, page] : pages_) count += page.door != nullptr ? 1 : 0;
  return count;
}

}  // namespace atrium::control
