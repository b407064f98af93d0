#include "media/media_service.h"

#include <memory>
#include <utility>

#include "common/rpc/stream.h"
#include "common/rpc/unary.h"
#include "media/agent_stream.h"
#include "media/errors.h"

namespace atrium::media {
namespace {

// Levels are dropped rather than queued behind a control that does not read.
constexpr size_t kLevelsBehind = 16;

// Control's stream. Owns itself: ends with its stream.
class DriveStream final : public Rooms::Driver, public std::enable_shared_from_this<DriveStream> {
 public:
  using Stream = rpc::ServerStream<v1::DriveRequest, v1::DriveResponse>;

  DriveStream(Rooms* rooms, Stream* stream) : rooms_(rooms), stream_(stream) {}

  static void Serve(Rooms* rooms, Stream* stream) {
    auto self = std::make_shared<DriveStream>(rooms, stream);
    stream->on_message = [self](v1::DriveRequest& request) { self->OnMessage(request); };
    stream->on_closed = [self] {
      self->rooms_->Leave(self.get());
      self->stream_ = nullptr;
    };
  }

  void OnSignal(const v1::Signal& signal) override {
    v1::DriveResponse response;
    *response.mutable_signal() = signal;
    Send(std::move(response));
  }
  void OnPeer(const v1::DriveResponse::PeerStatus& status) override {
    v1::DriveResponse response;
    *response.mutable_peer() = status;
    Send(std::move(response));
  }
  void OnBitrate(const v1::DriveResponse::CaptureBitrate& bitrate) override {
    v1::DriveResponse response;
    *response.mutable_capture_bitrate() = bitrate;
    Send(std::move(response));
  }
  void OnLevels(const v1::DriveResponse::Levels& levels) override {
    if (stream_ == nullptr || stream_->queued_count() > kLevelsBehind) return;
    v1::DriveResponse response;
    *response.mutable_levels() = levels;
    Send(std::move(response));
  }
  void OnReplaced(absl::Status why) override {
    driving_ = false;
    if (stream_ != nullptr) stream_->Finish(why);
  }

 private:
  void OnMessage(const v1::DriveRequest& request) {
    v1::DriveResponse response;
    if (request.has_hello() && !introduced_) {
      introduced_ = true;
      const absl::Status status = rooms_->TakeOver(this, request.hello().fence());
      if (!status.ok()) return stream_->Finish(status);
      driving_ = true;
      *response.mutable_inventory() = rooms_->Inventory();
      return Send(std::move(response));
    }
    if (!introduced_ || request.has_hello()) return stream_->Finish(FirstMessageMustBe("hello"));
    if (!driving_) return;  // Replaced; what still comes is void.
    if (request.has_signal()) return rooms_->Signal(request.signal());
    if (!request.has_plan()) return;  // Of a newer control's vocabulary.
    *response.mutable_plan_status() = rooms_->Apply(request.plan());
    Send(std::move(response));
  }
  void Send(v1::DriveResponse response) {
    if (stream_ != nullptr) stream_->Write(std::move(response));
  }

  // Given.
  Rooms* const rooms_;
  Stream* stream_;  // Null once it ended.
  // State.
  bool introduced_ = false;
  bool driving_ = false;
};

}  // namespace

grpc::ServerBidiReactor<v1::DriveRequest, v1::DriveResponse>* MediaService::Drive(
    grpc::CallbackServerContext*) {
  return new DriveStream::Stream(
      loop_, [this](DriveStream::Stream* stream) { DriveStream::Serve(rooms_, stream); });
}

grpc::ServerBidiReactor<v1::StreamAudioRequest, v1::StreamAudioResponse>* MediaService::StreamAudio(
    grpc::CallbackServerContext*) {
  return new AgentStream::Stream(
      loop_, [this](AgentStream::Stream* stream) { AgentStream::Serve(rooms_, stream); });
}

grpc::ServerUnaryReactor* MediaService::TakeStill(grpc::CallbackServerContext* context,
                                                  const v1::TakeStillRequest* request,
                                                  v1::TakeStillResponse* response) {
  return rpc::Serve(loop_, context, response,
                    [this, request](rpc::Reply<v1::TakeStillResponse> reply) {
                      rooms_->TakeStill(*request, std::move(reply));
                    });
}

}  // namespace atrium::media
