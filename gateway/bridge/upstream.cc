#include "gateway/bridge/upstream.h"

#include <utility>

#include "common/rpc/stream.h"

namespace atrium::gateway {
namespace {

constexpr char kAttachMethod[] = "/atrium.terminal.v1.HostService/Attach";

class GrpcUpstream final : public Upstream {
 public:
  using Stream = rpc::ClientStream<grpc::ByteBuffer, grpc::ByteBuffer>;

  GrpcUpstream(Loop* loop, grpc::GenericStub* stub, Listener* listener)
      : stream_(new Stream(loop)) {
    stream_->on_message = [listener](grpc::ByteBuffer& buffer) { listener->OnBuffer(buffer); };
    stream_->on_closed = [this, listener](absl::Status status) {
      stream_ = nullptr;
      listener->OnClosed(status);
    };
    stream_->Start([stub](grpc::ClientContext* context, auto* reactor) {
      stub->PrepareBidiStreamingCall(context, kAttachMethod, grpc::StubOptions(), reactor);
    });
  }
  ~GrpcUpstream() override {
    if (stream_ == nullptr) return;
    stream_->on_message = nullptr;
    stream_->on_closed = nullptr;
    stream_->Cancel();
  }
  void Write(grpc::ByteBuffer message) override {
    if (stream_ != nullptr) stream_->Write(std::move(message));
  }
  void Cancel() override {
    if (stream_ != nullptr) stream_->Cancel();
  }

 private:
  Stream* stream_;  // Deletes itself; null once it ended.
};

}  // namespace

std::unique_ptr<Upstream> GrpcTerminals::Attach(Upstream::Listener* listener) {
  return std::make_unique<GrpcUpstream>(loop_, &stub_, listener);
}

}  // namespace atrium::gateway
