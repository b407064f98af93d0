#include "terminal/confine.h"

#include <unistd.h>

#include <string>
#include <vector>

#include "terminal/errors.h"

namespace atrium::terminal {
namespace {

constexpr char kBubblewrap[] = "/usr/bin/bwrap";

}  // namespace

bool Confines(atrium::v1::ShellProfile profile) {
  return profile == atrium::v1::NO_NEW_PRIVILEGES || profile == atrium::v1::ISOLATED;
}

absl::Status Confine(atrium::v1::ShellProfile profile, ShellCommand* command) {
  if (!Confines(profile)) return absl::OkStatus();
  command->no_new_privileges = true;
  if (profile == atrium::v1::NO_NEW_PRIVILEGES) return absl::OkStatus();
  if (access(kBubblewrap, X_OK) != 0) return CannotIsolate(kBubblewrap);
  std::vector<std::string> argv = {"bwrap", "--unshare-all", "--die-with-parent", "--ro-bind", "/",
                                   "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp",
                                   "--tmpfs", "/run"};
  // A home of "/" would make all of it writable.
  if (command->home.size() > 1) {
    argv.insert(argv.end(), {"--bind-try", command->home, command->home});
  }
  argv.insert(argv.end(), {"--", command->program});
  argv.insert(argv.end(), command->argv.begin() + 1, command->argv.end());
  command->program = kBubblewrap;
  command->argv = std::move(argv);
  return absl::OkStatus();
}

}  // namespace atrium::terminal
