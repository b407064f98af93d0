#include "control/agent/offline/config.h"

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "common/errors.h"
#include "control/agent/offline/limits.h"

ABSL_FLAG(std::string, listen, "", "Path of the unix socket to serve on (required)");
ABSL_FLAG(absl::Duration, session_life, atrium::agent::limits::kSessionLife,
          "After how long a session expires");
ABSL_FLAG(std::string, log_level, "info", "debug, info, warning or error");

namespace atrium::agent {

absl::StatusOr<Config> ReadConfig(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "atrium-agent is an offline voice agent that speaks the Realtime protocol.");
  absl::ParseCommandLine(argc, argv);
  Config config{.listen = absl::GetFlag(FLAGS_listen),
                .session_life = absl::GetFlag(FLAGS_session_life),
                .log_level = absl::GetFlag(FLAGS_log_level)};
  if (config.listen.empty()) return MissingField("--listen");
  if (config.session_life <= absl::ZeroDuration()) {
    return BadField("--session_life", "must be more than nothing, as in 60m");
  }
  return config;
}

}  // namespace atrium::agent
