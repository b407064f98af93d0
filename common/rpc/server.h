// A gRPC server on a unix socket: health, reflection, and a listener of our own
// that checks who connects (SO_PEERCRED), bounds how many, and recovers when
// descriptors run out (S6, R22).
#ifndef ATRIUM_COMMON_RPC_SERVER_H_
#define ATRIUM_COMMON_RPC_SERVER_H_

#include <grpcpp/grpcpp.h>
#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/loop.h"

namespace atrium::rpc {

// A service under its full name, for example "atrium.v1.TabService".
struct NamedService {
  std::string name;
  grpc::Service* service;
};

class Server {
 public:
  struct Options {
    std::string socket_path;       // A socket there is replaced, a file is not; mode 0600.
    std::vector<uid_t> peer_uids;  // Who else, beside our own uid and root, may connect.
  };
  virtual ~Server() = default;  // Ends all calls; the loop must still run.

  // Starts serving `services`, which outlive the server. Health of each service
  // and of the whole answers NOT_SERVING until SetServing(true).
  static absl::StatusOr<std::unique_ptr<Server>> Start(Loop* loop, Options options,
                                                       std::vector<NamedService> services);
  virtual void SetServing(bool serving) = 0;
  // Refuses new calls and cancels the running ones; returns at once. `done` runs
  // on the loop when the last one ended.
  virtual void Shutdown(Loop::Fn done) = 0;
};

// A channel to another process's unix socket; reconnects by itself, fast. A process that
// is there and does not answer, as one that is stopped, counts as gone after two seconds
// (R7): all that is under way ends UNAVAILABLE.
std::shared_ptr<grpc::Channel> UnixChannel(const std::string& socket_path);

}  // namespace atrium::rpc

#endif  // ATRIUM_COMMON_RPC_SERVER_H_
