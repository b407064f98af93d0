// The only place where the offline agent's parts are built and joined.
#ifndef ATRIUM_CONTROL_AGENT_OFFLINE_APP_H_
#define ATRIUM_CONTROL_AGENT_OFFLINE_APP_H_

#include "absl/status/status.h"
#include "control/agent/offline/config.h"

namespace atrium::agent {

// Serves until SIGTERM or SIGINT.
absl::Status RunApp(const Config& config);

}  // namespace atrium::agent

#endif  // ATRIUM_CONTROL_AGENT_OFFLINE_APP_H_
