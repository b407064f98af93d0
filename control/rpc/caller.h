// Who calls: the token of a gRPC call, checked.
#ifndef ATRIUM_CONTROL_RPC_CALLER_H_
#define ATRIUM_CONTROL_RPC_CALLER_H_

#include <grpcpp/grpcpp.h>

#include <string>

#include "absl/time/time.h"

namespace atrium::control {

// The bearer token in the call's metadata; empty if there is none.
std::string BearerOf(const grpc::CallbackServerContext& context);
// What is left of the call's deadline, at most `most`.
absl::Duration PatienceOf(const grpc::CallbackServerContext& context, absl::Duration most);

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_RPC_CALLER_H_
