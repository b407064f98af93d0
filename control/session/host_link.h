// HostLink is what a session needs of a terminal host. On the loop.
#ifndef ATRIUM_CONTROL_SESSION_HOST_LINK_H_
#define ATRIUM_CONTROL_SESSION_HOST_LINK_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "atrium/terminal/v1/host.pb.h"

namespace atrium::control {

class HostLink {
 public:
  template <typename T>
  using Done = std::function<void(absl::StatusOr<T>)>;

  // Upward news.
  class Listener {
   public:
    virtual ~Listener() = default;
    // Contact: adopt what is there, then the plan is sent.
    virtual void OnHostInventory(const atrium::terminal::v1::DriveResponse::Inventory& inventory) = 0;
    virtual void OnHostTerminal(const atrium::terminal::v1::TerminalStatus& status) = 0;
    virtual void OnHostProblem(const std::string& tab, const absl::Status& why) = 0;
    // Every plan up to this generation is real.
    virtual void OnHostConfirmed(int64_t generation) = 0;
    virtual void OnHostTyped(const std::string& tab, const std::string& participant) = 0;
    virtual void OnHostCommandEnd(const atrium::terminal::v1::CommandEnd& end) = 0;
    virtual void OnHostStatus(const atrium::terminal::v1::HostStatus& status) = 0;
    virtual void OnHostLost() = 0;
    // Fills in what the host should have; its generation is set by the link.
    virtual atrium::terminal::v1::Plan MakeHostPlan() = 0;
  };

  virtual ~HostLink() = default;
  // The plan changed: it is asked for and sent at the end of this turn of the
  // loop. Returns the generation that will hold the change.
  virtual int64_t PlanChanged() = 0;
  virtual bool connected() const = 0;

  virtual void ReadScreen(const atrium::v1::ReadScreenRequest& request,
                          Done<atrium::v1::ReadScreenResponse> done) = 0;
  virtual void ReadOutput(const atrium::terminal::v1::ReadOutputRequest& request,
                          Done<atrium::terminal::v1::ReadOutputResponse> done) = 0;
  // Waits for `timeout` at most. Returns what ends the wait early; on the loop.
  virtual std::function<void()> WaitForOutput(const atrium::v1::WaitForOutputRequest& request,
                                              absl::Duration timeout,
                                              Done<atrium::v1::WaitForOutputResponse> done) = 0;
  virtual void ListCommands(const atrium::v1::ListCommandsRequest& request,
                            Done<atrium::v1::ListCommandsResponse> done) = 0;
  // The same. What was not typed when the wait is ended never is.
  virtual std::function<void()> RunAtPrompt(
      const atrium::terminal::v1::RunAtPromptRequest& request, absl::Duration timeout,
      Done<atrium::terminal::v1::RunAtPromptResponse> done) = 0;
  virtual void WriteInput(const atrium::terminal::v1::WriteInputRequest& request,
                          Done<atrium::terminal::v1::WriteInputResponse> done) = 0;
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_SESSION_HOST_LINK_H_
