// The offline agent's settings.
#ifndef ATRIUM_CONTROL_AGENT_OFFLINE_CONFIG_H_
#define ATRIUM_CONTROL_AGENT_OFFLINE_CONFIG_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace atrium::agent {

struct Config {
  std::string listen;  // Path of the unix socket.
  absl::Duration session_life;
  std::string log_level;
};

// Reads and checks the command line.
absl::StatusOr<Config> ReadConfig(int argc, char** argv);

}  // namespace atrium::agent

#endif  // ATRIUM_CONTROL_AGENT_OFFLINE_CONFIG_H_
