#include "gateway/bridge/browser.h"

#include <utility>

#include "common/errors.h"
#include "common/rpc/output_codec.h"
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

}  // namespace

void Browser::OnMessage(ws::Message message) {
  SpendMessage(message.opcode);
  const absl::StatusOr<JoinRequest> request = Decode(message);
  const absl::Status status = request.ok() ? Handle(*request) : request.status();
  if (status.ok()) return;
  SpendMore(limits::kRefusedMessageCost);
  Fail(request.ok() ? request->request_id() : 0, status);
}

absl::Status Browser::Handle(const JoinRequest& request) {
  if (!said_hello_ && !request.has_hello()) return HelloFirst();
  switch (request.message_case()) {
    case JoinRequest::kHello:
      if (request.hello().page_id().empty()) return MissingField("hello.page_id");
      if (std::exchange(said_hello_, true)) return BadMessage("`hello` was said before");
      link()->Send(request);
      return absl::OkStatus();
    case JoinRequest::kLag:
      return BadField("lag", "is not for pages to say: the gateway measures it");
    case JoinRequest::kSubscribe:
    case JoinRequest::kUnsubscribe:
    case JoinRequest::kInput:
    case JoinRequest::kAck:
    case JoinRequest::kResize:
      return HandleTab(request);
    default:
      break;
  }
  RETURN_IF_ERROR(SpendWord());
  link()->Send(request);
  return absl::OkStatus();
}

absl::Status Browser::HandleTab(const JoinRequest& request) {
  if (request.has_subscribe()) {
    const auto& subscribe = request.subscribe();
    SpendMore(limits::kSubscribeCost);
    const bool lossless = subscribe.delivery() == atrium::v1::AttachTabRequest::LOSSLESS;
    RETURN_IF_ERROR(Follow(subscribe.tab(), subscribe.offset(), lossless));
    if (request.request_id() != 0) Fail(request.request_id(), absl::OkStatus());
    return absl::OkStatus();
  }
  if (request.has_unsubscribe()) {
    Unfollow(request.unsubscribe().tab());
    return absl::OkStatus();
  }
  if (request.has_input()) {
    const auto& input = request.input();
    return Type(input.tab(), input.sequence(), input.data());
  }
  if (request.has_ack()) {
    // An ack may be under way while the page unsubscribes: no error.
    const absl::StatusOr<Subscription*> found = Find(request.ack().tab());
    if (found.ok() && (*found)->feed != nullptr) {
      (*found)->feed->Acknowledge((*found)->cursor.get(), request.ack().offset());
    }
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(Subscription * subscription, Find(request.resize().tab()));
  Resize(subscription, request.resize().size());
  return absl::OkStatus();
}

bool Browser::Encode(const std::string& tab, FeedItem item, ws::Piece* piece) {
  JoinResponse message;
  switch (item.kind) {
    case FeedItem::Kind::kOutput:
      piece->header = rpc::OutputHeader(JoinResponse::kOutputFieldNumber, tab, item.offset,
                                        item.data_bytes);
      piece->data = std::move(item.data);
      return true;
    case FeedItem::Kind::kScreen: {
      auto* screen = message.mutable_screen();
      screen->set_tab(tab);
      screen->set_offset(item.offset);
      *screen->mutable_size() = item.size;
      // Copied, so that a page that stops reading does not keep all of it.
      for (const grpc::Slice& slice : item.data) {
        screen->mutable_data()->append(slice.begin(), slice.end());
      }
      screen->set_first(item.first);
      screen->set_last(item.last);
      break;
    }
    case FeedItem::Kind::kResized:
      message.mutable_resized()->set_tab(tab);
      message.mutable_resized()->set_offset(item.offset);
      *message.mutable_resized()->mutable_size() = item.size;
      break;
    case FeedItem::Kind::kExit:
      message.mutable_exit()->set_tab(tab);
      message.mutable_exit()->set_offset(item.offset);
      message.mutable_exit()->set_exit_code(item.exit_code);
      break;
  }
  piece->header = message.SerializeAsString();
  return true;
}

void Browser::OnAway() { Fail(0, ControlAway()); }

void Browser::OnRefused(const absl::Status& why) {
  Fail(0, why);
  Page::OnRefused(why);
}

void Browser::OnInputAck(const std::string& tab, int64_t sequence) {
  JoinResponse response;
  response.mutable_input_ack()->set_tab(tab);
  response.mutable_input_ack()->set_sequence(sequence);
  connection()->QueueBinary(response.SerializeAsString());
}

void Browser::OnRefused(const std::string& tab, int code, const std::string& message) {
  Fail(0, MakeError(static_cast<absl::StatusCode>(code), message,
                    {.reason = "TERMINAL_REFUSED", .field = "tab", .resource = tab}));
}

void Browser::Send(const JoinResponse& response) {
  const std::string& text = wording()->Say(response);
  if (!text.empty()) {
    connection()->SendText(text);
  } else {
    connection()->SendBinary(response.SerializeAsString());
  }
}

void Browser::Fail(int64_t request_id, const absl::Status& status) {
  JoinResponse response;
  auto* outcome = response.mutable_outcome();
  const ErrorDetails details = DetailsOf(status);
  if (!status.ok()) figures()->CountRefusal(details.reason);
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
