// The Model Context Protocol as a client speaks it: JSON-RPC 2.0, one message a line.
// Pure; tolerant in what it reads.
#ifndef ATRIUM_CONTROL_AGENT_MCP_PROTOCOL_H_
#define ATRIUM_CONTROL_AGENT_MCP_PROTOCOL_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "control/agent/tool_servers.h"

namespace atrium::control::mcp {

// The versions that we can speak; the first is what we ask for.
bool IsSpoken(const std::string& version);
nlohmann::json InitializeParams();

std::string Request(int64_t id, const std::string& method, nlohmann::json params);
std::string Notification(const std::string& method);
// Answers of ours to what a server asks: it is alive; there is no such method.
std::string EmptyAnswer(const nlohmann::json& id);
std::string NoMethodAnswer(const nlohmann::json& id);

struct Message {
  enum class Kind { kAnswer, kRequest, kNotification };
  Kind kind = Kind::kNotification;
  nlohmann::json id;                                         // Of an answer, or a request.
  std::string method;                                        // Of the others.
  // Of an answer; UNIMPLEMENTED if the server has no such method.
  absl::StatusOr<nlohmann::json> result = nlohmann::json();
};
// None if it is no message.
std::optional<Message> Parse(const std::string& line);

// The tools in an answer to tools/list, as `server`'s; those that are not `allowed`, or
// cannot be named, take no object or are too large, are left out.
std::vector<ToolServers::Tool> ToolsIn(const nlohmann::json& result, const std::string& server,
                                       const std::optional<std::set<std::string>>& allowed);
// What a tools/call answered, as text; an error if the tool says that it failed.
absl::StatusOr<std::string> TextOf(const nlohmann::json& result);

}  // namespace atrium::control::mcp

#endif  // ATRIUM_CONTROL_AGENT_MCP_PROTOCOL_H_
