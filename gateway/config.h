// The gateway's settings.
#ifndef ATRIUM_GATEWAY_CONFIG_H_
#define ATRIUM_GATEWAY_CONFIG_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace atrium::gateway {

struct Config {
  int port = 8080;                    // On loopback; 0: any free one.
  std::string port_file;              // Where the port is written once it is known.
  std::string control, terminal;      // Paths of the other processes' sockets.
  std::string web_root;               // The built web app.
  std::vector<std::string> origins;   // Allowed beside loopback's own.
  std::string log_level;
};

// Reads and checks the command line.
absl::StatusOr<Config> ReadConfig(int argc, char** argv);

}  // namespace atrium::gateway

#endif  // ATRIUM_GATEWAY_CONFIG_H_
