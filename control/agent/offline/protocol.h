// What the parts of a session share of the Realtime protocol. Pure.
#ifndef ATRIUM_CONTROL_AGENT_OFFLINE_PROTOCOL_H_
#define ATRIUM_CONTROL_AGENT_OFFLINE_PROTOCOL_H_

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace atrium::agent {

// Why something that was asked for is not done.
struct Fault {
  std::string code, message;
  std::string param;  // The wrong field, if it is one.
};
// Nothing: it was done.
using Verdict = std::optional<Fault>;

// A field of an object; empty if it is missing or of another kind.
std::string TextOf(const nlohmann::json& object, const char* name);
const nlohmann::json& ObjectOf(const nlohmann::json& object, const char* name);
const nlohmann::json& ListOf(const nlohmann::json& object, const char* name);

std::string ToBase64(std::string_view bytes);
// Nothing if it is not base64.
std::optional<std::string> FromBase64(const std::string& text);

}  // namespace atrium::agent

#endif  // ATRIUM_CONTROL_AGENT_OFFLINE_PROTOCOL_H_
