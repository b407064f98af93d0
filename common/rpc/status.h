// Status between Abseil's and gRPC's form, details included (AIP-193).
#ifndef ATRIUM_COMMON_RPC_STATUS_H_
#define ATRIUM_COMMON_RPC_STATUS_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace atrium::rpc {

grpc::Status ToGrpc(const absl::Status& status);
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace atrium::rpc

#endif  // ATRIUM_COMMON_RPC_STATUS_H_
