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
#include "control/agent/tool_list.h"
#include "control/agent/tool_servers.h"

namespace atrium::control {

class Tools {
 public:
  using Done = std::function<void(std::string output)>;

  // The agent's eyes.
  class Eyes {
   public:
    virtual ~Eyes() = default;
    // Its provider takes pictures.
    virtual bool sees() const = 0;
    // Attaches a fresh picture of the screen that `whose` shows (a name; empty: anybody)
    // to the talk; `done` runs once with what was attached.
    virtual void Look(const std::string& whose, Conversation::Done<std::string> done) = 0;
  };

  // All outlive it. Without `eyes` it sees nothing, without `servers` it has our tools.
  explicit Tools(Conversation::Room* room, Eyes* eyes = nullptr, ToolServers* servers = nullptr)
      : room_(room), eyes_(eyes), servers_(servers) {}

  // All that there is, denied or not.
  ToolList List() const;
  // What is not denied, with the names of the live tabs in it.
  std::vector<ToolDeclaration> Declare() const;
  // Runs one call, by the name that was declared, if the room's policy allows it; `done` runs once, at once or
  // later, with what the agent is told. `waiting` is set to true if a person has to
  // decide first.
  void Call(const std::string& name, const std::string& arguments, bool* waiting, Done done);

 private:
  void Run(const std::string& name, const nlohmann::json& arguments, const std::string& tab,
           const Done& done);
  // The tab that people mean by `title`: its title, or its place from 1.
  absl::StatusOr<std::string> FindTab(const std::string& title) const;

  void CallServer(const std::string& name, const nlohmann::json& arguments, bool ask,
                  const Done& done);
  void AskForScreen(const nlohmann::json& arguments, const Done& done);

  // Given.
  Conversation::Room* const room_;
  Eyes* const eyes_;            // May be null.
  ToolServers* const servers_;  // May be null.
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_AGENT_TOOLS_H_
