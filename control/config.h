// Control's settings.
#ifndef ATRIUM_CONTROL_CONFIG_H_
#define ATRIUM_CONTROL_CONFIG_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace atrium::control {

struct Config {
  std::string listen;     // Path of the unix socket.
  std::string terminal;   // Path of the terminal process's socket.
  std::string media;      // Path of the media process's socket;
  std::string state_dir;  // Where the store, keys and the owner's link are.
  std::string log_level;
  bool no_auth = false;
  bool trust_localhost = false;
  // The voice agent: a Realtime URL, or empty for none.
  std::string provider_url;
  std::string provider_model;
  std::string provider_voice;
  std::string transcription_model;  // Who writes down what people say; empty: its choice.
  std::string language;             // What they speak; empty: not known.
  std::string backend_model;  // Who calls the tools of a Live provider; empty: nobody.
  std::string provider_key_file;
  std::string provider_name;
  std::string admin_listen;    // A path, or a loopback address and port; empty: nowhere.
  std::vector<std::string> turn_urls;  // Of a TURN server; empty: there is none.
  std::string turn_secret_file;        // What it shares with us.
  std::string price_file;      // What the provider costs; empty: not known.
  double session_cost_limit = 0;  // In its currency; 0: none.
  std::string mcp_servers;     // File of MCP servers; empty: none.
  std::string mcp_user;        // Who they run as; empty: who control runs as.
  std::string agent_profiles;  // File of what the agent can be; empty: one default.
  // What nobody may do here.
  bool forbid_calls = false, forbid_screens = false, forbid_agent_sight = false;
};

// Reads and checks the command line.
absl::StatusOr<Config> ReadConfig(int argc, char** argv);

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_CONFIG_H_
