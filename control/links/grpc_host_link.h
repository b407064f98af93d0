// HostLink by gRPC.
#ifndef ATRIUM_CONTROL_LINKS_GRPC_HOST_LINK_H_
#define ATRIUM_CONTROL_LINKS_GRPC_HOST_LINK_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "atrium/terminal/v1/host.grpc.pb.h"
#include "common/loop.h"
#include "control/links/drive.h"
#include "control/session/host_link.h"

namespace atrium::control {

// What gRPC says when the terminal process cannot be reached, in our words; else `status`.
absl::Status FromHost(const absl::Status& status);

class GrpcHostLink final : public HostLink {
 public:
  GrpcHostLink(Loop* loop, const std::string& socket_path, int64_t fence, Listener* listener);

  void Start() { drive_.Start(); }
  // HostLink.
  int64_t PlanChanged() override { return drive_.PlanChanged(); }
  bool connected() const override { return drive_.connected(); }
  void ReadScreen(const atrium::v1::ReadScreenRequest& request,
                  Done<atrium::v1::ReadScreenResponse> done) override;
  void ReadOutput(const atrium::terminal::v1::ReadOutputRequest& request,
                  Done<atrium::terminal::v1::ReadOutputResponse> done) override;
  std::function<void()> WaitForOutput(const atrium::v1::WaitForOutputRequest& request,
                                      absl::Duration timeout,
                                      Done<atrium::v1::WaitForOutputResponse> done) override;
  void ListCommands(const atrium::v1::ListCommandsRequest& request,
                    Done<atrium::v1::ListCommandsResponse> done) override;
  std::function<void()> RunAtPrompt(const atrium::terminal::v1::RunAtPromptRequest& request,
                                    absl::Duration timeout,
                                    Done<atrium::terminal::v1::RunAtPromptResponse> done) override;
  void WriteInput(const atrium::terminal::v1::WriteInputRequest& request,
                  Done<atrium::terminal::v1::WriteInputResponse> done) override;

 private:
  using Service = atrium::terminal::v1::HostService;
  using DriveRequest = atrium::terminal::v1::DriveRequest;
  using DriveResponse = atrium::terminal::v1::DriveResponse;

  void OnResponse(const DriveResponse& response);
  // Says a request that has an id of its own anew while the host cannot be reached, which
  // may have heard it: until `end`, and not for long after it was `reached` last. Both are
  // monotonic times.
  template <typename Response>
  void Insist(absl::Duration end, absl::Duration reached,
              std::function<void(absl::Duration, Done<Response>)> ask, Done<Response> done,
              std::shared_ptr<bool> over = nullptr);

  // Given.
  Loop* const loop_;
  Listener* const listener_;
  // Owned.
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<Service::Stub> stub_;
  Drive<DriveRequest, DriveResponse, atrium::terminal::v1::Plan> drive_;
  // State.
  int64_t pauses_ = 0;
  std::map<int64_t, Loop::HandlePtr> waiting_;  // Until they are said anew.
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>();
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_LINKS_GRPC_HOST_LINK_H_
