// Admission decides who may open a socket, before the upgrade (T4): whoever shows a
// ticket or an access token, a service with its token, and without any token
// everybody with --no_auth, or over loopback with --trust_localhost. Control has
// the last word when the page joins.
//
// On the loop.
#ifndef ATRIUM_GATEWAY_HTTP_ADMISSION_H_
#define ATRIUM_GATEWAY_HTTP_ADMISSION_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "atrium/v1/auth.grpc.pb.h"
#include "atrium/v1/session.grpc.pb.h"
#include "common/loop.h"
#include "gateway/http/keys.h"

namespace atrium::gateway {

class Admission {
 public:
  // Who wants in.
  struct Ask {
    std::string token;  // Empty if none was shown.
    std::string room;   // A session's name; empty: the token's, or the default one.
    bool from_loopback = false;
  };
  // Whoever may come in.
  struct Pass {
    std::string token;  // For control; empty with --no_auth.
    std::string room;   // The session's name.
    std::string user;   // Who it is, for limits: a participant's name, or "service".
    bool owner = false;
    // Held while the socket is open: a place at an identity that was made for
    // loopback; may be null.
    std::shared_ptr<void> place;
  };
  using Done = std::function<void(absl::StatusOr<Pass>)>;

  // All given outlive it.
  Admission(Loop* loop, const Keys* keys, atrium::v1::AuthService::Stub* auth,
            atrium::v1::SessionService::Stub* sessions)
      : loop_(loop), keys_(keys), auth_(auth), sessions_(sessions) {}

  // Answers at once or later. UNAUTHENTICATED without a good token, NOT_FOUND for a
  // room that is not there or not the token's.
  void Check(const Ask& ask, Done done);

 private:
  // An identity that loopback shares, and how many sockets use it.
  struct Identity {
    std::string credential;
    int sockets = 0;
  };
  using IdentityPtr = std::shared_ptr<Identity>;

  void CheckService(const Ask& ask, Done done);
  void Trust(const Ask& ask, Done done);
  IdentityPtr Seat(const std::string& room);
  std::shared_ptr<void> PlaceAt(const IdentityPtr& identity);

  // Given.
  Loop* const loop_;
  const Keys* const keys_;
  atrium::v1::AuthService::Stub* const auth_;
  atrium::v1::SessionService::Stub* const sessions_;
  // State.
  std::map<std::string, std::vector<IdentityPtr>> identities_;  // By room.
};

}  // namespace atrium::gateway

#endif  // ATRIUM_GATEWAY_HTTP_ADMISSION_H_
