#include "gateway/config.h"

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "common/errors.h"

ABSL_FLAG(int, port, 8080, "Port on loopback; 0 takes any free one");
ABSL_FLAG(std::string, port_file, "", "File to write the port to, once it is known");
ABSL_FLAG(std::string, control, "", "Path of control's socket (required)");
ABSL_FLAG(std::string, terminal, "", "Path of the terminal process's socket (required)");
ABSL_FLAG(std::string, web_root, "", "Directory of the built web app (required)");
ABSL_FLAG(std::vector<std::string>, allow_origin, {},
          "Origins allowed beside loopback's own, for example https://atrium.example.org");
ABSL_FLAG(std::string, log_level, "info", "debug, info, warning or error");

namespace atrium::gateway {

absl::StatusOr<Config> ReadConfig(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "atrium-gateway serves the page and turns browsers' WebSockets into gRPC.");
  absl::ParseCommandLine(argc, argv);
  Config config{.port = absl::GetFlag(FLAGS_port),
                .port_file = absl::GetFlag(FLAGS_port_file),
                .control = absl::GetFlag(FLAGS_control),
                .terminal = absl::GetFlag(FLAGS_terminal),
                .web_root = absl::GetFlag(FLAGS_web_root),
                .origins = absl::GetFlag(FLAGS_allow_origin),
                .log_level = absl::GetFlag(FLAGS_log_level)};
  if (config.port < 0 || config.port > 65535) return BadField("--port", "must be 0-65535");
  if (config.control.empty()) return MissingField("--control");
  if (config.terminal.empty()) return MissingField("--terminal");
  if (config.web_root.empty()) return MissingField("--web_root");
  return config;
}

}  // namespace atrium::gateway
