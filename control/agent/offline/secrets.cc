#include "control/agent/offline/secrets.h"

#include "absl/strings/match.h"
#include "common/random.h"
#include "common/str_cat.h"
#include "control/agent/offline/limits.h"
#include "control/agent/offline/settings.h"

namespace atrium::agent {

using nlohmann::json;

namespace {

constexpr char kPrefix[] = "ek_";

}  // namespace

bool Secrets::IsOne(const std::string& key) { return absl::StartsWith(key, kPrefix); }

Verdict Secrets::Mint(const json& request, const std::string& model, absl::Time now, json* answer) {
  const json& after = ObjectOf(request, "expires_after");
  const json seconds = after.value("seconds", json(limits::kSecretSeconds));
  if (!seconds.is_number_integer() || seconds < limits::kSecretLeastSeconds ||
      seconds > limits::kSecretMostSeconds || after.value("anchor", json("created_at")) != "created_at") {
    return Fault{"invalid_value",
                 StrCat("expires_after.seconds must be from ", limits::kSecretLeastSeconds, " to ",
                        limits::kSecretMostSeconds, " after created_at"),
                 "expires_after.seconds"};
  }
  json wanted = request.value("session", json::object());
  if (wanted.is_object()) wanted.emplace("type", "realtime");
  Settings settings(model);
  if (Verdict fault = settings.Apply(wanted)) return fault;
  std::erase_if(secrets_, [&](const auto& secret) { return secret.second.expires <= now; });
  if (secrets_.size() >= limits::kSecrets) {
    return Fault{"rate_limit_exceeded", "Too many secrets are open: wait until some expire", ""};
  }
  const std::string value = StrCat(kPrefix, RandomSecret());
  const absl::Time expires = now + absl::Seconds(seconds.get<int64_t>());
  secrets_[value] = {expires, wanted};
  json session = settings.shape();
  session["id"] = StrCat("sess_", RandomId());
  *answer = {{"value", value}, {"expires_at", absl::ToUnixSeconds(expires)}, {"session", session}};
  return std::nullopt;
}

std::optional<json> Secrets::Redeem(const std::string& key, absl::Time now) {
  auto it = secrets_.find(key);
  if (it == secrets_.end() || it->second.expires <= now) return std::nullopt;
  return it->second.session;
}

}  // namespace atrium::agent
