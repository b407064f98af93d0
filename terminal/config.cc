#include "terminal/config.h"

#include <unistd.h>

#include <filesystem>
#include <string_view>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "common/errors.h"
#include "terminal/limits.h"

ABSL_FLAG(std::string, listen, "", "Path of the unix socket to serve on (required)");
ABSL_FLAG(std::string, state_dir, "",
          "Directory for what must outlive the process; empty keeps nothing");
ABSL_FLAG(std::string, log_level, "info", "debug, info, warning or error");
ABSL_FLAG(std::string, shell_user, "",
          "User that shells run as; empty: our own. Another one needs root");

ABSL_FLAG(int64_t, memory_limit_mb, -1,
          "MiB of memory that all shells together may use; people are told at four fifths; 0: any; "
          "-1: 90 percent of the machine's");
ABSL_FLAG(int64_t, terminal_memory_limit_mb, -1,
          "MiB of memory that the programs of one terminal may use, or they are ended; 0: any; "
          "-1: 75 percent of the machine's");
ABSL_FLAG(int64_t, terminal_process_limit, atrium::terminal::limits::kTerminalProcesses,
          "Processes of one terminal (threads count where the kernel counts), or they are ended; "
          "0: any");
ABSL_FLAG(int, terminal_limit, atrium::terminal::limits::kTerminals,
          "Terminals of this host, ended ones that are still shown too");
ABSL_FLAG(bool, audit, true,
          "Keep who typed what and when in --state_dir/audit.log; what is typed at a password's "
          "prompt is redacted");
ABSL_FLAG(bool, cgroups, true,
          "Bound each terminal by a cgroup (v2) of its own where we may make one; else /proc is "
          "watched");
ABSL_FLAG(
    std::string, admin_listen, "",
    "Where /metrics and /healthz are: a unix socket's path, or 127.0.0.1:PORT; empty: nowhere");
ABSL_FLAG(int, handover_fd, -1, "Set by an upgrade in place; not for people");

namespace atrium::terminal {
namespace {

// argv[0] as an absolute path, so that an upgrade executes what is there by then.
std::string OwnProgram(const char* name) {
  std::error_code error;
  const auto path = std::filesystem::absolute(name, error);
  return error || std::string_view(name).find('/') == std::string_view::npos ? "/proc/self/exe"
                                                                             : path.string();
}

// A flag of MiB as bytes; -1: so many percent of the machine's memory.
int64_t Bytes(int64_t mib, int64_t percent) {
  if (mib >= 0) return mib << 20;
  return sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE) / 100 * percent;
}

}  // namespace

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
                .host_name = name,
                .admin_listen = absl::GetFlag(FLAGS_admin_listen),
                .memory_limit = Bytes(absl::GetFlag(FLAGS_memory_limit_mb), limits::kMemoryPercent),
                .terminal_memory_limit = Bytes(absl::GetFlag(FLAGS_terminal_memory_limit_mb),
                                               limits::kTerminalMemoryPercent),
                .terminal_process_limit = absl::GetFlag(FLAGS_terminal_process_limit),
                .terminal_limit = absl::GetFlag(FLAGS_terminal_limit),
                .audit = absl::GetFlag(FLAGS_audit),
                .cgroups = absl::GetFlag(FLAGS_cgroups),
                .program = OwnProgram(argv[0]),
                .handover_fd = absl::GetFlag(FLAGS_handover_fd)};
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]).substr(0, 14) != "--handover_fd=") config.arguments.push_back(argv[i]);
  }
  if (config.listen.empty()) return MissingField("--listen");
  if (config.terminal_limit < 1) return BadField("--terminal_limit", "must be at least 1");
  return config;
}

}  // namespace atrium::terminal
