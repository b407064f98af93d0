// Short-lived credentials for a TURN server that shares a secret with us (coturn's
// use-auth-secret). Pure.
#ifndef ATRIUM_CONTROL_SESSION_TURN_H_
#define ATRIUM_CONTROL_SESSION_TURN_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "atrium/v1/live.pb.h"

namespace atrium::control {

struct TurnServer {
  std::vector<std::string> urls;  // Empty: there is none.
  std::string secret;
};

// For `who`, a participant's id, until `expire_time`: the user's name is both, and the
// password its HMAC-SHA1 in base64.
atrium::v1::IceServer MakeIceServer(const TurnServer& turn, const std::string& who,
                                    absl::Time expire_time);

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_SESSION_TURN_H_
