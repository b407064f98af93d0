#include "gateway/bridge/browser.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <utility>

#include "common/errors.h"
#include "common/resource_name.h"
#include "common/status_macros.h"
#include "gateway/errors.h"
#include "gateway/limits.h"

namespace atrium::gateway {

using atrium::v1::JoinRequest;
using atrium::v1::JoinResponse;

namespace {

absl::StatusOr<JoinRequest> Decode(const ws::Message& message) {
  JoinRequest request;
  if (message.opcode == ws::Opcode::kBinary) {
    if (!request.ParseFromString(message.payload)) return BadMessage("it is not proto binary");
    return request;
  }
  const auto status = google::protobuf::util::JsonStringToMessage(message.payload, &request);
  if (!status.ok()) {
    return BadMessage(std::string(status.message().data(), status.message().size()));
  }
  return request;
}

// What a refused Join means for the socket.
ws::CloseCode CloseCodeOf(const absl::Status& why) {
  switch (why.code()) {
    case absl::StatusCode::kUnauthenticated: return ws::kTokenRefused;
    case absl::StatusCode::kPermissionDenied: return ws::kForbidden;
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kFailedPrecondition: return ws::kSessionEnded;
    case absl::StatusCode::kAborted: return ws::kReplaced;
    case absl::StatusCode::kResourceExhausted: return ws::kTryLater;
    default: return ws::kPolicy;
  }
}

}  // namespace

Browser::Browser(Loop* loop, atrium::v1::LiveService::Stub* control, Feeds* feeds,
                 std::string token, GRef<GIOStream> stream, GRef<GSocket> socket,
                 std::function<void(Browser*)> closed)
    : loop_(loop),
      feeds_(feeds),
      closed_(std::move(closed)),
      link_(std::make_unique<JoinLink>(loop, control, std::move(token), this)),
      input_credit_(limits::kInputBurstBytes),
      credit_time_(loop->Monotonic()),
      connection_(std::make_unique<ws::Connection>(loop, std::move(stream), std::move(socket), this)) {}

Browser::~Browser() {
  for (auto& [tab, subscription] : subscriptions_) {
    if (subscription.feed != nullptr) feeds_->Leave(tab, subscription.cursor.get());
  }
}

void Browser::OnClosed() { closed_(this); }

void Browser::OnMessage(ws::Message message) {
  const absl::StatusOr<JoinRequest> request = Decode(message);
  if (!request.ok()) return Fail(0, request.status());
  const absl::Status status = Handle(*request);
  if (!status.ok()) return Fail(request->request_id(), status);
}

absl::Status Browser::Handle(const JoinRequest& request) {
  if (!said_hello_ && !request.has_hello()) return HelloFirst();
  switch (request.message_case()) {
    case JoinRequest::kHello:
      if (request.hello().page_id().empty()) return MissingField("hello.page_id");
      if (std::exchange(said_hello_, true)) return BadMessage("`hello` was said before");
      break;
    case JoinRequest::kSubscribe:
      RETURN_IF_ERROR(Subscribe(request.subscribe()));
      if (request.request_id() != 0) Fail(request.request_id(), absl::OkStatus());
      return absl::OkStatus();
    case JoinRequest::kUnsubscribe:
      Unsubscribe(request.unsubscribe().tab());
      return absl::OkStatus();
    case JoinRequest::kInput:
      return Input(request.input());
    case JoinRequest::kAck: {
      // An ack may be under way while the page unsubscribes: no error.
      const absl::StatusOr<Subscription*> found = Find(request.ack().tab());
      if (found.ok() && (*found)->feed != nullptr) {
        (*found)->feed->Acknowledge((*found)->cursor.get(), request.ack().offset());
      }
      return absl::OkStatus();
    }
    case JoinRequest::kResize: {
      ASSIGN_OR_RETURN(Subscription * subscription, Find(request.resize().tab()));
      if (subscription->feed != nullptr) {
        subscription->feed->Resize(subscription->cursor.get(), request.resize().size());
      }
      return absl::OkStatus();
    }
    default:
      break;
  }
  link_->Send(request);
  return absl::OkStatus();
}

absl::Status Browser::Subscribe(const atrium::v1::Subscribe& subscribe) {
  RETURN_IF_ERROR(ParseTabName(subscribe.tab()).status());
  Unsubscribe(subscribe.tab());
  if (subscriptions_.size() >= limits::kSubscriptions) return TooManySubscriptions();
  Subscription& subscription = subscriptions_[subscribe.tab()];
  subscription.cursor = std::make_unique<Cursor>();
  subscription.cursor->listener = this;
  subscription.cursor->offset = std::max<int64_t>(-1, subscribe.offset());
  subscription.cursor->lossless = subscribe.delivery() == atrium::v1::AttachTabRequest::LOSSLESS;
  if (!attachment_.empty()) Attach(&subscription, subscribe.tab());
  return absl::OkStatus();
}

void Browser::Attach(Subscription* subscription, const std::string& tab) {
  subscription->cursor->attachment = attachment_;
  subscription->feed = feeds_->Join(tab, subscription->cursor.get());
  connection_->Pump();
}

void Browser::Unsubscribe(const std::string& tab) {
  auto it = subscriptions_.find(tab);
  if (it == subscriptions_.end()) return;
  if (it->second.feed != nullptr) feeds_->Leave(tab, it->second.cursor.get());
  subscriptions_.erase(it);
}

absl::StatusOr<Browser::Subscription*> Browser::Find(const std::string& tab) {
  auto it = subscriptions_.find(tab);
  if (it == subscriptions_.end()) return NotSubscribed(tab);
  return &it->second;
}

absl::Status Browser::Input(const atrium::v1::TerminalInput& input) {
  ASSIGN_OR_RETURN(Subscription * subscription, Find(input.tab()));
  if (input.data().size() > limits::kInputBytes) {
    return BadField("input.data", "is too long: split it into pieces of 64 KiB");
  }
  if (subscription->feed == nullptr) {
    // Kept until the page has its attachment; then sent with the rest.
    Cursor& cursor = *subscription->cursor;
    if (cursor.unconfirmed_bytes + input.data().size() > limits::kUnconfirmedInputBytes) {
      return ControlAway();
    }
    cursor.unconfirmed_bytes += input.data().size();
    cursor.unconfirmed.push_back({input.sequence(), input.data()});
  } else {
    subscription->feed->Input(subscription->cursor.get(), input.sequence(), input.data());
  }
  Throttle(input.data().size());
  return absl::OkStatus();
}

// 64 kB/s with a burst: whoever types more is read more slowly, nothing is lost.
void Browser::Throttle(size_t bytes) {
  const absl::Duration now = loop_->Monotonic();
  input_credit_ = std::min<double>(
      limits::kInputBurstBytes,
      input_credit_ + absl::ToDoubleSeconds(now - credit_time_) * limits::kInputBytesPerSecond);
  credit_time_ = now;
  input_credit_ -= static_cast<double>(bytes);
  if (input_credit_ < 0) {
    connection_->PauseReading(absl::Seconds(-input_credit_ / limits::kInputBytesPerSecond));
  }
}

// Tabs take turns.
bool Browser::NextPiece(ws::Piece* piece) {
  auto it = subscriptions_.upper_bound(last_served_);
  for (size_t i = 0; i < subscriptions_.size(); ++i, ++it) {
    if (it == subscriptions_.end()) it = subscriptions_.begin();
    if (it->second.feed == nullptr || !it->second.feed->Next(it->second.cursor.get(), piece)) {
      continue;
    }
    last_served_ = it->first;
    return true;
  }
  return false;
}

void Browser::OnResponse(const JoinResponse& response) {
  if (!response.has_attachment()) return Send(response);
  attachment_ = response.attachment().attachment();
  for (auto& [tab, subscription] : subscriptions_) {
    if (subscription.feed == nullptr) Attach(&subscription, tab);
  }
}

void Browser::OnAway() { Fail(0, ControlAway()); }

void Browser::OnRefused(const absl::Status& why) {
  Fail(0, why);
  connection_->Close(CloseCodeOf(why), std::string_view(why.message().data(), why.message().size()));
}

void Browser::OnInputAck(const std::string& tab, int64_t sequence) {
  JoinResponse response;
  response.mutable_input_ack()->set_tab(tab);
  response.mutable_input_ack()->set_sequence(sequence);
  connection_->SendBinary(response.SerializeAsString());
}

void Browser::OnRefused(const std::string& tab, int code, const std::string& message) {
  Fail(0, MakeError(static_cast<absl::StatusCode>(code), message,
                    {.reason = "TERMINAL_REFUSED", .field = "tab", .resource = tab}));
}

void Browser::OnRevoked(const std::string& tab) {
  auto it = subscriptions_.find(tab);
  if (it == subscriptions_.end()) return;
  it->second.feed = nullptr;
  // We are inside its cursor's stream.
  auto last = std::make_shared<Subscription>(std::move(it->second));
  subscriptions_.erase(it);
  loop_->Post([last] {});
}

void Browser::Send(const JoinResponse& response) {
  std::string text;
  google::protobuf::util::JsonPrintOptions options;
  const auto status = google::protobuf::util::MessageToJsonString(response, &text, options);
  if (status.ok()) {
    connection_->SendText(std::move(text));
  } else {
    connection_->SendBinary(response.SerializeAsString());
  }
}

void Browser::Fail(int64_t request_id, const absl::Status& status) {
  JoinResponse response;
  auto* outcome = response.mutable_outcome();
  const ErrorDetails details = DetailsOf(status);
  outcome->set_request_id(request_id);
  outcome->set_code(static_cast<int>(status.code()));
  outcome->set_message(std::string(status.message()));
  outcome->set_reason(details.reason);
  outcome->set_field(details.field);
  if (details.retry_after) {
    outcome->set_retry_after_ms(absl::ToInt64Milliseconds(*details.retry_after));
  }
  Send(response);
}

}  // namespace atrium::gateway
