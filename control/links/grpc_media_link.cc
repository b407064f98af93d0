#include "control/links/grpc_media_link.h"

#include <utility>

#include "common/rpc/server.h"
#include "common/rpc/unary.h"
#include "control/limits.h"

namespace atrium::control {

using atrium::media::v1::StreamAudioRequest;
using atrium::media::v1::StreamAudioResponse;
using atrium::media::v1::TakeStillRequest;
using atrium::media::v1::TakeStillResponse;

class GrpcMediaLink::AudioStream final : public MediaLink::Audio {
 public:
  AudioStream(GrpcMediaLink* link, std::string session, Listener* listener)
      : link_(link), session_(std::move(session)), listener_(listener) {
    Connect();
  }
  ~AudioStream() override {
    if (stream_ == nullptr) return;
    stream_->on_message = nullptr;
    stream_->on_closed = nullptr;
    stream_->Cancel();
  }

  void Speak(const StreamAudioRequest::Speech& speech) override {
    StreamAudioRequest request;
    *request.mutable_speech() = speech;
    Send(std::move(request));
  }
  void Flush(const std::string& utterance) override {
    StreamAudioRequest request;
    request.mutable_flush()->set_utterance(utterance);
    Send(std::move(request));
  }

 private:
  using Stream = rpc::ClientStream<StreamAudioRequest, StreamAudioResponse>;

  void Connect() {
    retry_.reset();
    stream_ = new Stream(link_->loop_);
    stream_->on_message = [this](StreamAudioResponse& response) {
      if (!std::exchange(open_, true)) listener_->OnAudioOpen();
      if (response.has_room()) listener_->OnRoomAudio(response.room());
      if (response.has_played()) listener_->OnPlayed(response.played());
    };
    stream_->on_closed = [this](absl::Status) {
      stream_ = nullptr;
      if (std::exchange(open_, false)) listener_->OnAudioLost();
      retry_ = link_->loop_->After(limits::kLinkRetry, [this] { Connect(); });
    };
    stream_->Start([this](grpc::ClientContext* context, auto* reactor) {
      link_->stub_->async()->StreamAudio(context, reactor);
    });
    StreamAudioRequest start;
    start.mutable_start()->set_session(session_);
    stream_->Write(std::move(start));
  }
  void Send(StreamAudioRequest request) {
    if (stream_ != nullptr) stream_->Write(std::move(request));
  }

  // Given.
  GrpcMediaLink* const link_;
  const std::string session_;
  Listener* const listener_;
  // State.
  Stream* stream_ = nullptr;
  bool open_ = false;
  Loop::HandlePtr retry_;
};

GrpcMediaLink::GrpcMediaLink(Loop* loop, const std::string& socket_path, int64_t fence,
                             Listener* listener)
    : loop_(loop),
      listener_(listener),
      channel_(rpc::UnixChannel(socket_path)),
      stub_(Service::NewStub(channel_)),
      drive_(loop, "media", fence,
             {.begin =
                  [this](auto* stream) {
                    stream->Start([this](grpc::ClientContext* context, auto* reactor) {
                      stub_->async()->Drive(context, reactor);
                    });
                  },
              .on_inventory = [this](const auto& i) { OnInventory(i); },
              .on_response = [this](const DriveResponse& r) { OnResponse(r); },
              .on_lost = [this] { listener_->OnMediaLost(); },
              .make_plan = [this] { return listener_->MakeMediaPlan(); }}) {}

void GrpcMediaLink::OnInventory(const DriveResponse::Inventory& inventory) {
  const bool fresh = !incarnation_.empty() && incarnation_ != inventory.incarnation();
  incarnation_ = inventory.incarnation();
  listener_->OnMediaInventory(inventory, fresh);
}

void GrpcMediaLink::OnResponse(const DriveResponse& response) {
  switch (response.message_case()) {
    case DriveResponse::kSignal:
      return listener_->OnMediaSignal(response.signal());
    case DriveResponse::kPeer:
      return listener_->OnMediaPeer(response.peer());
    case DriveResponse::kLevels:
      return listener_->OnMediaLevels(response.levels());
    case DriveResponse::kCaptureBitrate:
      return listener_->OnMediaBitrate(response.capture_bitrate());
    case DriveResponse::kPlanStatus:
    case DriveResponse::kInventory:
    case DriveResponse::MESSAGE_NOT_SET:
      return;
  }
}

void GrpcMediaLink::Signal(const atrium::media::v1::Signal& signal) {
  DriveRequest request;
  *request.mutable_signal() = signal;
  drive_.Send(std::move(request));
}

void GrpcMediaLink::TakeStill(const TakeStillRequest& request,
                              std::function<void(absl::StatusOr<TakeStillResponse>)> done) {
  rpc::Call<TakeStillResponse>(
      loop_, limits::kStillWait, request,
      [this](auto* c, auto* q, auto* r, auto then) { stub_->async()->TakeStill(c, q, r, then); },
      std::move(done));
}

std::unique_ptr<MediaLink::Audio> GrpcMediaLink::OpenAudio(const std::string& session,
                                                           Audio::Listener* listener) {
  return std::make_unique<AudioStream>(this, session, listener);
}

}  // namespace atrium::control
