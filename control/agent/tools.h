// The agent's tools: what it may call, and what each call does in the room.
//
// On the loop.
#ifndef ATRIUM_CONTROL_AGENT_TOOLS_H_
#define ATRIUM_CONTROL_AGENT_TOOLS_H_

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "control/agent/conversation.h"
#include "control/agent/provider.h"

namespace atrium::control {

class Tools {
 public:
  using Done = std::function<void(std::string output)>;

  explicit Tools(Conversation::Room* room) : room_(room) {}

  // What there is, with the names of the live tabs in it.
  std::vector<ToolDeclaration> Declare() const;
  // Runs one call, if the room's policy allows it; `done` runs once, at once or
  // later, with what the agent is told. `waiting` is set to true if a person has to
  // decide first.
  void Call(const std::string& name, const std::string& arguments, bool* waiting, Done done);

 private:
  void Run(const std::string& name, const nlohmann::json& arguments, const std::string& tab,
           const Done& done);
  // The tab that people mean by `title`: its title, or its place from 1.
  absl::StatusOr<std::string> FindTab(const std::string& title) const;

  // Given.
  Conversation::Room* const room_;
};

// Whether the agent has a tool of this name.
bool IsTool(const std::string& name);

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_AGENT_TOOLS_H_
