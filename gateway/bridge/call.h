// Call is one peer connection of somebody whose client speaks HTTP only: its part in
// a session's call (V4), or its view of a screen (X8). It sends one offer, hears one
// answer, and can end it; no more. The gateway joins in its place with a page that has
// no window, goes live or watches, and hands the offer on. What asks for a second
// offer, as a restart of media does, ends the call instead, as there is nobody to make
// one: the client connects again.
//
// On the loop. Owned by Calls.
#ifndef ATRIUM_GATEWAY_BRIDGE_CALL_H_
#define ATRIUM_GATEWAY_BRIDGE_CALL_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "atrium/v1/live.pb.h"
#include "common/loop.h"
#include "gateway/bridge/join_link.h"

namespace atrium::gateway {

class Call final : public JoinLink::Listener {
 public:
  // A Join stream as a call needs it. Its end ends the page.
  class Line {
   public:
    virtual ~Line() = default;
    virtual void Send(const atrium::v1::JoinRequest& request) = 0;
  };
  // Upward news.
  class Listener {
   public:
    virtual ~Listener() = default;
    // Once: the answer's SDP with all candidates, or why there is none. UNAVAILABLE
    // and DEADLINE_EXCEEDED may pass; all else is the offer's or the person's fault.
    virtual void OnAnswer(Call* call, absl::StatusOr<std::string> sdp) = 0;
    // Last, after OnAnswer. Destroy the call later, not from here.
    virtual void OnEnded(Call* call) = 0;
  };
  // Makes the line of the page that is given.
  using Dial = std::function<std::unique_ptr<Line>(JoinLink::Listener* page)>;

  // Into `session`, a name: its call, or with `capture` (a name) that screen.
  Call(Loop* loop, Listener* listener, std::string session, std::string capture)
      : loop_(loop),
        listener_(listener),
        session_(std::move(session)),
        capture_(std::move(capture)) {}

  // Enters with `offer`, an SDP of at most limits::kSdpBytes. Once.
  void Start(const Dial& dial, const std::string& offer);
  // Leaves the call; OnEnded follows once control knows, or after limits::kCloseWait.
  void HangUp();

  // JoinLink::Listener.
  void OnResponse(const atrium::v1::JoinResponse& response) override;
  void OnAway() override;
  void OnRefused(const absl::Status& why) override;

 private:
  void OnReady(int64_t epoch);
  void OnEnded(const std::string& reason, const std::string& message);
  void OnChange(const atrium::v1::SessionChange& change);
  void OnOutcome(const atrium::v1::JoinResponse::Outcome& outcome);
  void Answer(absl::StatusOr<std::string> sdp);
  // No answer can come any more.
  void Fail(const absl::Status& why);
  void End();

  // Given.
  Loop* const loop_;
  Listener* const listener_;
  const std::string session_, capture_;
  // Owned.
  std::unique_ptr<Line> line_;
  // State.
  std::string offer_;  // Until it was sent.
  int64_t epoch_ = 0;  // Of the connection, once there is one.
  bool welcomed_ = false, answered_ = false, leaving_ = false, ended_ = false;
  // Until the answer; while control is away; until it knows that we leave.
  Loop::HandlePtr deadline_;
};

}  // namespace atrium::gateway

#endif  // ATRIUM_GATEWAY_BRIDGE_CALL_H_
