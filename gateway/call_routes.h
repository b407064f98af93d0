// The routes of calls by HTTP alone: /signal and /disconnect (V4), their standard form,
// WHIP (RFC 9725), and WHEP for seeing a screen; without trickle and ICE restarts.
#ifndef ATRIUM_GATEWAY_CALL_ROUTES_H_
#define ATRIUM_GATEWAY_CALL_ROUTES_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "atrium/v1/auth.grpc.pb.h"
#include "common/loop.h"
#include "gateway/bridge/calls.h"
#include "gateway/http/admission.h"
#include "gateway/http/guard.h"
#include "gateway/http/server.h"

namespace atrium::gateway {

// What /signal is asked.
struct CallOffer {
  std::string session;  // A session's name; empty: the credential's, or the default one.
  std::string sdp;      // Never empty.
  std::string capture;  // The last part of a screen's name; empty: the session's call.
};
// Reads `{session?, offer: {type: "offer", sdp}}`; INVALID_ARGUMENT names the field
// that is wrong.
absl::StatusOr<CallOffer> ReadCallOffer(const std::string& body);
// Reads the id of `{connectionId}`, likewise.
absl::StatusOr<std::string> ReadConnectionId(const std::string& body);

// On the loop.
class CallRoutes {
 public:
  // All given outlive it.
  CallRoutes(Loop* loop, atrium::v1::AuthService::Stub* auth, Admission* admission,
             const Guard* guard, Calls* calls)
      : loop_(loop), auth_(auth), admission_(admission), guard_(guard), calls_(calls) {}

  std::vector<Route> Table();

 private:
  void Signal(const ExchangePtr& exchange);
  void Disconnect(const ExchangePtr& exchange);
  void Whip(const ExchangePtr& exchange);
  void Whep(const ExchangePtr& exchange);
  // What both have in common: an SDP for an SDP and a location.
  void Trade(const ExchangePtr& exchange, CallOffer offer);
  void EndLocation(const ExchangePtr& exchange);
  // Connects whoever asks, with a bearer token or, from our own pages, a credential;
  // refusals are answered, `done` hears of success only.
  void Connect(const ExchangePtr& exchange, const CallOffer& offer,
               std::function<void(Calls::Answer)> done);
  // The pass of whoever asks, at once or later.
  void Check(const ExchangePtr& exchange, const std::string& session, Admission::Done done);

  // Given.
  Loop* const loop_;
  atrium::v1::AuthService::Stub* const auth_;
  Admission* const admission_;
  const Guard* const guard_;
  Calls* const calls_;
};

}  // namespace atrium::gateway

#endif  // ATRIUM_GATEWAY_CALL_ROUTES_H_
