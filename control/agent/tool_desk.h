// ToolDesk runs the agent's calls and sees that each is answered. A call that
// waits for people is answered at once with that, so that the agent goes on
// talking; what came of it follows as a call of its own.
//
// On the loop.
#ifndef ATRIUM_CONTROL_AGENT_TOOL_DESK_H_
#define ATRIUM_CONTROL_AGENT_TOOL_DESK_H_

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "common/loop.h"
#include "control/agent/tools.h"

namespace atrium::control {

class ToolDesk {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    // The answer to a call of the current provider session.
    virtual void OnToolResult(const std::string& call, const std::string& output) = 0;
    // What came of one that has an answer already, or was another session's.
    virtual void OnLateResult(const std::string& call, const std::string& tool,
                              const std::string& arguments, const std::string& output) = 0;
  };

  ToolDesk(Loop* loop, Conversation::Room* room, Tools::Eyes* eyes, ToolServers* servers,
           Listener* listener)
      : loop_(loop), listener_(listener), tools_(room, eyes, servers) {}

  ToolList List() const { return tools_.List(); }
  std::vector<ToolDeclaration> Declare() const { return tools_.Declare(); }
  void Call(const std::string& call, const std::string& name, const std::string& arguments);
  // The provider session is gone, and with it whoever waits for answers.
  void ForgetSession() { open_.clear(); }

  // A call has no answer yet.
  bool open() const { return !open_.empty(); }
  // A card waits for people.
  bool awaiting() const { return !awaiting_.empty(); }

 private:
  void Answer(const std::string& call, const std::string& name, const std::string& arguments,
              const std::string& output);

  // Given.
  Loop* const loop_;
  Listener* const listener_;
  // Owned.
  Tools tools_;
  // State.
  std::set<std::string> open_;                // Calls without an answer.
  std::set<std::string> awaiting_;            // Calls that people decide on.
  std::deque<absl::Duration> recent_;         // When calls were made.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_AGENT_TOOL_DESK_H_
