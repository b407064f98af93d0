// Which MCP servers a deployment has. Pure.
#ifndef ATRIUM_CONTROL_AGENT_MCP_CONFIG_H_
#define ATRIUM_CONTROL_AGENT_MCP_CONFIG_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace atrium::control::mcp {

struct ServerSpec {
  std::string id;                    // 1-32 of [a-z0-9-]; the first part of its tools' names.
  std::vector<std::string> command;  // A program and its arguments.
  std::map<std::string, std::string> environment;  // All that it gets beside PATH, HOME, LANG.
  std::optional<std::set<std::string>> tools;      // Only these, if it is set.
};

// A JSON list of {id, command, environment?, tools?}. INVALID_ARGUMENT names what is wrong,
// and never a value: the environment may hold secrets.
absl::StatusOr<std::vector<ServerSpec>> ParseServers(const std::string& text);

}  // namespace atrium::control::mcp

#endif  // ATRIUM_CONTROL_AGENT_MCP_CONFIG_H_
