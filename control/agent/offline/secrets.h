// Secrets are short-lived keys for browsers (`ek_...`), each with the session that
// it opens.
//
// On the loop.
#ifndef ATRIUM_CONTROL_AGENT_OFFLINE_SECRETS_H_
#define ATRIUM_CONTROL_AGENT_OFFLINE_SECRETS_H_

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/time/time.h"
#include "control/agent/offline/protocol.h"

namespace atrium::agent {

class Secrets {
 public:
  // Answers a request's body: {expires_after, session}. Fills `answer`, or says
  // what is wrong.
  Verdict Mint(const nlohmann::json& request, const std::string& model, absl::Time now,
               nlohmann::json* answer);
  // The session that `key` opens; nothing if it is not, or no longer, one of ours.
  std::optional<nlohmann::json> Redeem(const std::string& key, absl::Time now);

  // Whether a key claims to be one of these.
  static bool IsOne(const std::string& key);

 private:
  struct Secret {
    absl::Time expires;
    nlohmann::json session;
  };
  std::map<std::string, Secret> secrets_;  // By value.
};

}  // namespace atrium::agent

#endif  // ATRIUM_CONTROL_AGENT_OFFLINE_SECRETS_H_
