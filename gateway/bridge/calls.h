// Calls owns all peer connections whose clients speak HTTP only, under ids that
// cannot be guessed: whoever knows one may end that one, and nothing else. They are
// nowhere but here, so they end with the process; control then takes them out of the
// call when their pages' leases are over.
//
// On the loop.
#ifndef ATRIUM_GATEWAY_BRIDGE_CALLS_H_
#define ATRIUM_GATEWAY_BRIDGE_CALLS_H_

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "gateway/bridge/call.h"
#include "gateway/figures.h"
#include "gateway/http/admission.h"
#include "gateway/rate.h"

namespace atrium::gateway {

class Calls final : public Call::Listener {
 public:
  // Makes the Join stream of `page`, with what control checks.
  using Dial =
      std::function<std::unique_ptr<Call::Line>(const std::string& token, JoinLink::Listener* page)>;
  struct Answer {
    std::string sdp;         // With all of media's candidates.
    std::string connection;  // For Disconnect(): 256 bits as 52 of [a-z2-7].
  };
  using Done = std::function<void(absl::StatusOr<Answer>)>;

  // `figures` counts them, and outlives it.
  Calls(Loop* loop, Figures* figures, Dial dial);

  // Puts whoever has `pass` into its session's call with `offer`, an SDP, or, if it
  // names one (the last part of a name), before the screen `capture`. `done` runs once, at once or within limits::kCallSetup: RESOURCE_EXHAUSTED beyond the bounds,
  // else what control or media says.
  void Connect(const Admission::Pass& pass, const std::string& capture,
               const std::string& offer, Done done);
  // Ends one; false if there is none under this id.
  bool Disconnect(const std::string& connection);
  // Ends all; control hears of it once the loop runs.
  void CloseAll();
  size_t count() const { return calls_.size(); }

  // Call::Listener.
  void OnAnswer(Call* call, absl::StatusOr<std::string> sdp) override;
  void OnEnded(Call* call) override;

 private:
  struct Entry {
    std::unique_ptr<Call> call;
    std::shared_ptr<void> place;  // See Admission::Pass.
    Done done;                    // Until the answer.
  };

  absl::Status Admit(const std::string& user);
  std::map<std::string, Entry>::iterator Find(const Call* call);

  // Given.
  Loop* const loop_;
  Figures* const figures_;
  const Dial dial_;
  // Owned.
  std::map<std::string, Entry> calls_;  // By connection.
  // State.
  std::map<std::string, Gcra> rates_;  // By user, until they are rested.
};

// The same over control's own service.
class GrpcLine final : public Call::Line {
 public:
  GrpcLine(Loop* loop, atrium::v1::LiveService::Stub* stub, const std::string& token,
           JoinLink::Listener* page)
      : link_(loop, stub, token, page) {}
  void Send(const atrium::v1::JoinRequest& request) override { link_.Send(request); }

 private:
  JoinLink link_;
};

}  // namespace atrium::gateway

#endif  // ATRIUM_GATEWAY_BRIDGE_CALLS_H_
