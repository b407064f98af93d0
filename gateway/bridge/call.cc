#include "gateway/bridge/call.h"

#include <utility>

#include "common/errors.h"
#include "common/random.h"
#include "gateway/errors.h"
#include "gateway/limits.h"

namespace atrium::gateway {

using atrium::v1::JoinRequest;
using atrium::v1::JoinResponse;

namespace {

// The ids of our requests.
constexpr int64_t kEnter = 1, kOffer = 2, kLeave = 3;

absl::Status StatusOf(const JoinResponse::Outcome& outcome) {
  ErrorDetails details{.reason = outcome.reason(), .field = outcome.field()};
  if (details.field == "signal.offer_sdp") details.field = "offer.sdp";
  if (outcome.retry_after_ms() > 0) {
    details.retry_after = absl::Milliseconds(outcome.retry_after_ms());
  }
  return MakeError(static_cast<absl::StatusCode>(outcome.code()), outcome.message(), details);
}

}  // namespace

void Call::Start(const Dial& dial, const std::string& offer) {
  offer_ = offer;
  deadline_ = loop_->After(limits::kCallSetup, [this] { Fail(NoAnswerInTime()); });
  line_ = dial(this);
  JoinRequest hello;
  hello.mutable_hello()->set_session(session_);
  hello.mutable_hello()->set_page_id(RandomId());
  line_->Send(hello);
  JoinRequest enter;
  enter.set_request_id(kEnter);
  if (capture_.empty()) {
    enter.mutable_go_live();
  } else {
    enter.mutable_watch_capture()->set_capture(capture_);
  }
  line_->Send(enter);
}

void Call::HangUp() {
  if (ended_ || std::exchange(leaving_, true)) return;
  Answer(CallEnded("it was ended"));
  if (!welcomed_) return End();
  JoinRequest request;
  request.set_request_id(kLeave);
  if (capture_.empty()) {
    request.mutable_hang_up();
  } else {
    request.mutable_leave_capture()->set_capture(capture_);
  }
  deadline_ = loop_->After(limits::kCloseWait, [this] { End(); });
  line_->Send(request);
}

void Call::OnResponse(const JoinResponse& response) {
  if (ended_) return;
  switch (response.message_case()) {
    case JoinResponse::kWelcome:
      welcomed_ = true;
      if (answered_ && !leaving_) deadline_.reset();  // Control is back.
      return;
    case JoinResponse::kLiveReady: return OnReady(response.live_ready().epoch());
    case JoinResponse::kCaptureReady: return OnReady(response.capture_ready().epoch());
    case JoinResponse::kCaptureEnded:
      return OnEnded(response.capture_ended().reason(), response.capture_ended().message());
    case JoinResponse::kChange: return OnChange(response.change());
    case JoinResponse::kLiveEnded:
      return OnEnded(response.live_ended().reason(), response.live_ended().message());
    case JoinResponse::kOutcome: return OnOutcome(response.outcome());
    case JoinResponse::kSignal:
      if (response.signal().has_answer_sdp() && response.signal().epoch() == epoch_) {
        Answer(response.signal().answer_sdp());
      }
      return;
    default: return;  // For pages that show something.
  }
}

void Call::OnEnded(const std::string& reason, const std::string& message) {
  Answer(reason == "PEER_FAILED" ? OfferRefused(message) : CallEnded(message));
  End();
}

void Call::OnChange(const atrium::v1::SessionChange& change) {
  if (capture_.empty() || change.deleted_capture() != capture_) return;
  Answer(CallEnded("the screen is not shown any more"));
  End();
}

void Call::OnReady(int64_t epoch) {
  if (leaving_ || epoch == epoch_) return;
  // Another connection is wanted, and the client has no second offer.
  if (epoch_ != 0) return Fail(CallEnded("media was started again, or heard nothing"));
  epoch_ = epoch;
  JoinRequest request;
  request.set_request_id(kOffer);
  request.mutable_signal()->set_epoch(epoch);
  request.mutable_signal()->set_capture(capture_);
  request.mutable_signal()->set_offer_sdp(std::exchange(offer_, ""));
  line_->Send(request);
}

void Call::OnOutcome(const JoinResponse::Outcome& outcome) {
  if (outcome.request_id() == kLeave) return End();
  if (outcome.code() != 0) Fail(StatusOf(outcome));
}

// An answered call goes on: media keeps its plan for a while without control.
void Call::OnAway() {
  if (ended_) return;
  welcomed_ = false;
  if (leaving_) return End();
  if (!answered_) return Fail(ControlAway());
  deadline_ = loop_->After(limits::kMediaPlanLease, [this] { End(); });
}

void Call::OnRefused(const absl::Status& why) {
  if (ended_) return;
  Answer(why);
  End();
}

void Call::Answer(absl::StatusOr<std::string> sdp) {
  if (std::exchange(answered_, true)) return;
  deadline_.reset();
  listener_->OnAnswer(this, std::move(sdp));
}

void Call::Fail(const absl::Status& why) {
  const auto done = std::move(deadline_);  // We may run inside it.
  Answer(why);
  HangUp();
}

void Call::End() {
  if (std::exchange(ended_, true)) return;
  const auto done = std::move(deadline_);
  listener_->OnEnded(this);
}

}  // namespace atrium::gateway
