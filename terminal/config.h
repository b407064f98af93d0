// The terminal process's settings.
#ifndef ATRIUM_TERMINAL_CONFIG_H_
#define ATRIUM_TERMINAL_CONFIG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace atrium::terminal {

struct Config {
  std::string listen;      // Path of the unix socket.
  std::string state_dir;   // Where output logs are kept; empty: nowhere.
  std::string log_level;
  std::string shell_user;  // Empty: our own user.
  std::string host_name;
  std::string admin_listen;           // A path, or a loopback address and port; empty: nowhere.
  int64_t memory_limit = 0;           // Bytes; 0: any.
  int64_t terminal_memory_limit = 0;  // The same, for each terminal.
  int64_t terminal_process_limit = 0;
  int terminal_limit = 0;             // Of the host.
  bool audit = true;                  // Who typed what is kept, in the state directory.
  bool cgroups = true;                // Where we may make some.
  std::string program;                 // Our own, absolute: what an upgrade executes.
  std::vector<std::string> arguments;  // Ours, without --handover_fd.
  int handover_fd = -1;                // From the program before us; -1: none.
};

// Reads and checks the command line.
absl::StatusOr<Config> ReadConfig(int argc, char** argv);

}  // namespace atrium::terminal

#endif  // ATRIUM_TERMINAL_CONFIG_H_
