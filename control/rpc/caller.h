// Who calls: the token of a gRPC call, checked.
#ifndef ATRIUM_CONTROL_RPC_CALLER_H_
#define ATRIUM_CONTROL_RPC_CALLER_H_

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <string>

#include "absl/time/time.h"
#include "common/proto_time.h"

namespace atrium::control {

// The bearer token in the call's metadata; empty if there is none.
std::string BearerOf(const grpc::CallbackServerContext& context);
// What is left of the call's deadline, at most `most`.
absl::Duration PatienceOf(const grpc::CallbackServerContext& context, absl::Duration most);

// The same, and at most the `timeout` of the request if it has one. It ends before
// the caller's own deadline does, so that what the answer says is heard.
template <typename Request>
absl::Duration PatienceFor(const grpc::CallbackServerContext& context, const Request& request,
                           absl::Duration most) {
  absl::Duration patience = PatienceOf(context, most) - absl::Milliseconds(200);
  if (request.has_timeout()) patience = std::min(patience, FromProtoDuration(request.timeout()));
  return std::max(patience, absl::Milliseconds(1));
}

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_RPC_CALLER_H_
