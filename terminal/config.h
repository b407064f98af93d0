// The terminal process's settings.
#ifndef ATRIUM_TERMINAL_CONFIG_H_
#define ATRIUM_TERMINAL_CONFIG_H_

#include <string>

#include "absl/status/statusor.h"

namespace atrium::terminal {

struct Config {
  std::string listen;      // Path of the unix socket.
  std::string state_dir;   // Where output logs are kept; empty: nowhere.
  std::string log_level;
  std::string shell_user;  // Empty: our own user.
  std::string host_name;
};

// Reads and checks the command line.
absl::StatusOr<Config> ReadConfig(int argc, char** argv);

}  // namespace atrium::terminal

#endif  // ATRIUM_TERMINAL_CONFIG_H_
