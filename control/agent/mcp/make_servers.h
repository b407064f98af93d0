// Which MCP servers this deployment starts, by its settings.
#ifndef ATRIUM_CONTROL_AGENT_MCP_MAKE_SERVERS_H_
#define ATRIUM_CONTROL_AGENT_MCP_MAKE_SERVERS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "common/loop.h"
#include "control/agent/mcp/servers.h"
#include "control/config.h"

namespace atrium::control::mcp {

// Null if there are none. FAILED_PRECONDITION if they would run as root.
absl::StatusOr<std::unique_ptr<Servers>> MakeServers(Loop* loop, const Config& config);

}  // namespace atrium::control::mcp

#endif  // ATRIUM_CONTROL_AGENT_MCP_MAKE_SERVERS_H_
