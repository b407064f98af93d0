// Drive keeps one Drive stream to a carrier alive: says hello, takes its
// inventory, then sends the plan whenever it changed; comes back by itself when
// the stream breaks. A plan is all that should be, so one is under way at a time, and
// what changes meanwhile goes into the next: a thousand pages that come at once do not
// cost a thousand plans of a thousand pages. What terminal hosts and media have in
// common.
//
// On the loop.
#ifndef ATRIUM_CONTROL_LINKS_DRIVE_H_
#define ATRIUM_CONTROL_LINKS_DRIVE_H_

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "common/log.h"
#include "common/loop.h"
#include "common/rpc/stream.h"
#include "control/limits.h"

namespace atrium::control {

template <typename Request, typename Response, typename Plan>
class Drive {
 public:
  using Stream = rpc::ClientStream<Request, Response>;

  struct Hooks {
    std::function<void(Stream*)> begin;  // Starts the call on the stream.
    std::function<void(const typename Response::Inventory&)> on_inventory;
    std::function<void(const Response&)> on_response;
    std::function<void()> on_lost;  // Only after an inventory.
    std::function<Plan()> make_plan;
  };

  Drive(Loop* loop, std::string name, int64_t fence, Hooks hooks)
      : loop_(loop), name_(std::move(name)), fence_(fence), hooks_(std::move(hooks)) {}
  ~Drive() {
    if (stream_ == nullptr) return;
    stream_->on_message = nullptr;
    stream_->on_closed = nullptr;
    stream_->Cancel();
  }

  void Start() { Connect(); }
  bool connected() const { return connected_; }

  // Sends the plan at the end of this turn of the loop, or once the one under way is
  // real; returns its generation.
  int64_t PlanChanged() {
    changed_ = true;
    Schedule();
    return generation_ + 1;
  }
  void Send(Request request) {
    if (connected_) stream_->Write(std::move(request));
  }

 private:
  void Connect() {
    retry_.reset();
    stream_ = new Stream(loop_);
    stream_->on_message = [this](Response& response) { OnResponse(response); };
    stream_->on_closed = [this](absl::Status status) { OnClosed(status); };
    hooks_.begin(stream_);
    Request hello;
    hello.mutable_hello()->set_fence(fence_);
    stream_->Write(std::move(hello));
  }
  void Schedule() {
    if (!connected_ || underway_ || scheduled_) return;
    scheduled_ = loop_->After(absl::ZeroDuration(), [this] {
      auto done = std::move(scheduled_);
      SendPlan();
    });
  }
  void OnResponse(const Response& response) {
    if (response.has_plan_status()) {
      underway_ = false;
      if (changed_) Schedule();
    }
    if (!response.has_inventory()) return hooks_.on_response(response);
    LogInfo("connected", {{"to", name_}});
    connected_ = true;
    said_lost_ = false;
    lost_at_.reset();
    hooks_.on_inventory(response.inventory());
    SendPlan();
  }
  void SendPlan() {
    if (!connected_) return;
    scheduled_.reset();
    underway_ = true;
    changed_ = false;
    Request request;
    *request.mutable_plan() = hooks_.make_plan();
    request.mutable_plan()->set_generation(++generation_);
    stream_->Write(std::move(request));
  }
  void OnClosed(const absl::Status& status) {
    stream_ = nullptr;
    scheduled_.reset();
    underway_ = false;
    if (std::exchange(connected_, false)) hooks_.on_lost();
    if (!std::exchange(said_lost_, true)) {
      LogWarning("no contact", {{"to", name_}, {"why", status.message()}});
    }
    const absl::Duration now = loop_->Monotonic();
    if (!lost_at_) lost_at_ = now;
    const bool hurry = now - *lost_at_ < limits::kLinkHurry;
    retry_ = loop_->After(hurry ? limits::kLinkRetry : limits::kLinkLaterRetry,
                          [this] { Connect(); });
  }

  // Given.
  Loop* const loop_;
  const std::string name_;
  const int64_t fence_;
  const Hooks hooks_;
  // State.
  Stream* stream_ = nullptr;
  bool connected_ = false;
  bool underway_ = false;  // A plan is not real yet,
  bool changed_ = false;   // and is not the newest.
  bool said_lost_ = false;
  std::optional<absl::Duration> lost_at_;
  int64_t generation_ = 0;
  Loop::HandlePtr retry_, scheduled_;
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_LINKS_DRIVE_H_
