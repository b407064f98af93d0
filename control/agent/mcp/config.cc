#include "control/agent/mcp/config.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "common/errors.h"
#include "common/str_cat.h"
#include "control/limits.h"

namespace atrium::control::mcp {
namespace {

using nlohmann::json;

absl::Status Wrong(size_t at, std::string_view field, std::string_view why) {
  return BadField(StrCat("--mcp_servers[", at, "]", field.empty() ? "" : ".", field), why);
}

bool IsId(const std::string& id) {
  return !id.empty() && id.size() <= limits::kMcpIdBytes &&
         std::all_of(id.begin(), id.end(), [](char c) {
           return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
         });
}

bool AreTexts(const json& list) {
  return list.is_array() &&
         std::all_of(list.begin(), list.end(), [](const json& one) { return one.is_string(); });
}

absl::StatusOr<ServerSpec> ParseServer(const json& one, size_t at) {
  if (!one.is_object()) return Wrong(at, "", "must be an object");
  for (const auto& [key, value] : one.items()) {
    if (key == "id" || key == "command" || key == "environment" || key == "tools") continue;
    return Wrong(at, key, "is unknown: there are id, command, environment and tools");
  }
  ServerSpec spec;
  if (auto it = one.find("id"); it != one.end() && it->is_string()) spec.id = *it;
  if (!IsId(spec.id)) return Wrong(at, "id", "must be 1-32 of [a-z0-9-]");
  const json command = one.value("command", json());
  if (!AreTexts(command) || command.empty()) {
    return Wrong(at, "command", "must be a list of texts: a program and its arguments");
  }
  spec.command = command.get<std::vector<std::string>>();
  const json environment = one.value("environment", json::object());
  if (!environment.is_object()) return Wrong(at, "environment", "must be an object of texts");
  for (const auto& [name, value] : environment.items()) {
    if (!value.is_string()) return Wrong(at, "environment", "must be an object of texts");
    if (name.empty() || name.find('=') != std::string::npos) {
      return Wrong(at, "environment", "has a name that is none");
    }
    spec.environment[name] = value;
  }
  if (auto it = one.find("tools"); it != one.end()) {
    if (!AreTexts(*it)) return Wrong(at, "tools", "must be a list of texts");
    spec.tools = it->get<std::set<std::string>>();
  }
  return spec;
}

}  // namespace

absl::StatusOr<std::vector<ServerSpec>> ParseServers(const std::string& text) {
  const json all = json::parse(text, nullptr, false);
  if (!all.is_array()) return BadField("--mcp_servers", "must be a file with a JSON list");
  if (all.size() > limits::kMcpServers) {
    return BadField("--mcp_servers", StrCat("has more than ", limits::kMcpServers, " servers"));
  }
  std::vector<ServerSpec> specs;
  std::set<std::string> ids;
  for (const json& one : all) {
    absl::StatusOr<ServerSpec> spec = ParseServer(one, specs.size());
    if (!spec.ok()) return spec.status();
    if (!ids.insert(spec->id).second) return Wrong(specs.size(), "id", "is there twice");
    specs.push_back(*std::move(spec));
  }
  return specs;
}

}  // namespace atrium::control::mcp
