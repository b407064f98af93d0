// HostLink by gRPC.
#ifndef ATRIUM_CONTROL_LINKS_GRPC_HOST_LINK_H_
#define ATRIUM_CONTROL_LINKS_GRPC_HOST_LINK_H_

#include <memory>
#include <string>

#include "atrium/terminal/v1/host.grpc.pb.h"
#include "common/loop.h"
#include "control/links/drive.h"
#include "control/session/host_link.h"

namespace atrium::control {

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
  void RunAtPrompt(const atrium::terminal::v1::RunAtPromptRequest& request, absl::Duration timeout,
                   Done<atrium::terminal::v1::RunAtPromptResponse> done) override;
  void WriteInput(const atrium::terminal::v1::WriteInputRequest& request,
                  Done<atrium::terminal::v1::WriteInputResponse> done) override;

 private:
  using Service = atrium::terminal::v1::HostService;
  using DriveRequest = atrium::terminal::v1::DriveRequest;
  using DriveResponse = atrium::terminal::v1::DriveResponse;

  void OnResponse(const DriveResponse& response);

  // Given.
  Loop* const loop_;
  Listener* const listener_;
  // Owned.
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<Service::Stub> stub_;
  Drive<DriveRequest, DriveResponse, atrium::terminal::v1::Plan> drive_;
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_LINKS_GRPC_HOST_LINK_H_
