#include "control/agent/mcp/protocol.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "common/build_id.h"
#include "common/log.h"
#include "common/str_cat.h"
#include "common/text.h"
#include "control/errors.h"
#include "control/limits.h"

namespace atrium::control::mcp {

using nlohmann::json;

namespace {

constexpr const char* kVersions[] = {"2025-06-18", "2025-11-25", "2025-03-26", "2024-11-05"};
constexpr int kNoMethod = -32601;

std::string Dump(const json& message) {
  return message.dump(-1, ' ', false, json::error_handler_t::replace);
}
std::string Text(const json& object, const char* name) {
  if (!object.is_object()) return "";
  auto it = object.find(name);
  return it != object.end() && it->is_string() ? it->get<std::string>() : "";
}

// What a provider takes as a part of a function's name.
bool IsToolName(const std::string& name, size_t room) {
  return !name.empty() && name.size() <= room && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-';
  });
}

// A tool's schema as providers take it: they refuse all tools for one that is of no object.
std::optional<std::string> ParametersOf(const json& tool) {
  json schema = tool.value("inputSchema", json::object());
  if (!schema.is_object()) schema = json::object();
  if (schema.emplace("type", "object").first.value() != "object") return std::nullopt;
  if (!schema.emplace("properties", json::object()).first.value().is_object()) {
    return std::nullopt;
  }
  return Dump(schema);
}

}  // namespace

bool IsSpoken(const std::string& version) {
  return std::find(std::begin(kVersions), std::end(kVersions), version) != std::end(kVersions);
}
json InitializeParams() {
  return {{"protocolVersion", kVersions[0]},
          {"capabilities", json::object()},
          {"clientInfo", {{"name", "atrium"}, {"version", std::string(kBuildId)}}}};
}

std::string Request(int64_t id, const std::string& method, json params) {
  return Dump({{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", std::move(params)}});
}
std::string Notification(const std::string& method) {
  return Dump({{"jsonrpc", "2.0"}, {"method", method}});
}
std::string EmptyAnswer(const json& id) {
  return Dump({{"jsonrpc", "2.0"}, {"id", id}, {"result", json::object()}});
}
std::string NoMethodAnswer(const json& id) {
  return Dump({{"jsonrpc", "2.0"},
               {"id", id},
               {"error", {{"code", kNoMethod}, {"message", "This client offers no such thing"}}}});
}

std::optional<Message> Parse(const std::string& line) {
  // What is nested without end would exhaust our stack later.
  bool deep = false;
  const json said = json::parse(
      line,
      [&deep](int depth, json::parse_event_t, json&) {
        deep = deep || depth > limits::kMcpDepth;
        return !deep;
      },
      false);
  if (deep || !said.is_object()) return std::nullopt;
  Message message{.id = said.value("id", json()), .method = Text(said, "method")};
  if (!message.method.empty()) {
    message.kind = message.id.is_null() ? Message::Kind::kNotification : Message::Kind::kRequest;
    return message;
  }
  if (message.id.is_null()) return std::nullopt;
  message.kind = Message::Kind::kAnswer;
  if (auto it = said.find("result"); it != said.end()) {
    message.result = *it;
  } else {
    const json error = said.value("error", json());
    const std::string why = CleanText(Text(error, "message"), limits::kTextBytes);
    const json code = error.is_object() ? error.value("code", json()) : json();
    message.result = code == kNoMethod ? ToolUnknown(why) : ToolFailed(why);
  }
  return message;
}

std::vector<ToolServers::Tool> ToolsIn(const json& result, const std::string& server,
                                       const std::optional<std::set<std::string>>& allowed) {
  std::vector<ToolServers::Tool> tools;
  const json list = result.is_object() ? result.value("tools", json()) : json();
  if (!list.is_array()) return tools;
  const size_t room = limits::kToolNameBytes - server.size() - 2;
  for (const json& one : list) {
    if (!one.is_object()) continue;
    const std::string name = Text(one, "name");
    if (allowed && allowed->count(name) == 0) continue;
    const std::optional<std::string> parameters = ParametersOf(one);
    if (!IsToolName(name, room) || !parameters || parameters->size() > limits::kToolSchemaBytes) {
      LogWarning("a tool of an MCP server is left out",
                 {{"server", server}, {"tool", CleanName(name, limits::kTitleChars)}});
      continue;
    }
    ToolServers::Tool& tool = tools.emplace_back();
    tool.shown.set_name(StrCat(server, ".", name));
    // One line, as people read it on cards; the server's own words.
    tool.shown.set_description(CleanName(Text(one, "description"), limits::kToolDescriptionChars));
    tool.shown.set_default_action(atrium::v1::CommandPolicy::ASK);
    tool.shown.set_may_be_allowed(true);
    tool.shown.set_server(server);
    tool.parameters = *parameters;
  }
  return tools;
}

absl::StatusOr<std::string> TextOf(const json& result) {
  const json content = result.is_object() ? result.value("content", json()) : json();
  std::string text;
  if (content.is_array()) {
    for (const json& part : content) {
      if (!text.empty()) text += "\n";
      const std::string type = Text(part, "type");
      text += type == "text" ? Text(part, "text")
                             : StrCat("(", CleanName(type, limits::kTitleChars), ", left out)");
    }
  }
  text = CleanText(text, limits::kTextBytes);
  const json failed = result.is_object() ? result.value("isError", json(false)) : json(true);
  if (failed.is_boolean() && failed.get<bool>()) return ToolFailed(text);
  return text;
}

}  // namespace atrium::control::mcp
