// Server is one MCP server: a child that is started, asked for its tools, called, and
// started anew after a pause when it ends.
//
// On the loop.
#ifndef ATRIUM_CONTROL_AGENT_MCP_SERVER_H_
#define ATRIUM_CONTROL_AGENT_MCP_SERVER_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/loop.h"
#include "control/agent/mcp/child.h"
#include "control/agent/mcp/config.h"
#include "control/agent/mcp/protocol.h"

namespace atrium::control::mcp {

class Server final : public Child::Listener {
 public:
  using Done = std::function<void(absl::StatusOr<std::string>)>;

  // `changed` runs whenever its tools are others.
  Server(Loop* loop, ServerSpec spec, std::function<void()> changed)
      : loop_(loop), spec_(std::move(spec)), changed_(std::move(changed)) {}
  ~Server() override;

  void Start();
  const std::string& id() const { return spec_.id; }
  const std::vector<ToolServers::Tool>& tools() const { return tools_; }
  // By the server's own name of the tool.
  void Call(const std::string& tool, const nlohmann::json& arguments, Done done);

 private:
  using Answered = std::function<void(absl::StatusOr<nlohmann::json>)>;
  struct Asked {
    Answered answered;
    Loop::HandlePtr deadline;
  };

  // Child::Listener.
  void OnLine(const std::string& line) override;
  void OnEnd(const absl::Status& why) override;

  void Ask(const std::string& method, nlohmann::json params, absl::Duration patience,
           Answered answered);
  void Answer(int64_t id, absl::StatusOr<nlohmann::json> result);
  void OnInitialized(const absl::StatusOr<nlohmann::json>& result);
  // Lists them, not too often.
  void Relist();
  void ListTools(const std::string& cursor, int page, std::vector<ToolServers::Tool> so_far);
  void SetTools(std::vector<ToolServers::Tool> tools);

  // Given.
  Loop* const loop_;
  const ServerSpec spec_;
  const std::function<void()> changed_;
  // State.
  std::unique_ptr<Child> child_;  // Null between two runs.
  int64_t last_id_ = 0;
  std::map<int64_t, Asked> asked_;
  std::vector<ToolServers::Tool> tools_;
  bool ready_ = false, listing_ = false, list_again_ = false;
  int failures_ = 0;
  absl::Duration started_at_, listed_at_;
  Loop::HandlePtr retry_, relist_;
};

}  // namespace atrium::control::mcp

#endif  // ATRIUM_CONTROL_AGENT_MCP_SERVER_H_
