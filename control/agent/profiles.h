// Profiles are what a deployment's agents can be: instructions, voice, mode, and how what
// people say is written down.
#ifndef ATRIUM_CONTROL_AGENT_PROFILES_H_
#define ATRIUM_CONTROL_AGENT_PROFILES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "atrium/v1/conversation.pb.h"

namespace atrium::control {

struct Profile {
  std::string id = "default";
  std::string display_name = "Default";
  std::string instructions;  // Empty: the provider's default.
  std::string voice;         // Likewise.
  atrium::v1::Conversation::Mode mode = atrium::v1::Conversation::VOICE;
  std::string language;             // Empty: the deployment's.
  std::string transcription_model;  // Likewise.
};

// At least one; the first is the default.
using Profiles = std::vector<Profile>;

// Reads a JSON list of {id, display_name, instructions, voice, mode: "voice" or
// "text", language, transcription_model}, of which only `id` must be there.
absl::StatusOr<Profiles> ParseProfiles(const std::string& text);
// Whether this is nothing, or looks like an ISO 639 code.
bool IsLanguage(const std::string& text);
// Null if there is none of this id; an empty id is the first's.
const Profile* FindProfile(const Profiles& profiles, const std::string& id);

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_AGENT_PROFILES_H_
