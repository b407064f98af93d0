#include "terminal/shell.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "absl/strings/match.h"
#include "common/errors.h"
#include "common/file.h"
#include "common/log.h"
#include "common/random.h"
#include "common/status_macros.h"
#include "common/str_cat.h"
#include "terminal/errors.h"
#include "terminal/shell_scripts.h"

namespace atrium::terminal {
namespace {

constexpr char kPath[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// A pipe to be read once, so that nothing that the shell starts can read it too.
// Anybody may open it by /dev/fd: whoever the shell is must. Null: no descriptors.
std::shared_ptr<const OwnedFd> PipeOf(const std::string& content) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return nullptr;
  auto reader = std::make_shared<const OwnedFd>(ends[0]);
  const OwnedFd writer(ends[1]);
  const bool good =
      fchmod(ends[0], 0444) == 0 && fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0 &&
      write(ends[1], content.data(), content.size()) == static_cast<ssize_t>(content.size());
  return good ? reader : nullptr;
}

// Opened without reading, it can be used by whoever has the descriptor, though its
// parents are closed to them.
absl::StatusOr<std::shared_ptr<const OwnedFd>> MakeZshDirectory(const std::string& path) {
  RETURN_IF_ERROR(MakeDirectory(path, /*private_to_us=*/false));
  RETURN_IF_ERROR(WriteFileAtomically(StrCat(path, "/.zshenv"), ZshEnvFile(), 0444));
  if (chmod(path.c_str(), 0755) != 0) return SystemError("open up", path, errno);
  const int fd = open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return SystemError("open", path, errno);
  return std::make_shared<const OwnedFd>(fd);
}

bool Runnable(const std::string& path) {
  return !path.empty() && !absl::EndsWith(path, "/nologin") && !absl::EndsWith(path, "/false") &&
         access(path.c_str(), X_OK) == 0;
}

std::string FindProgram(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  for (const char* directory : {"/usr/local/bin/", "/usr/bin/", "/bin/", "/usr/sbin/", "/sbin/"}) {
    std::string path = directory + name;
    if (access(path.c_str(), X_OK) == 0) return path;
  }
  return name;
}

}  // namespace

OwnedFd::~OwnedFd() { close(fd_); }

absl::StatusOr<ShellMaker> ShellMaker::ForUser(const std::string& user,
                                               const std::string& directory) {
  const passwd* entry = user.empty() ? getpwuid(geteuid()) : getpwnam(user.c_str());
  ShellMaker maker;
  if (entry == nullptr) {
    if (!user.empty()) return NoSuchUser(user);
    maker.user_ = StrCat("uid", geteuid());
    maker.home_ = "/";
  } else {
    maker.user_ = entry->pw_name;
    maker.home_ = entry->pw_dir;
    maker.shell_ = entry->pw_shell;
    maker.uid_ = entry->pw_uid;
    maker.gid_ = entry->pw_gid;
    maker.change_user_ = entry->pw_uid != geteuid();
  }
  if (maker.change_user_) {
    if (geteuid() != 0) return SystemError("run shells as", user, EPERM);
    int count = 64;
    maker.groups_.resize(count);
    getgrouplist(maker.user_.c_str(), maker.gid_, maker.groups_.data(), &count);
    maker.groups_.resize(std::max(0, std::min<int>(count, 64)));
  }
  if (!Runnable(maker.shell_)) maker.shell_ = Runnable("/bin/bash") ? "/bin/bash" : "/bin/sh";
  if (!directory.empty()) {
    auto made = MakeZshDirectory(directory);
    if (made.ok()) {
      maker.zsh_directory_ = *std::move(made);
    } else {
      // As on a full disk: better shells without marks than none.
      LogWarning("zsh has no marks", {{"error", made.status().message()}});
    }
  }
  return maker;
}

ShellCommand ShellMaker::Make(const std::vector<std::string>& argv,
                              const std::string& working_directory,
                              const std::map<std::string, std::string>& environment) const {
  ShellCommand command;
  command.program = argv.empty() ? shell_ : FindProgram(argv[0]);
  command.argv = argv;
  command.home = home_;
  command.working_directory = working_directory.empty() ? home_ : working_directory;
  command.elsewhere = working_directory.empty();
  command.change_user = change_user_;
  command.uid = uid_;
  command.gid = gid_;
  command.groups = groups_;
  std::map<std::string, std::string> all = {{"TERM", "xterm-256color"},
                                            {"COLORTERM", "truecolor"},
                                            {"LANG", "C.UTF-8"},
                                            {"PATH", kPath},
                                            {"HOME", home_},
                                            {"USER", user_},
                                            {"LOGNAME", user_},
                                            {"SHELL", shell_},
                                            {"TERM_PROGRAM", "atrium"}};
  for (const auto& [name, value] : environment) all[name] = value;
  if (argv.empty()) command.argv = {std::filesystem::path(shell_).filename(), "-i"};
  if (argv.size() <= 1) Integrate(&command, &all);
  for (const auto& [name, value] : all) command.environment.push_back(StrCat(name, "=", value));
  return command;
}

void ShellMaker::Integrate(ShellCommand* command,
                           std::map<std::string, std::string>* environment) const {
  const ShellKind kind = ShellKindOf(command->program);
  if (kind == ShellKind::kOther || (kind == ShellKind::kZsh && !zsh_directory_)) return;
  const std::string key = RandomId();
  std::shared_ptr<const OwnedFd> script = PipeOf(ShellScript(kind, key));
  if (script == nullptr) {
    LogWarning("a shell starts without marks", {{"program", command->program}});
    return;
  }
  command->mark_key = key;
  command->rc_fd = script->fd();
  command->owned.push_back(std::move(script));
  if (kind == ShellKind::kBash) {
    command->argv = {"bash", "--rcfile", "/dev/fd/3", "-i"};
  } else if (kind == ShellKind::kFish) {
    command->argv = {"fish", "-i", "--init-command", "source - < /dev/fd/3"};
  } else {
    command->argv = {"zsh", "-i"};
    command->directory_fd = zsh_directory_->fd();
    command->owned.push_back(zsh_directory_);
    auto own = environment->find("ZDOTDIR");
    if (own != environment->end()) (*environment)["ATRIUM_ZDOTDIR"] = own->second;
    (*environment)["ZDOTDIR"] = "/proc/self/fd/4";
  }
}

}  // namespace atrium::terminal
