// Unary calls with one in flight: GetSession against the health check of the same
// server, in turns. rpc SOCKET TOKEN CALLS
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/support/byte_buffer.h>

#include "wire.h"

namespace bench {
namespace {

// Calls a second.
double Rate(grpc::Channel* channel, const char* name, const std::string& request, const std::string& token,
            int calls) {
  const grpc::internal::RpcMethod method(name, grpc::internal::RpcMethod::NORMAL_RPC);
  const grpc::Slice slice(request);
  const grpc::ByteBuffer sent(&slice, 1);
  const double start = Now();
  for (int i = 0; i < calls; ++i) {
    grpc::ClientContext context;
    if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
    grpc::ByteBuffer received;
    const grpc::Status status =
        grpc::internal::BlockingUnaryCall<grpc::ByteBuffer, grpc::ByteBuffer, grpc::ByteBuffer, grpc::ByteBuffer>(
            channel, method, &context, sent, &received);
    if (!status.ok()) Die(std::string(name) + ": " + status.error_message());
  }
  return calls / (Now() - start);
}

}  // namespace
}  // namespace bench

int main(int count, char** arguments) {
  using namespace bench;
  if (count < 4) Die("rpc SOCKET TOKEN CALLS");
  const auto channel = grpc::CreateChannel(std::string("unix:") + arguments[1], grpc::InsecureChannelCredentials());
  const int calls = std::atoi(arguments[3]);
  std::vector<double> ours, bare;
  for (int round = 0; round < 6; ++round) {
    const double a = Rate(channel.get(), "/atrium.v1.SessionService/GetSession", Field(1, "sessions/main"), arguments[2], calls);
    const double b = Rate(channel.get(), "/grpc.health.v1.Health/Check", "", "", calls);
    // The first round makes the connection.
    if (round == 0) continue;
    ours.push_back(a);
    bare.push_back(b);
  }
  std::printf("{\"ours\": %.1f, \"bare\": %.1f}\n", Quantile(ours, 0.5), Quantile(bare, 0.5));
}
