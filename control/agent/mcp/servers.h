// Servers is all MCP servers of a deployment, shared by all sessions. On the loop.
#ifndef ATRIUM_CONTROL_AGENT_MCP_SERVERS_H_
#define ATRIUM_CONTROL_AGENT_MCP_SERVERS_H_

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "control/agent/mcp/server.h"
#include "control/agent/tool_servers.h"

namespace atrium::control::mcp {

class Servers final : public ToolServers {
 public:
  Servers(Loop* loop, std::vector<ServerSpec> specs);

  void Start();
  // ToolServers.
  const std::vector<Tool>& Tools() const override { return tools_; }
  void Call(const std::string& tool, const std::string& arguments,
            std::function<void(absl::StatusOr<std::string>)> done) override;
  void AddListener(Listener* listener) override { listeners_.insert(listener); }
  void RemoveListener(Listener* listener) override { listeners_.erase(listener); }

 private:
  void Collect();

  // State.
  std::vector<Tool> tools_;
  std::set<Listener*> listeners_;
  // Owned.
  std::vector<std::unique_ptr<Server>> servers_;
};

}  // namespace atrium::control::mcp

#endif  // ATRIUM_CONTROL_AGENT_MCP_SERVERS_H_
