// ToolServers is where the agent's tools of others come from. On the loop.
#ifndef ATRIUM_CONTROL_AGENT_TOOL_SERVERS_H_
#define ATRIUM_CONTROL_AGENT_TOOL_SERVERS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "atrium/v1/conversation.pb.h"

namespace atrium::control {

class ToolServers {
 public:
  struct Tool {
    atrium::v1::Conversation::Tool shown;  // Its name is `{server}.{tool}`.
    std::string parameters;                // A JSON schema.
  };
  // Upward news.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnToolsChanged() = 0;
  };

  virtual ~ToolServers() = default;
  // What there is now, in a steady order; good until the next news.
  virtual const std::vector<Tool>& Tools() const = 0;
  // Calls one of them, by its name, with a JSON object; `done` runs once, with text that
  // others wrote.
  virtual void Call(const std::string& tool, const std::string& arguments,
                    std::function<void(absl::StatusOr<std::string>)> done) = 0;
  // A listener outlives its place here.
  virtual void AddListener(Listener* listener) = 0;
  virtual void RemoveListener(Listener* listener) = 0;
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_AGENT_TOOL_SERVERS_H_
