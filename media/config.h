// The media process's settings.
#ifndef ATRIUM_MEDIA_CONFIG_H_
#define ATRIUM_MEDIA_CONFIG_H_

#include <string>

#include "absl/status/statusor.h"
#include "media/address.h"
#include "media/peer_pipeline.h"

namespace atrium::media {

struct Config {
  std::string listen;  // Path of the unix socket.
  std::string log_level;
  std::string admin_listen;  // A path, or a loopback address and port; empty: nowhere.
  IceOptions ice;
  AddressPolicy addresses;  // Where peers may be.
  bool grabs = false;       // Only shows `display` to the process that started it.
  std::string display;      // Of this machine, as X11 names it; empty: none is shown.
};

// Reads and checks the command line.
absl::StatusOr<Config> ReadConfig(int argc, char** argv);

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_CONFIG_H_
