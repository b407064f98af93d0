// Signed tokens: JWTs, EdDSA only (RFC 7519, RFC 8037). Control signs; whoever
// holds the public keys verifies. A token is good for one purpose only.
#ifndef ATRIUM_COMMON_TOKEN_H_
#define ATRIUM_COMMON_TOKEN_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace atrium {

// What a token says. All fields are required.
struct Claims {
  std::string purpose;      // `aud`: one of the constants below.
  std::string session;      // `sid`: the session's name.
  std::string participant;  // `sub`: the participant's name.
  std::string role;         // "VIEWER", "EDITOR" or "OWNER".
  std::string id;           // `jti`: unique, so that it can be used up or revoked.
  absl::Time expire_time;   // `exp`.
};

// Opens one socket; used up by that.
inline constexpr std::string_view kTicketPurpose = "atrium-ticket";
// Makes calls.
inline constexpr std::string_view kAccessPurpose = "atrium-access";

// How long they last, and how far clocks may differ (R24).
inline constexpr absl::Duration kTicketLife = absl::Seconds(30);
inline constexpr absl::Duration kAccessLife = absl::Minutes(10);
inline constexpr absl::Duration kClockLeeway = absl::Seconds(60);

// Verifies tokens. Not thread-safe.
class TokenVerifier {
 public:
  virtual ~TokenVerifier() = default;
  // `jwks` is a JWK set (RFC 7517) with Ed25519 public keys.
  static absl::StatusOr<std::unique_ptr<TokenVerifier>> FromJwks(const std::string& jwks);

  // Refuses (UNAUTHENTICATED) whatever is not signed with EdDSA by one of our
  // keys, for `purpose`, and valid at `now`.
  virtual absl::StatusOr<Claims> Verify(const std::string& token, std::string_view purpose,
                                        absl::Time now) const = 0;
};

// Signs tokens. Not thread-safe.
class TokenSigner {
 public:
  virtual ~TokenSigner() = default;
  // Reads the private key from `path`, or makes one there (mode 0600).
  static absl::StatusOr<std::unique_ptr<TokenSigner>> FromFile(const std::string& path);

  virtual std::string Sign(const Claims& claims, absl::Time now) const = 0;
  virtual std::string PublicJwks() const = 0;
};

}  // namespace atrium

#endif  // ATRIUM_COMMON_TOKEN_H_
