#include "gateway/bridge/join_link.h"

#include <utility>

#include "gateway/limits.h"

namespace atrium::gateway {

using atrium::v1::JoinRequest;
using atrium::v1::JoinResponse;

JoinLink::JoinLink(Loop* loop, atrium::v1::LiveService::Stub* stub, std::string token,
                   Listener* listener)
    : loop_(loop), stub_(stub), listener_(listener), token_(std::move(token)) {}

JoinLink::~JoinLink() {
  if (stream_ == nullptr) return;
  stream_->on_message = nullptr;
  stream_->on_closed = nullptr;
  stream_->Cancel();
}

void JoinLink::Connect() {
  retry_.reset();
  welcomed_ = false;
  stream_ = new Stream(loop_);
  stream_->context().AddMetadata("authorization", "Bearer " + token_);
  stream_->on_message = [this](JoinResponse& response) { OnResponse(response); };
  stream_->on_closed = [this](absl::Status status) { OnClosed(status); };
  stream_->Start([this](grpc::ClientContext* context, auto* reactor) {
    stub_->async()->Join(context, reactor);
  });
  stream_->Write(hello_);
}

void JoinLink::Send(const JoinRequest& request) {
  if (refused_) return;
  if (hello_.hello().page_id().empty()) {
    hello_ = request;
    return Connect();
  }
  Note(request);
  if (welcomed_) return stream_->Write(request);
  if (waiting_.size() < limits::kWaitingRequests) waiting_.push_back(request);
}

// What the page would say in a hello from now on.
void JoinLink::Note(const JoinRequest& request) {
  auto* hello = hello_.mutable_hello();
  if (request.update_self().has_muted()) hello->set_muted(request.update_self().muted());
  if (request.update_self().has_deafened()) hello->set_deafened(request.update_self().deafened());
  if (request.update_self().has_display_name()) {
    hello->set_display_name(request.update_self().display_name());
  }
  if (request.has_hang_up()) hello->set_live_epoch(0);
}

void JoinLink::OnResponse(const JoinResponse& response) {
  if (response.has_access_token()) token_ = response.access_token().token();
  if (response.has_live_ready()) {
    hello_.mutable_hello()->set_live_epoch(response.live_ready().epoch());
  }
  if (response.has_live_ended()) hello_.mutable_hello()->set_live_epoch(0);
  if (response.has_welcome()) {
    welcomed_ = true;
    hello_.clear_request_id();  // Its outcome is told once.
    for (const JoinRequest& request : std::exchange(waiting_, {})) stream_->Write(request);
  }
  listener_->OnResponse(response);
}

void JoinLink::OnClosed(const absl::Status& status) {
  stream_ = nullptr;
  const bool away = absl::IsUnavailable(status) || absl::IsCancelled(status) ||
                    absl::IsUnknown(status) || absl::IsInternal(status) || status.ok();
  const bool was_welcomed = std::exchange(welcomed_, false);
  if (!away) {
    refused_ = true;
    return listener_->OnRefused(status);
  }
  if (was_welcomed) listener_->OnAway();
  retry_ = loop_->After(limits::kLinkRetry, [this] { Connect(); });
}

}  // namespace atrium::gateway
