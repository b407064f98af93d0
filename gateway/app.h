// The only place where the gateway's parts are built and joined.
#ifndef ATRIUM_GATEWAY_APP_H_
#define ATRIUM_GATEWAY_APP_H_

#include "absl/status/status.h"
#include "gateway/config.h"

namespace atrium::gateway {

// Serves until SIGTERM or SIGINT.
absl::Status RunApp(const Config& config);

}  // namespace atrium::gateway

#endif  // ATRIUM_GATEWAY_APP_H_
