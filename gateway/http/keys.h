// Keys knows control's public keys, so that tokens are checked before any
// upgrade. It holds no secret.
//
// On the loop.
#ifndef ATRIUM_GATEWAY_HTTP_KEYS_H_
#define ATRIUM_GATEWAY_HTTP_KEYS_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "atrium/v1/auth.grpc.pb.h"
#include "common/loop.h"
#include "common/token.h"

namespace atrium::gateway {

class Keys {
 public:
  // Fetches them now, and again every minute; `known` runs after the first time.
  Keys(Loop* loop, atrium::v1::AuthService::Stub* auth, std::function<void()> known);

  bool known() const { return verifier_ != nullptr; }
  // How the deployment lets people in without a token.
  bool no_auth() const { return no_auth_; }
  bool trust_localhost() const { return trust_localhost_; }
  // UNAUTHENTICATED for a bad token; UNAVAILABLE while no keys are known.
  absl::StatusOr<Claims> Check(const std::string& token) const;

 private:
  void Fetch();

  // Given.
  Loop* const loop_;
  atrium::v1::AuthService::Stub* const auth_;
  std::function<void()> known_;
  // State.
  std::unique_ptr<TokenVerifier> verifier_;
  bool no_auth_ = false, trust_localhost_ = false;
  Loop::HandlePtr timer_;
};

}  // namespace atrium::gateway

#endif  // ATRIUM_GATEWAY_HTTP_KEYS_H_
