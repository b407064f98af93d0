// Asks a Realtime server for a short-lived key.
//
// On the loop.
#ifndef ATRIUM_CONTROL_AGENT_REALTIME_SECRET_H_
#define ATRIUM_CONTROL_AGENT_REALTIME_SECRET_H_

#include <libsoup/soup.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"
#include "common/gref.h"
#include "common/loop.h"
#include "control/agent/provider.h"
#include "control/agent/realtime.h"

namespace atrium::control {

// The connections over which keys are asked for; one suffices.
GRef<SoupSession> NewSecretConnections(const RealtimeOptions& options);

// `session` is what the key opens. Answers within limits::kProviderConnect.
void MintRealtimeSecret(Loop* loop, const GRef<SoupSession>& connections,
                        const RealtimeOptions& options, const nlohmann::json& session,
                        absl::Duration life,
                        std::function<void(absl::StatusOr<ProviderSecret>)> done);

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_AGENT_REALTIME_SECRET_H_
