// Upstream is one tab's stream from the terminal process, as a TabFeed needs it.
//
// On the loop.
#ifndef ATRIUM_GATEWAY_BRIDGE_UPSTREAM_H_
#define ATRIUM_GATEWAY_BRIDGE_UPSTREAM_H_

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <memory>

#include "absl/status/status.h"
#include "common/loop.h"

namespace atrium::gateway {

class Upstream {
 public:
  // Upward news.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnBuffer(const grpc::ByteBuffer& buffer) = 0;
    // Last. Destroy the upstream from here or later.
    virtual void OnClosed(const absl::Status& status) = 0;
  };
  // Ends the call; nothing more is told.
  virtual ~Upstream() = default;
  virtual void Write(grpc::ByteBuffer message) = 0;
  // Ends the call; OnClosed follows.
  virtual void Cancel() = 0;
};

// Makes upstreams.
class Terminals {
 public:
  virtual ~Terminals() = default;
  virtual std::unique_ptr<Upstream> Attach(Upstream::Listener* listener) = 0;
};

// Over gRPC, on `Attach`'s raw method.
class GrpcTerminals final : public Terminals {
 public:
  GrpcTerminals(Loop* loop, std::shared_ptr<grpc::Channel> channel)
      : loop_(loop), stub_(std::move(channel)) {}
  std::unique_ptr<Upstream> Attach(Upstream::Listener* listener) override;

 private:
  // Given.
  Loop* const loop_;
  // Owned.
  grpc::GenericStub stub_;
};

}  // namespace atrium::gateway

#endif  // ATRIUM_GATEWAY_BRIDGE_UPSTREAM_H_
