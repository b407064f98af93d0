#include "control/config.h"

#include <re2/re2.h>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "common/errors.h"
#include "control/agent/profiles.h"

ABSL_FLAG(std::string, listen, "", "Path of the unix socket to serve on (required)");
ABSL_FLAG(std::string, terminal, "", "Path of the terminal process's socket (required)");
ABSL_FLAG(std::string, media, "", "Path of the media process's socket (required)");
ABSL_FLAG(std::string, state_dir, "", "Directory of the store, the keys and the owner's link (required)");
ABSL_FLAG(std::string, log_level, "info", "debug, info, warning or error");
ABSL_FLAG(bool, no_auth, false, "Let everybody in, as an owner. For trying things out");
ABSL_FLAG(bool, trust_localhost, false, "Let whoever comes over loopback in, as an owner");
ABSL_FLAG(std::string, provider, "",
          "The voice agent's Realtime URL (wss://..., ws://..., or ws+unix:PATH); empty: none");
ABSL_FLAG(std::string, provider_name, "", "What people see as the voice agent's name");
ABSL_FLAG(std::string, model, "gpt-realtime-2.1", "The provider's model");
ABSL_FLAG(std::string, voice, "", "The agent's voice; empty: the provider's default");
ABSL_FLAG(std::string, transcription_model, "gpt-4o-mini-transcribe",
          "The provider's model that writes down what people say; empty: the provider's choice");
ABSL_FLAG(
    std::string, language, "",
    "What people speak, for that model: an ISO 639 code, for example de; empty: it finds out");
ABSL_FLAG(std::string, backend_model, "",
          "The model that calls the tools where the provider speaks the Live protocol; empty: it "
          "has no tools");
ABSL_FLAG(std::string, provider_key_file, "", "File with the provider's key; read at start");
ABSL_FLAG(std::string, agent_profiles, "",
          "JSON file of what the agent can be: a list of {id, display_name, instructions, voice, "
          "mode, language, transcription_model}; the first is the default; read at start");

ABSL_FLAG(std::string, admin_listen, "",
          "Where /metrics and /healthz are: a unix socket's path, or 127.0.0.1:PORT; empty: nowhere");
ABSL_FLAG(std::string, turn_url, "",
          "URLs of a TURN server for browsers, separated by commas (turn:HOST:PORT?transport=udp, "
          "turns:...); needs --turn_secret_file");
ABSL_FLAG(std::string, turn_secret_file, "",
          "File with the secret that the TURN server shares (coturn's static-auth-secret); read "
          "at start");
ABSL_FLAG(std::string, price_file, "",
          "JSON file of what the provider costs: {currency, models: {MODEL: {input_text, "
          "input_audio, input_image, cached, output_text, output_audio, per_minute}}}, for a "
          "million tokens and for a minute; read at start");
ABSL_FLAG(double, session_cost_limit, 0,
          "What one session's agent may cost, in the price file's currency; 0: any");
ABSL_FLAG(std::string, mcp_servers, "",
          "JSON file of MCP servers whose tools the agent may ask for: a list of {id, command, "
          "environment, tools}; it may hold secrets: mode 0600; read at start");
ABSL_FLAG(std::string, mcp_user, "",
          "User that MCP servers run as; only for root, who must name one");
ABSL_FLAG(std::string, forbid, "",
          "What nobody may do here, separated by commas: calls, screens, agent_sight (show screens "
          "to the agent)");

namespace atrium::control {
namespace {

// RFC 7065, with a port that may be.
bool IsTurnUrl(absl::string_view url) {
  static const LazyRE2 kUrl = {
      R"(turns?:([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?(?:\?transport=(?:udp|tcp))?)"};
  std::string port;
  if (!RE2::FullMatch(re2::StringPiece(url.data(), url.size()), *kUrl, nullptr, &port)) return false;
  int number = 1;
  return port.empty() || (absl::SimpleAtoi(port, &number) && number > 0 && number <= 65535);
}

absl::Status ReadForbidden(const std::string& list, Config* config) {
  for (const absl::string_view act : absl::StrSplit(list, ',', absl::SkipWhitespace())) {
    if (act == "calls") {
      config->forbid_calls = true;
    } else if (act == "screens") {
      config->forbid_screens = true;
    } else if (act == "agent_sight") {
      config->forbid_agent_sight = true;
    } else {
      return BadField("--forbid", "may name calls, screens and agent_sight");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Config> ReadConfig(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "atrium-control manages sessions: who is there, their tabs, the conversation, the timeline.");
  absl::ParseCommandLine(argc, argv);
  Config config{
      .listen = absl::GetFlag(FLAGS_listen),
      .terminal = absl::GetFlag(FLAGS_terminal),
      .media = absl::GetFlag(FLAGS_media),
      .state_dir = absl::GetFlag(FLAGS_state_dir),
      .log_level = absl::GetFlag(FLAGS_log_level),
      .no_auth = absl::GetFlag(FLAGS_no_auth),
      .trust_localhost = absl::GetFlag(FLAGS_trust_localhost),
      .provider_url = absl::GetFlag(FLAGS_provider),
      .provider_model = absl::GetFlag(FLAGS_model),
      .provider_voice = absl::GetFlag(FLAGS_voice),
      .transcription_model = absl::GetFlag(FLAGS_transcription_model),
      .language = absl::GetFlag(FLAGS_language),
      .backend_model = absl::GetFlag(FLAGS_backend_model),
      .provider_key_file = absl::GetFlag(FLAGS_provider_key_file),
      .provider_name = absl::GetFlag(FLAGS_provider_name),
      .admin_listen = absl::GetFlag(FLAGS_admin_listen),
      .turn_urls = absl::StrSplit(absl::GetFlag(FLAGS_turn_url), ',', absl::SkipWhitespace()),
      .turn_secret_file = absl::GetFlag(FLAGS_turn_secret_file),
      .price_file = absl::GetFlag(FLAGS_price_file),
      .session_cost_limit = absl::GetFlag(FLAGS_session_cost_limit),
      .mcp_servers = absl::GetFlag(FLAGS_mcp_servers),
      .mcp_user = absl::GetFlag(FLAGS_mcp_user),
      .agent_profiles = absl::GetFlag(FLAGS_agent_profiles)};
  if (config.listen.empty()) return MissingField("--listen");
  if (config.terminal.empty()) return MissingField("--terminal");
  if (config.media.empty()) return MissingField("--media");
  if (config.state_dir.empty()) return MissingField("--state_dir");
  if (config.turn_urls.empty() != config.turn_secret_file.empty()) {
    return BadField("--turn_url", "and --turn_secret_file belong together");
  }
  for (const std::string& url : config.turn_urls) {
    if (IsTurnUrl(url)) continue;
    return BadField("--turn_url", "must be turn:HOST[:PORT][?transport=udp|tcp], or turns:...");
  }
  if (!(config.session_cost_limit >= 0 && config.session_cost_limit < 1e9)) {
    return BadField("--session_cost_limit", "must be 0 or more");
  }
  if (!IsLanguage(config.language)) return BadField("--language", "must be an ISO 639 code");
  if (absl::Status s = ReadForbidden(absl::GetFlag(FLAGS_forbid), &config); !s.ok()) return s;
  return config;
}

}  // namespace atrium::control
