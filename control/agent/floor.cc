#include "control/agent/floor.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace atrium::control {

using atrium::v1::FloorPolicy;

void Floor::SetTalking(const std::string& speaker, bool talking) {
  if (talking) {
    talking_.insert(speaker);
  } else {
    talking_.erase(speaker);
  }
}

bool Floor::MayBeHeard(const std::string& speaker) const {
  switch (policy_.mode()) {
    case FloorPolicy::PUSH_TO_TALK:
      return talking_.count(speaker) > 0;
    case FloorPolicy::HOST_ONLY:
      return is_owner_(speaker);
    default:
      return true;
  }
}

bool Floor::Passes(const Audible& audible) const {
  return std::all_of(audible.begin(), audible.end(),
                     [this](const auto& voice) { return MayBeHeard(voice.first); });
}

bool Floor::MayInterrupt(const std::vector<std::string>& speakers) const {
  switch (policy_.interruption()) {
    case FloorPolicy::NOBODY:
      return false;
    case FloorPolicy::OWNERS:
      return std::any_of(speakers.begin(), speakers.end(), is_owner_);
    default:
      return true;
  }
}

bool Floor::NeedsName() const { return policy_.mode() == FloorPolicy::ADDRESSED; }

bool Floor::Names(const std::string& text) {
  std::string word;
  for (const char c : text + " ") {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || (c & 0x80) != 0) {
      word += absl::ascii_tolower(static_cast<unsigned char>(c));
      continue;
    }
    if (word == "computer" || word == "agent") return true;
    word.clear();
  }
  return false;
}

}  // namespace atrium::control
