// Unary calls with one in flight: GetSession against the health check of the same
// server, in turns: rpc SOCKET TOKEN calls CALLS. Or rooms with an invite each, whose
// secrets it prints: rpc SOCKET TOKEN rooms COUNT
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/support/byte_buffer.h>

#include "wire.h"

namespace bench {
namespace {

std::string Call(grpc::Channel* channel, const char* name, const std::string& request, const std::string& token) {
  const grpc::internal::RpcMethod method(name, grpc::internal::RpcMethod::NORMAL_RPC);
  const grpc::Slice slice(request);
  const grpc::ByteBuffer sent(&slice, 1);
  grpc::ClientContext context;
  if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
  grpc::ByteBuffer received;
  const grpc::Status status =
      grpc::internal::BlockingUnaryCall<grpc::ByteBuffer, grpc::ByteBuffer, grpc::ByteBuffer, grpc::ByteBuffer>(
          channel, method, &context, sent, &received);
  if (!status.ok()) Die(std::string(name) + ": " + status.error_message());
  grpc::Slice whole;
  return received.DumpToSingleSlice(&whole).ok() ? std::string(whole.begin(), whole.end()) : "";
}

// Calls a second.
double Rate(grpc::Channel* channel, const char* name, const std::string& request, const std::string& token,
            int calls) {
  const double start = Now();
  for (int i = 0; i < calls; ++i) Call(channel, name, request, token);
  return calls / (Now() - start);
}

// The text of a message's field.
std::string TextOf(std::string_view in, int number) {
  uint64_t tag, n;
  while (GetVarint(&in, &tag) && GetVarint(&in, &n)) {
    if ((tag & 7) != 2) continue;
    if (static_cast<int>(tag >> 3) == number) return std::string(in.substr(0, n));
    in.remove_prefix(n);
  }
  return "";
}

}  // namespace
}  // namespace bench

int main(int count, char** arguments) {
  using namespace bench;
  if (count < 5) Die("rpc SOCKET TOKEN calls|rooms COUNT");
  const auto channel = grpc::CreateChannel(std::string("unix:") + arguments[1], grpc::InsecureChannelCredentials());
  const int calls = std::atoi(arguments[4]);
  if (std::string(arguments[3]) == "rooms") {
    std::string all;
    for (int i = 0; i < calls; ++i) {
      const std::string room = TextOf(Call(channel.get(), "/atrium.v1.SessionService/CreateSession",
                                           Field(1, Field(2, "room")), arguments[2]), 1);
      const std::string invite = Call(channel.get(), "/atrium.v1.SessionService/CreateInvite",
                                      Field(1, room) + Field(2, Field(2, uint64_t{2})), arguments[2]);
      all += (all.empty() ? "" : ",") + TextOf(invite, 5);
    }
    std::printf("{\"secrets\": \"%s\"}\n", all.c_str());
    return 0;
  }
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
