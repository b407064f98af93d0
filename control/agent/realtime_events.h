// What is read from a Realtime server, tolerantly: GA names and the beta's, and
// servers that leave parts out. Pure.
#ifndef ATRIUM_CONTROL_AGENT_REALTIME_EVENTS_H_
#define ATRIUM_CONTROL_AGENT_REALTIME_EVENTS_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "control/agent/provider.h"

namespace atrium::control::realtime {

// A field of an object; empty, 0 or {} if it is missing or of another kind.
std::string Text(const nlohmann::json& object, const char* name);
int64_t Number(const nlohmann::json& object, const char* name);
const nlohmann::json& Object(const nlohmann::json& object, const char* name);
const nlohmann::json& List(const nlohmann::json& object, const char* name);

// Whether a list holds this text.
bool Holds(const nlohmann::json& list, std::string_view text);

std::string ToBase64(const std::string& bytes);
std::string FromBase64(const std::string& text);

// What of how speech is written down a provider session was ever told.
struct Transcribing {
  bool model = false, language = false;
};
// How speech is written down, for a `session.update`. As one leaves alone what it does not
// name, what was told and is no more is named, as null.
nlohmann::json TranscriptionOf(const ProviderSettings& settings, const Transcribing& told);

// GA's name for an event that the beta called otherwise.
std::string GaName(const std::string& type);
// Whether trying again cannot mend this error.
bool IsFinal(const std::string& code);
// What people can do about it; `message` is the provider's.
std::string RemedyFor(const std::string& code, const std::string& message);
// The same of what an HTTP server answers in the place of the handshake.
std::string RemedyForHttp(int status);
// What a response, or a transcription, used.
ProviderUsage UsageOf(const nlohmann::json& usage);
// Of a `response.done`'s response.
ResponseEnd EndOf(const nlohmann::json& response);
// The error that made it fail; empty if none did.
std::string FailureCodeOf(const nlohmann::json& response);

}  // namespace atrium::control::realtime

#endif  // ATRIUM_CONTROL_AGENT_REALTIME_EVENTS_H_
