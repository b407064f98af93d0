#include "media/config.h"

#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "common/errors.h"
#include "common/str_cat.h"
#include "media/errors.h"

ABSL_FLAG(std::string, listen, "", "Path of the unix socket to serve on (required)");
ABSL_FLAG(std::string, log_level, "info", "debug, info, warning or error");
ABSL_FLAG(
    std::string, admin_listen, "",
    "Where /metrics and /healthz are: a unix socket's path, or 127.0.0.1:PORT; empty: nowhere");
ABSL_FLAG(std::vector<std::string>, ice_address, {"127.0.0.1"},
          "Local addresses to offer beside those of the interfaces, comma-separated. Peers on "
          "loopback are let in only if one of these is; it is left out for those whose "
          "offer holds candidates and not it, where there is another");
ABSL_FLAG(int, min_port, 0, "Lowest UDP port for media; 0: any");
ABSL_FLAG(int, max_port, 0, "Highest UDP port for media; 0: any");
ABSL_FLAG(std::string, display, "",
          "This machine's display, to be shown in sessions, as X11 names it (:0); empty: none");
ABSL_FLAG(bool, grab, false,
          "Only grabs --display, for the atrium-media that started it so on descriptor 3");

namespace atrium::media {

absl::StatusOr<Config> ReadConfig(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "atrium-media connects browsers by WebRTC and mixes what they say and hear.");
  absl::ParseCommandLine(argc, argv);
  Config config{.listen = absl::GetFlag(FLAGS_listen), .log_level = absl::GetFlag(FLAGS_log_level)};
  config.display = absl::GetFlag(FLAGS_display);
  if (!config.display.empty() && config.display.find(':') == std::string::npos) {
    return BadField("--display", StrCat("must be a display such as :0, not ", config.display));
  }
  config.grabs = absl::GetFlag(FLAGS_grab);
  if (config.grabs) return config;
  if (config.listen.empty()) return MissingField("--listen");
  config.admin_listen = absl::GetFlag(FLAGS_admin_listen);
  config.ice.addresses = absl::GetFlag(FLAGS_ice_address);
  for (const std::string& address : config.ice.addresses) {
    if (!IsAddress(address)) {
      return BadField("--ice_address", StrCat("must be numeric addresses, not ", address));
    }
    config.addresses.loopback |= IsLoopback(address);
  }
  const int low = absl::GetFlag(FLAGS_min_port), high = absl::GetFlag(FLAGS_max_port);
  if (low != 0 || high != 0) {
    if (low < 1 || high < low || high > 65535) return BadPorts(low, high);
    config.ice.min_port = low;
    config.ice.max_port = high;
  }
  return config;
}

}  // namespace atrium::media
