// HostService is the terminal process's gRPC door: translates and calls Host.
#ifndef ATRIUM_TERMINAL_HOST_SERVICE_H_
#define ATRIUM_TERMINAL_HOST_SERVICE_H_

#include "atrium/terminal/v1/host.grpc.pb.h"
#include "common/loop.h"
#include "terminal/host.h"

namespace atrium::terminal {

// All methods by callback, Attach without parsing its messages.
using HostServiceBase = v1::HostService::WithRawCallbackMethod_Attach<
    v1::HostService::WithCallbackMethod_Drive<v1::HostService::WithCallbackMethod_ReadScreen<
        v1::HostService::WithCallbackMethod_ReadOutput<
            v1::HostService::WithCallbackMethod_ListCommands<
                v1::HostService::WithCallbackMethod_WaitForOutput<
                    v1::HostService::WithCallbackMethod_RunAtPrompt<
                        v1::HostService::WithCallbackMethod_WriteInput<
                            v1::HostService::Service>>>>>>>>;

class HostService final : public HostServiceBase {
 public:
  HostService(Loop* loop, Host* host) : loop_(loop), host_(host) {}

  grpc::ServerBidiReactor<v1::DriveRequest, v1::DriveResponse>* Drive(
      grpc::CallbackServerContext* context) override;
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Attach(
      grpc::CallbackServerContext* context) override;
  grpc::ServerUnaryReactor* ReadScreen(grpc::CallbackServerContext* context,
                                       const atrium::v1::ReadScreenRequest* request,
                                       atrium::v1::ReadScreenResponse* response) override;
  grpc::ServerUnaryReactor* ReadOutput(grpc::CallbackServerContext* context,
                                       const v1::ReadOutputRequest* request,
                                       v1::ReadOutputResponse* response) override;
  grpc::ServerUnaryReactor* WaitForOutput(grpc::CallbackServerContext* context,
                                          const atrium::v1::WaitForOutputRequest* request,
                                          atrium::v1::WaitForOutputResponse* response) override;
  grpc::ServerUnaryReactor* ListCommands(grpc::CallbackServerContext* context,
                                         const atrium::v1::ListCommandsRequest* request,
                                         atrium::v1::ListCommandsResponse* response) override;
  grpc::ServerUnaryReactor* RunAtPrompt(grpc::CallbackServerContext* context,
                                        const v1::RunAtPromptRequest* request,
                                        v1::RunAtPromptResponse* response) override;
  grpc::ServerUnaryReactor* WriteInput(grpc::CallbackServerContext* context,
                                       const v1::WriteInputRequest* request,
                                       v1::WriteInputResponse* response) override;

 private:
  // Given.
  Loop* const loop_;
  Host* const host_;
};

}  // namespace atrium::terminal

#endif  // ATRIUM_TERMINAL_HOST_SERVICE_H_
