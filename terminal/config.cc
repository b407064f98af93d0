#include "terminal/config.h"

#include <unistd.h>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "common/errors.h"

ABSL_FLAG(std::string, listen, "", "Path of the unix socket to serve on (required)");
ABSL_FLAG(std::string, state_dir, "",
          "Directory for what must outlive the process; empty keeps nothing");
ABSL_FLAG(std::string, log_level, "info", "debug, info, warning or error");
ABSL_FLAG(std::string, shell_user, "",
          "User that shells run as; empty: our own. Another one needs root");

namespace atrium::terminal {

absl::StatusOr<Config> ReadConfig(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "atrium-terminal keeps the shells of one machine: their PTYs, output and screens.");
  absl::ParseCommandLine(argc, argv);
  char name[256] = "localhost";
  gethostname(name, sizeof name - 1);
  Config config{.listen = absl::GetFlag(FLAGS_listen),
                .state_dir = absl::GetFlag(FLAGS_state_dir),
                .log_level = absl::GetFlag(FLAGS_log_level),
                .shell_user = absl::GetFlag(FLAGS_shell_user),
                .host_name = name};
  if (config.listen.empty()) return MissingField("--listen");
  return config;
}

}  // namespace atrium::terminal
