#include "control/agent/mcp/servers.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "control/errors.h"

namespace atrium::control::mcp {

using nlohmann::json;

Servers::Servers(Loop* loop, std::vector<ServerSpec> specs) {
  for (ServerSpec& spec : specs) {
    servers_.push_back(std::make_unique<Server>(loop, std::move(spec), [this] {
      for (Listener* listener : std::set<Listener*>(listeners_)) listener->OnToolsChanged();
    }));
  }
}

void Servers::Start() {
  for (const auto& server : servers_) server->Start();
}

std::vector<ToolServers::Tool> Servers::Tools() const {
  std::vector<Tool> all;
  for (const auto& server : servers_) {
    all.insert(all.end(), server->tools().begin(), server->tools().end());
  }
  return all;
}

void Servers::Call(const std::string& tool, const std::string& arguments,
                   std::function<void(absl::StatusOr<std::string>)> done) {
  const size_t dot = tool.find('.');
  for (const auto& server : servers_) {
    if (dot == std::string::npos || server->id() != tool.substr(0, dot)) continue;
    const json parsed = json::parse(arguments, nullptr, false);
    return server->Call(tool.substr(dot + 1), parsed, std::move(done));
  }
  done(ToolFailed("there is no such tool any more"));
}

}  // namespace atrium::control::mcp
