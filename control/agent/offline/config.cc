#include "control/agent/offline/config.h"

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "common/errors.h"

ABSL_FLAG(std::string, listen, "", "Path of the unix socket to serve on (required)");
ABSL_FLAG(std::string, log_level, "info", "debug, info, warning or error");

namespace atrium::agent {

absl::StatusOr<Config> ReadConfig(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "atrium-agent is an offline voice agent that speaks the Realtime protocol.");
  absl::ParseCommandLine(argc, argv);
  Config config{.listen = absl::GetFlag(FLAGS_listen), .log_level = absl::GetFlag(FLAGS_log_level)};
  if (config.listen.empty()) return MissingField("--listen");
  return config;
}

}  // namespace atrium::agent
