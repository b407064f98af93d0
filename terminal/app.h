// The only place where the terminal process's parts are built and joined.
#ifndef ATRIUM_TERMINAL_APP_H_
#define ATRIUM_TERMINAL_APP_H_

#include "absl/status/status.h"
#include "terminal/config.h"

namespace atrium::terminal {

// Serves until SIGTERM or SIGINT.
absl::Status RunApp(const Config& config);

}  // namespace atrium::terminal

#endif  // ATRIUM_TERMINAL_APP_H_
