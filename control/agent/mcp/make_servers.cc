#include "control/agent/mcp/make_servers.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "common/errors.h"
#include "common/file.h"
#include "common/log.h"
#include "common/status_macros.h"
#include "common/str_cat.h"
#include "control/errors.h"
#include "control/limits.h"

namespace atrium::control::mcp {
namespace {

constexpr char kPath[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// Who they run as, with a home (nobody else's files are theirs), and until when.
void RunAs(const passwd& user, bool other, ServerSpec* spec) {
  spec->environment.try_emplace("PATH", kPath);
  spec->environment.try_emplace("HOME", user.pw_dir);
  spec->environment.try_emplace("LANG", "C.UTF-8");
  // Even if we are killed, it ends with us.
  std::vector<std::string> become = {"setpriv", "--pdeathsig=KILL"};
  if (other) {
    for (std::string option : {StrCat("--reuid=", user.pw_uid), StrCat("--regid=", user.pw_gid),
                               std::string("--init-groups"), std::string("--no-new-privs")}) {
      become.push_back(std::move(option));
    }
  }
  become.push_back("--");
  spec->command.insert(spec->command.begin(), become.begin(), become.end());
}

}  // namespace

absl::StatusOr<std::unique_ptr<Servers>> MakeServers(Loop* loop, const Config& config) {
  if (config.mcp_servers.empty()) return std::unique_ptr<Servers>();
  ASSIGN_OR_RETURN(const std::string text, ReadFile(config.mcp_servers));
  if (text.size() > limits::kMcpFileBytes) return BadField("--mcp_servers", "is too large a file");
  struct stat is = {};
  if (stat(config.mcp_servers.c_str(), &is) == 0 && (is.st_mode & 077) != 0) {
    LogWarning("others may read the MCP servers' file, and what secrets it holds: chmod 600",
               {{"file", config.mcp_servers}});
  }
  ASSIGN_OR_RETURN(std::vector<ServerSpec> specs, ParseServers(text));
  if (config.mcp_user.empty() && geteuid() == 0) return ToolsAsRoot();
  const passwd* user =
      config.mcp_user.empty() ? getpwuid(geteuid()) : getpwnam(config.mcp_user.c_str());
  if (user == nullptr) return BadField("--mcp_user", "is no user here");
  for (ServerSpec& spec : specs) RunAs(*user, user->pw_uid != geteuid(), &spec);
  return std::make_unique<Servers>(loop, std::move(specs));
}

}  // namespace atrium::control::mcp
