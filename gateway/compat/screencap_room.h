// ScreencapRoom is one room of `/ws/screencap-signal` (T3): a capture peer and its
// viewers, in the source's JSON. Their SDP goes to media, not to one another: the
// capture peer publishes once, as a screen of the session, and each viewer is offered
// a connection of its own. All else is relayed.
//
// On the loop.
#ifndef ATRIUM_GATEWAY_COMPAT_SCREENCAP_ROOM_H_
#define ATRIUM_GATEWAY_COMPAT_SCREENCAP_ROOM_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "atrium/v1/live.pb.h"
#include "common/loop.h"
#include "gateway/compat/envelope.h"

namespace atrium::gateway::compat {

class ScreencapRoom {
 public:
  // A socket, and the page behind it.
  class Member {
   public:
    virtual ~Member() = default;
    virtual void Say(const Json& message) = 0;
    virtual void Ask(const atrium::v1::JoinRequest& request) = 0;
    // An editor at least: may show a screen, and steer what shows it.
    virtual bool may_share() const = 0;
    // Spends one of the words that it may say to control; RESOURCE_EXHAUSTED if there
    // is none.
    virtual absl::Status Spend() = 0;
  };

  explicit ScreencapRoom(Loop* loop) : loop_(loop) {}

  // One message of its socket. INVALID_ARGUMENT names the field that is wrong,
  // PERMISSION_DENIED and FAILED_PRECONDITION say why not.
  absl::Status Hear(Member* member, const std::string& text);
  // What control says to its page.
  void OnResponse(Member* member, const atrium::v1::JoinResponse& response);
  // Control is away: what it was asked may be lost.
  void OnAway(Member* member);
  // It is gone; not called again.
  void Leave(Member* member);

 private:
  // A member's connection with media.
  struct Peer {
    int64_t epoch = 0;                           // 0: there is none yet.
    bool wanted = false;                         // Media waits for its offer.
    std::vector<atrium::v1::IceCandidate> held;  // Until they can be sent.
  };

  struct Request {
    Member* asker;
    absl::Duration since;
  };

  absl::Status HearCapturer(const std::string& type, const Json& json);
  absl::Status HearViewer(Member* member, const std::string& type, const Json& json);
  absl::Status BecomeCapturer(Member* member, const Json& json);
  absl::Status Offer(const Json& json);
  absl::Status StartCapture(Member* viewer, const Json& json);
  absl::Status AskCapturer(Member* viewer, const Json& json);
  absl::Status AnswerRequest(const Json& json);
  absl::Status Candidate(Member* member, Peer* peer, const Json& json);
  void OnReady(Member* member, const atrium::v1::CaptureReady& ready);
  void OnSignal(Member* member, const atrium::v1::PeerSignal& signal);
  void OnOutcome(Member* member, const atrium::v1::JoinResponse::Outcome& outcome);
  void OnStarted(Member* member, const atrium::v1::JoinResponse::Outcome& outcome);
  void Watch(Member* viewer);
  // Null if it is neither the capture peer nor a viewer.
  Peer* PeerOf(Member* member);
  void SendOffer();
  void SendHeld(Member* member, Peer* peer);
  void Signal(Member* member, const Peer& peer, atrium::v1::PeerSignal signal);
  void StopShowing();
  // The screen is not shown any more: its viewers ask anew.
  void EndCapture(const std::string& reason);
  void ForgetPeers();
  void FailRequests(const std::string& why);
  // Asks the capture peer for an offer.
  void AskForOffer();
  void SayToViewers(const Json& message);

  // Given.
  Loop* const loop_;
  // State.
  Member* capturer_ = nullptr;
  Peer capturer_peer_;
  Json start_;                // What the capture peer was asked for last; null: nothing.
  bool window_ = false;       // It asked for a window.
  std::string offer_;         // Its SDP, until media has it.
  int64_t starting_ = 0;      // The request to show a screen that is under way.
  int64_t starts_ = 0;        // Such requests ever made.
  std::string capture_;       // The screen's name; empty: none is shown.
  bool asked_again_ = false;  // For an offer, once control is back.
  absl::Duration frame_told_ = -absl::InfiniteDuration();
  std::map<Member*, Peer> viewers_;          // Those that asked for the capture.
  std::map<std::string, Request> requests_;  // Of api-request, by requestId.
};

}  // namespace atrium::gateway::compat

#endif  // ATRIUM_GATEWAY_COMPAT_SCREENCAP_ROOM_H_
