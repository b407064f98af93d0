#include "control/agent/mcp/servers.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "common/log.h"
#include "common/str_cat.h"
#include "control/errors.h"
#include "control/limits.h"

namespace atrium::control::mcp {

using nlohmann::json;

Servers::Servers(Loop* loop, std::vector<ServerSpec> specs) {
  for (ServerSpec& spec : specs) {
    servers_.push_back(std::make_unique<Server>(loop, std::move(spec), [this] {
      Collect();
      for (Listener* listener : std::set<Listener*>(listeners_)) listener->OnToolsChanged();
    }));
  }
}

void Servers::Start() {
  for (const auto& server : servers_) server->Start();
}

// The first of a name counts, and what is too much is left out.
void Servers::Collect() {
  tools_.clear();
  std::set<std::string> names;
  size_t left_out = 0;
  for (const auto& server : servers_) {
    for (const Tool& tool : server->tools()) {
      if (tools_.size() < limits::kForeignTools && names.insert(tool.shown.name()).second) {
        tools_.push_back(tool);
      } else {
        ++left_out;
      }
    }
  }
  if (left_out == 0) return;
  LogWarning("tools of MCP servers are there twice or too many, and left out",
             {{"tools", StrCat(left_out)}});
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
