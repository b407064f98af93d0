// The JSON of the source systems' sockets: the messages of tab synchronization
// (M5, M6, M10), and the envelope of the subprotocol `terminal-message.v1` (P4).
// Pure.
#ifndef ATRIUM_GATEWAY_COMPAT_ENVELOPE_H_
#define ATRIUM_GATEWAY_COMPAT_ENVELOPE_H_

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "atrium/v1/tab.pb.h"

namespace atrium::gateway::compat {

// Keys keep their order, for the bytes are compared.
using Json = nlohmann::ordered_json;

// A JSON object with a string `type`; INVALID_ARGUMENT names what is wrong.
absl::StatusOr<Json> ParseTyped(std::string_view text);
// A required, or optional, string member. INVALID_ARGUMENT names it `path`.
absl::StatusOr<std::string> StringOf(const Json& object, const char* name, std::string_view path,
                                     bool required);
// `cols` and `rows` of an object, in their bounds. INVALID_ARGUMENT names the wrong one.
absl::StatusOr<atrium::v1::TerminalSize> SizeOf(const Json& object, std::string_view path);
// As text; what is not UTF-8 is replaced.
std::string Dump(const Json& json);

// One tab as `tab:list` and `tab:remote_created` have it, without a `type`.
Json TabJson(const atrium::v1::Tab& tab);
// The last part of a tab's name.
std::string IdOf(std::string_view tab_name);
// What a tab runs, by its short name.
std::string ShellOf(const atrium::v1::Tab& tab);

// A message of the envelope.
struct Envelope {
  enum class Type { kCommand, kOutput, kControl, kHeartbeat };
  Type type = Type::kHeartbeat;
  std::string session_id, message_id;
  Json payload;
};
// INVALID_ARGUMENT names the field that is wrong. Of a refused message `message_id`
// is what can be known of it.
absl::StatusOr<Envelope> ParseEnvelope(std::string_view text, std::string* message_id);
std::string MakeEnvelope(const Envelope& envelope, absl::Time now);

// The payload of a command.
struct Command {
  std::string command, working_directory;
  std::map<std::string, std::string> environment;
};
absl::StatusOr<Command> ParseCommand(const Json& payload);

}  // namespace atrium::gateway::compat

#endif  // ATRIUM_GATEWAY_COMPAT_ENVELOPE_H_
