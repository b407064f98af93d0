#include "common/token.h"

#include <rhonabwy.h>

#include <nlohmann/json.hpp>

#include "common/str_cat.h"
#include "common/errors.h"
#include "common/file.h"
#include "common/random.h"
#include "common/status_macros.h"

namespace atrium {
namespace {

constexpr char kIssuer[] = "atrium";
constexpr size_t kMaxTokenBytes = 4096;

struct FreeJwk {
  void operator()(jwk_t* key) const { r_jwk_free(key); }
};
struct FreeJwks {
  void operator()(jwks_t* keys) const { r_jwks_free(keys); }
};
struct FreeJwt {
  void operator()(jwt_t* token) const { r_jwt_free(token); }
};
using Jwk = std::unique_ptr<jwk_t, FreeJwk>;
using Jwks = std::unique_ptr<jwks_t, FreeJwks>;
using Jwt = std::unique_ptr<jwt_t, FreeJwt>;

Jwk NewJwk() {
  jwk_t* key = nullptr;
  r_jwk_init(&key);
  return Jwk(key);
}
Jwt NewJwt() {
  jwt_t* token = nullptr;
  r_jwt_init(&token);
  return Jwt(token);
}
std::string Take(char* text) {
  std::string out = text == nullptr ? "" : text;
  r_free(text);
  return out;
}
std::string Claim(jwt_t* token, const char* name) {
  const char* value = r_jwt_get_claim_str_value(token, name);
  return value == nullptr ? "" : value;
}

class RhonabwyVerifier final : public TokenVerifier {
 public:
  explicit RhonabwyVerifier(Jwks keys) : keys_(std::move(keys)) {}

  absl::StatusOr<Claims> Verify(const std::string& text, std::string_view purpose,
                                absl::Time now) const override {
    if (text.empty()) return BadToken("there is none");
    if (text.size() > kMaxTokenBytes) return BadToken("it is too long");
    Jwt token = NewJwt();
    if (r_jwt_parsen(token.get(), text.c_str(), text.size(), 0) != RHN_OK) {
      return BadToken("it is not a JWT");
    }
    if (r_jwt_get_type(token.get()) != R_JWT_TYPE_SIGN ||
        r_jwt_get_sign_alg(token.get()) != R_JWA_ALG_EDDSA) {
      return BadToken("it is not signed with EdDSA");
    }
    const char* kid = r_jwt_get_header_str_value(token.get(), "kid");
    Jwk key(kid == nullptr ? nullptr : r_jwks_get_by_kid(keys_.get(), kid));
    if (key == nullptr) return BadToken("its key is not known");
    if (r_jwt_verify_signature(token.get(), key.get(), 0) != RHN_OK) {
      return BadToken("its signature is wrong");
    }
    return Check(token.get(), purpose, now);
  }

 private:
  static absl::StatusOr<Claims> Check(jwt_t* token, std::string_view purpose, absl::Time now) {
    Claims claims{.purpose = Claim(token, "aud"),
                  .session = Claim(token, "sid"),
                  .participant = Claim(token, "sub"),
                  .role = Claim(token, "role"),
                  .id = Claim(token, "jti"),
                  .expire_time = absl::FromUnixSeconds(r_jwt_get_claim_int_value(token, "exp"))};
    const absl::Time not_before =
        absl::FromUnixSeconds(r_jwt_get_claim_int_value(token, "nbf"));
    if (Claim(token, "iss") != kIssuer) return BadToken("another issuer made it");
    if (claims.purpose != purpose) return BadToken("it is for another purpose");
    if (claims.expire_time + kClockLeeway < now) return BadToken("it has expired");
    if (not_before - kClockLeeway > now) return BadToken("it is not valid yet");
    if (claims.expire_time - not_before > kAccessLife) return BadToken("it lives too long");
    if (claims.session.empty() || claims.participant.empty() || claims.id.empty()) {
      return BadToken("it lacks a claim");
    }
    return claims;
  }

  const Jwks keys_;
};

class RhonabwySigner final : public TokenSigner {
 public:
  explicit RhonabwySigner(Jwk key) : key_(std::move(key)) {}

  std::string Sign(const Claims& claims, absl::Time now) const override {
    Jwt token = NewJwt();
    r_jwt_set_sign_alg(token.get(), R_JWA_ALG_EDDSA);
    r_jwt_set_header_str_value(token.get(), "kid", r_jwk_get_property_str(key_.get(), "kid"));
    r_jwt_set_claim_str_value(token.get(), "iss", kIssuer);
    r_jwt_set_claim_str_value(token.get(), "aud", claims.purpose.c_str());
    r_jwt_set_claim_str_value(token.get(), "sid", claims.session.c_str());
    r_jwt_set_claim_str_value(token.get(), "sub", claims.participant.c_str());
    r_jwt_set_claim_str_value(token.get(), "role", claims.role.c_str());
    r_jwt_set_claim_str_value(token.get(), "jti", claims.id.c_str());
    r_jwt_set_claim_int_value(token.get(), "nbf", absl::ToUnixSeconds(now));
    r_jwt_set_claim_int_value(token.get(), "exp", absl::ToUnixSeconds(claims.expire_time));
    return Take(r_jwt_serialize_signed(token.get(), key_.get(), 0));
  }

  std::string PublicJwks() const override {
    Jwk key = NewJwk();
    r_jwk_extract_pubkey(key_.get(), key.get(), 0);
    return StrCat("{\"keys\":[", Take(r_jwk_export_to_json_str(key.get(), 0)), "]}");
  }

 private:
  const Jwk key_;
};

absl::StatusOr<Jwk> MakeKey(const std::string& path) {
  Jwk key = NewJwk(), unused = NewJwk();
  if (r_jwk_generate_key_pair(key.get(), unused.get(), R_KEY_TYPE_EDDSA, 256,
                              RandomId().c_str()) != RHN_OK) {
    return absl::InternalError("Cannot generate an Ed25519 key");
  }
  RETURN_IF_ERROR(WriteFileAtomically(path, Take(r_jwk_export_to_json_str(key.get(), 0)), 0600));
  return key;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TokenVerifier>> TokenVerifier::FromJwks(const std::string& jwks) {
  jwks_t* raw = nullptr;
  r_jwks_init(&raw);
  Jwks keys(raw);
  if (r_jwks_import_from_json_str(raw, jwks.c_str()) != RHN_OK) {
    return absl::InvalidArgumentError("The keys are not a JWK set");
  }
  return std::make_unique<RhonabwyVerifier>(std::move(keys));
}

absl::StatusOr<std::unique_ptr<TokenSigner>> TokenSigner::FromFile(const std::string& path) {
  absl::StatusOr<std::string> text = ReadFile(path);
  if (absl::IsNotFound(text.status())) {
    ASSIGN_OR_RETURN(Jwk fresh, MakeKey(path));
    return std::make_unique<RhonabwySigner>(std::move(fresh));
  }
  RETURN_IF_ERROR(text.status());
  Jwk key = NewJwk();
  if (r_jwk_import_from_json_str(key.get(), text->c_str()) != RHN_OK) {
    return absl::InternalError(StrCat(path, " is not a JWK: remove it to get a new one"));
  }
  return std::make_unique<RhonabwySigner>(std::move(key));
}

}  // namespace atrium
