// The only place where control's parts are built and joined.
#ifndef ATRIUM_CONTROL_APP_H_
#define ATRIUM_CONTROL_APP_H_

#include "absl/status/status.h"
#include "control/config.h"

namespace atrium::control {

// Serves until SIGTERM or SIGINT.
absl::Status RunApp(const Config& config);

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_APP_H_
