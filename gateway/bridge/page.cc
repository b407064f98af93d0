#include "gateway/bridge/page.h"

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

Page::Page(const Given& given, Socket socket)
    : given_(given),
      closed_(std::move(socket.closed)),
      link_(std::make_unique<JoinLink>(given.loop, given.control, std::move(socket.token), this)),
      input_rate_(limits::kInputBytesPerSecond, limits::kInputBurstBytes, given.loop->Monotonic()),
      message_rate_(limits::kMessagesPerSecond, limits::kMessageBurst, given.loop->Monotonic()),
      connection_(std::make_unique<ws::Connection>(given.loop, std::move(socket.stream),
                                                   std::move(socket.socket), given.figures, this)) {
}

Page::~Page() {
  for (auto& [tab, subscription] : subscriptions_) {
    if (subscription.feed != nullptr) given_.feeds->Leave(subscription.cursor.get());
  }
}

absl::Status Page::Follow(const std::string& tab, int64_t offset, bool lossless) {
  RETURN_IF_ERROR(ParseTabName(tab).status());
  Unfollow(tab);
  if (subscriptions_.size() >= limits::kSubscriptions) return TooManySubscriptions();
  Subscription& subscription = subscriptions_[tab];
  subscription.cursor = std::make_unique<Cursor>();
  subscription.cursor->listener = this;
  subscription.cursor->offset = std::max<int64_t>(-1, offset);
  subscription.cursor->lossless = lossless;
  if (!attachment_.empty()) Attach(&subscription, tab);
  return absl::OkStatus();
}

void Page::Attach(Subscription* subscription, const std::string& tab) {
  subscription->cursor->attachment = attachment_;
  subscription->feed = given_.feeds->Join(tab, subscription->cursor.get());
  connection_->Pump();
}

void Page::Unfollow(const std::string& tab) {
  auto it = subscriptions_.find(tab);
  if (it == subscriptions_.end()) return;
  if (it->second.feed != nullptr) given_.feeds->Leave(it->second.cursor.get());
  subscriptions_.erase(it);
}

absl::StatusOr<Page::Subscription*> Page::Find(const std::string& tab) {
  auto it = subscriptions_.find(tab);
  if (it == subscriptions_.end()) return NotSubscribed(tab);
  return &it->second;
}

absl::Status Page::Type(const std::string& tab, int64_t sequence, const std::string& bytes) {
  ASSIGN_OR_RETURN(Subscription * subscription, Find(tab));
  if (bytes.size() > limits::kInputBytes) {
    return BadField("input.data", "is too long: split it into pieces of 64 KiB");
  }
  if (subscription->feed == nullptr) {
    // Kept until the page has its attachment; then sent with the rest.
    Cursor& cursor = *subscription->cursor;
    if (cursor.unconfirmed_bytes + bytes.size() > limits::kUnconfirmedInputBytes) {
      return ControlAway();
    }
    cursor.unconfirmed_bytes += bytes.size();
    cursor.unconfirmed.push_back({sequence, bytes});
  } else if (!subscription->feed->Input(subscription->cursor.get(), sequence, bytes)) {
    return TooMuchTyped(tab);
  }
  // Whoever types more is read more slowly, nothing is lost.
  const absl::Duration wait =
      input_rate_.Spend(static_cast<double>(bytes.size()), given_.loop->Monotonic());
  if (wait > absl::ZeroDuration()) connection_->PauseReading(wait);
  return absl::OkStatus();
}

void Page::Resize(Subscription* subscription, const atrium::v1::TerminalSize& size) {
  if (subscription->feed != nullptr) {
    subscription->feed->Resize(subscription->cursor.get(), size);
  } else {
    subscription->cursor->window = size;
  }
}

void Page::SpendMessage(ws::Opcode opcode) {
  SpendMore(opcode == ws::Opcode::kText ? limits::kTextMessageCost : 1);
}

absl::Status Page::SpendWord() {
  const absl::Duration wait = given_.words->Take(given_.loop->Monotonic());
  return wait > absl::ZeroDuration() ? TooManyWords(wait) : absl::OkStatus();
}

void Page::SpendMore(double cost) {
  const absl::Duration wait = message_rate_.Spend(cost, given_.loop->Monotonic());
  if (wait > absl::ZeroDuration()) connection_->PauseReading(wait);
}

// Tabs take turns.
bool Page::NextPiece(ws::Piece* piece) {
  size_t idle = 0;
  auto it = subscriptions_.upper_bound(last_served_);
  while (idle < subscriptions_.size()) {
    if (it == subscriptions_.end()) it = subscriptions_.begin();
    FeedItem item;
    if (it->second.feed == nullptr || !it->second.feed->Next(it->second.cursor.get(), &item)) {
      ++idle;
      ++it;
      continue;
    }
    last_served_ = it->first;
    if (item.kind == FeedItem::Kind::kScreen && item.last) ++given_.figures->snapshots;
    if (Encode(it->first, std::move(item), piece)) return true;
    it = subscriptions_.upper_bound(last_served_);
    idle = 0;
  }
  return false;
}

void Page::OnResponse(const JoinResponse& response) {
  if (response.has_welcome()) {
    joined_ = true;
    lag_ = LagTeller();  // A new control was told nothing.
  }
  if (!response.has_attachment()) {
    OnHeard(response);
    // A tab that is gone is followed by nobody.
    return Unfollow(response.change().deleted_tab());
  }
  attachment_ = response.attachment().attachment();
  for (auto& [tab, subscription] : subscriptions_) {
    if (subscription.feed == nullptr) Attach(&subscription, tab);
  }
}

void Page::OnRefused(const absl::Status& why) {
  given_.figures->CountRefusal(DetailsOf(why).reason);
  connection_->Close(CloseCodeOf(why), std::string_view(why.message().data(), why.message().size()));
}

void Page::OnSkipped() {
  ++skips_;
  ++given_.figures->skips;
}

void Page::OnRevoked(const std::string& tab) {
  auto it = subscriptions_.find(tab);
  if (it == subscriptions_.end()) return;
  it->second.feed = nullptr;
  given_.feeds->Leave(it->second.cursor.get());
  // We are inside its cursor's stream.
  auto last = std::make_shared<Subscription>(std::move(it->second));
  subscriptions_.erase(it);
  given_.loop->Post([last] {});
}

int64_t Page::TellLag() {
  int64_t bytes = 0;
  for (auto& [tab, subscription] : subscriptions_) {
    if (subscription.feed == nullptr || subscription.cursor->lossless) continue;
    subscription.feed = given_.feeds->Settle(tab, subscription.cursor.get(), subscription.feed);
    bytes += LagTeller::Counted(subscription.feed->LagOf(*subscription.cursor));
  }
  if (!joined_) return bytes;
  if (const auto lag = lag_.Look(bytes, skips_)) {
    JoinRequest request;
    *request.mutable_lag() = *lag;
    link_->Send(request);
  }
  return bytes;
}

}  // namespace atrium::gateway
