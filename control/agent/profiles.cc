#include "control/agent/profiles.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/errors.h"
#include "common/str_cat.h"
#include "common/text.h"
#include "control/limits.h"

namespace atrium::control {
namespace {

using nlohmann::json;

constexpr size_t kIdBytes = 63;

bool IsId(const std::string& id) {
  return !id.empty() && id.size() <= kIdBytes && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

absl::Status Bad(std::string_view why) { return BadField("--agent_profiles", why); }

absl::StatusOr<Profile> Parse(const json& one) {
  if (!one.is_object()) return Bad("must be a list of objects");
  Profile profile;
  std::string mode = "voice";
  for (const auto& [field, value] : one.items()) {
    if (!value.is_string()) return Bad(StrCat(field, " must be text"));
    const auto text = value.get<std::string>();
    if (field == "id") {
      profile.id = text;
      if (one.find("display_name") == one.end()) profile.display_name = text;
    } else if (field == "display_name") {
      profile.display_name = CleanName(text, limits::kTitleChars);
    } else if (field == "instructions") {
      profile.instructions = CleanText(text, limits::kTextBytes);
    } else if (field == "voice") {
      profile.voice = CleanName(text, limits::kTitleChars);
    } else if (field == "mode") {
      mode = text;
    } else if (field == "language") {
      if (!IsLanguage(text)) return Bad("has a language that is no ISO 639 code");
      profile.language = text;
    } else if (field == "transcription_model") {
      profile.transcription_model = CleanName(text, limits::kTitleChars);
    } else {
      return Bad(StrCat("knows no field ", field));
    }
  }
  if (!IsId(profile.id) || one.find("id") == one.end()) {
    return Bad("needs an id of 1 to 63 of [a-z0-9-] in each profile");
  }
  if (mode != "voice" && mode != "text") return Bad("has a mode that is neither voice nor text");
  profile.mode =
      mode == "text" ? atrium::v1::Conversation::TEXT : atrium::v1::Conversation::VOICE;
  return profile;
}

}  // namespace

absl::StatusOr<Profiles> ParseProfiles(const std::string& text) {
  if (text.size() > limits::kProfilesFileBytes) return Bad("is too long");
  const json list = json::parse(text, nullptr, false);
  if (!list.is_array() || list.empty() || list.size() > limits::kProfiles) {
    return Bad(StrCat("must be a JSON list of 1 to ", limits::kProfiles, " profiles"));
  }
  Profiles profiles;
  for (const json& one : list) {
    const absl::StatusOr<Profile> profile = Parse(one);
    if (!profile.ok()) return profile.status();
    if (FindProfile(profiles, profile->id) != nullptr) {
      return Bad(StrCat("has two profiles ", profile->id));
    }
    profiles.push_back(*profile);
  }
  return profiles;
}

bool IsLanguage(const std::string& text) {
  const bool fits = text.empty() || text.size() == 2 || text.size() == 3;
  return fits && std::all_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

const Profile* FindProfile(const Profiles& profiles, const std::string& id) {
  if (id.empty()) return profiles.empty() ? nullptr : &profiles.front();
  const auto it = std::find_if(profiles.begin(), profiles.end(),
                               [&](const Profile& profile) { return profile.id == id; });
  return it == profiles.end() ? nullptr : &*it;
}

}  // namespace atrium::control
