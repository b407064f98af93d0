#include "gateway/compat/envelope.h"

#include <iterator>
#include <utility>
#include <vector>

#include "common/errors.h"
#include "common/proto_time.h"
#include "common/status_macros.h"
#include "common/str_cat.h"
#include "gateway/limits.h"

namespace atrium::gateway::compat {
namespace {

constexpr const char* kTypes[] = {"command", "output", "control", "heartbeat"};
constexpr char kDefaultShell[] = "default";

// Stops at what would be slow to read, or to walk: nesting, and objects of very many
// keys, which keep their order and so are searched one by one.
class Bounds final : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(size_t) override { return Deeper(); }
  bool key(string_t&) override { return ++keys_.back() <= limits::kJsonKeys; }
  bool end_object() override { return Higher(); }
  bool start_array(size_t) override { return Deeper(); }
  bool end_array() override { return Higher(); }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  bool Deeper() {
    keys_.push_back(0);
    return keys_.size() <= limits::kJsonDepth;
  }
  bool Higher() {
    keys_.pop_back();
    return true;
  }
  std::vector<size_t> keys_;  // Of each level so far.
};

std::string Below(std::string_view path, std::string_view name) {
  return path.empty() ? std::string(name) : StrCat(path, ".", name);
}

absl::StatusOr<int32_t> NumberOf(const Json& object, const char* name, std::string_view path,
                                 int low, int high) {
  auto it = object.find(name);
  if (it == object.end()) return MissingField(Below(path, name));
  const bool whole = it->is_number_integer() && *it >= low && *it <= high;
  if (!whole) return BadField(Below(path, name), StrCat("must be a number of ", low, " to ", high));
  return it->get<int32_t>();
}

absl::StatusOr<std::string> IdMember(const Json& object, const char* name) {
  ASSIGN_OR_RETURN(std::string value, StringOf(object, name, "", /*required=*/true));
  if (value.size() > limits::kCompatIdBytes) {
    return BadField(name, StrCat("is longer than ", limits::kCompatIdBytes, " bytes"));
  }
  return value;
}

absl::StatusOr<std::map<std::string, std::string>> EnvironmentOf(const Json& payload) {
  std::map<std::string, std::string> environment;
  auto it = payload.find("environment");
  if (it == payload.end() || it->is_null()) return environment;
  if (!it->is_object()) return BadField("payload.environment", "must be an object of strings");
  for (const auto& [name, value] : it->items()) {
    if (!value.is_string()) {
      return BadField(StrCat("payload.environment.", name.substr(0, 64)), "must be a string");
    }
    environment[name] = value.get<std::string>();
  }
  return environment;
}

}  // namespace

absl::StatusOr<Json> ParseTyped(std::string_view text) {
  Bounds bounds;
  if (!Json::sax_parse(text, &bounds)) {
    return BadField("message", StrCat("must be a JSON object of at most ", limits::kJsonKeys,
                                      " keys and ", limits::kJsonDepth, " levels"));
  }
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return BadField("message", "must be a JSON object");
  RETURN_IF_ERROR(StringOf(json, "type", "", /*required=*/true).status());
  return json;
}

absl::StatusOr<std::string> StringOf(const Json& object, const char* name, std::string_view path,
                                     bool required) {
  auto it = object.find(name);
  if (it == object.end() || it->is_null()) {
    if (required) return MissingField(Below(path, name));
    return std::string();
  }
  if (!it->is_string()) return BadField(Below(path, name), "must be a string");
  return it->get<std::string>();
}

absl::StatusOr<atrium::v1::TerminalSize> SizeOf(const Json& object, std::string_view path) {
  if (!object.is_object()) return BadField(path, "must be an object");
  atrium::v1::TerminalSize size;
  ASSIGN_OR_RETURN(const int32_t columns,
                   NumberOf(object, "cols", path, limits::kMinColumns, limits::kMaxColumns));
  ASSIGN_OR_RETURN(const int32_t rows, NumberOf(object, "rows", path, 1, limits::kMaxRows));
  size.set_columns(columns);
  size.set_rows(rows);
  return size;
}

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json TabJson(const atrium::v1::Tab& tab) {
  Json json;
  json["session_id"] = IdOf(tab.name());
  json["shell_id"] = ShellOf(tab);
  json["title"] = tab.title();
  json["created_at"] = absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", FromProtoTime(tab.create_time()),
                                        absl::UTCTimeZone());
  return json;
}

std::string IdOf(std::string_view tab_name) {
  return std::string(tab_name.substr(tab_name.rfind('/') + 1));
}

std::string ShellOf(const atrium::v1::Tab& tab) {
  if (tab.command_size() == 0) return kDefaultShell;
  return IdOf(tab.command(0));
}

absl::StatusOr<Envelope> ParseEnvelope(std::string_view text, std::string* message_id) {
  ASSIGN_OR_RETURN(Json json, ParseTyped(text));
  Envelope envelope;
  ASSIGN_OR_RETURN(envelope.message_id, IdMember(json, "messageId"));
  *message_id = envelope.message_id;
  const std::string type = json["type"].get<std::string>();
  size_t index = 0;
  while (index < std::size(kTypes) && type != kTypes[index]) ++index;
  envelope.type = static_cast<Envelope::Type>(index);
  if (index == std::size(kTypes) || envelope.type == Envelope::Type::kOutput) {
    return BadField("type", "must be command, control or heartbeat");
  }
  ASSIGN_OR_RETURN(envelope.session_id, IdMember(json, "sessionId"));
  auto timestamp = json.find("timestamp");
  if (timestamp == json.end()) return MissingField("timestamp");
  if (!timestamp->is_number()) return BadField("timestamp", "must be a number of milliseconds");
  auto payload = json.find("payload");
  const bool needed = envelope.type != Envelope::Type::kHeartbeat;
  if (payload == json.end() && needed) return MissingField("payload");
  if (payload != json.end()) envelope.payload = std::move(*payload);
  if (needed && !envelope.payload.is_object()) return BadField("payload", "must be an object");
  return envelope;
}

std::string MakeEnvelope(const Envelope& envelope, absl::Time now) {
  Json json;
  json["type"] = kTypes[static_cast<size_t>(envelope.type)];
  json["sessionId"] = envelope.session_id;
  json["payload"] = envelope.payload;
  json["timestamp"] = absl::ToUnixMillis(now);
  json["messageId"] = envelope.message_id;
  return Dump(json);
}

absl::StatusOr<Command> ParseCommand(const Json& payload) {
  Command command;
  ASSIGN_OR_RETURN(command.command, StringOf(payload, "command", "payload", /*required=*/true));
  if (command.command.empty()) return MissingField("payload.command");
  ASSIGN_OR_RETURN(command.working_directory,
                   StringOf(payload, "workingDirectory", "payload", /*required=*/false));
  ASSIGN_OR_RETURN(command.environment, EnvironmentOf(payload));
  return command;
}

}  // namespace atrium::gateway::compat
