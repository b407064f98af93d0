#include "terminal/shell.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "absl/strings/match.h"
#include "common/errors.h"
#include "common/str_cat.h"
#include "terminal/errors.h"

namespace atrium::terminal {
namespace {

constexpr char kPath[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// What an interactive bash reads in the place of ~/.bashrc: the user's own files
// first, then the marks. PS0 is printed before a command runs; PROMPT_COMMAND
// before a prompt. Descriptor 3 is this file.
constexpr char kBashRc[] = R"(
exec 3<&-
[ -r /etc/bash.bashrc ] && . /etc/bash.bashrc
[ -r ~/.bashrc ] && . ~/.bashrc
__atrium_prompt() {
  local code=$?
  if [ -n "${__atrium_ran-}" ]; then printf '\033]133;D;%d\033\\' "$code"; fi
  __atrium_ran=1
  printf '\033]7;file://%s%s\033\\\033]133;A\033\\' "${HOSTNAME-}" "$PWD"
  return "$code"
}
PROMPT_COMMAND="__atrium_prompt${PROMPT_COMMAND:+; $PROMPT_COMMAND}"
case "$PS1" in *'133;B'*) ;; *) PS1="$PS1"'\[\033]133;B\033\\\]' ;; esac
PS0="${PS0-}"'\033]133;C\033\\'
)";

int MakeBashRc() {
  const int fd = memfd_create("atrium.bash", 0);
  if (fd < 0) return -1;
  (void)!write(fd, kBashRc, sizeof kBashRc - 1);
  fchmod(fd, 0444);
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  return fd;
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

absl::StatusOr<ShellMaker> ShellMaker::ForUser(const std::string& user) {
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
  maker.bash_rc_fd_ = MakeBashRc();
  return maker;
}

ShellCommand ShellMaker::Make(const std::vector<std::string>& argv,
                              const std::string& working_directory,
                              const std::map<std::string, std::string>& environment) const {
  ShellCommand command;
  if (!argv.empty()) {
    command.program = FindProgram(argv[0]);
    command.argv = argv;
  } else {
    command.program = shell_;
    const std::string name = std::filesystem::path(shell_).filename();
    if (name == "bash" && bash_rc_fd_ >= 0) {
      command.argv = {"bash", "--rcfile", "/dev/fd/3", "-i"};
      command.rc_fd = bash_rc_fd_;
    } else {
      command.argv = {name, "-i"};
    }
  }
  command.home = home_;
  command.working_directory = working_directory.empty() ? home_ : working_directory;
  command.change_user = change_user_;
  command.uid = uid_;
  command.gid = gid_;
  command.groups = groups_;
  std::map<std::string, std::string> all = {
      {"TERM", "xterm-256color"}, {"COLORTERM", "truecolor"}, {"LANG", "C.UTF-8"},
      {"PATH", kPath},            {"HOME", home_},            {"USER", user_},
      {"LOGNAME", user_},         {"SHELL", shell_},          {"TERM_PROGRAM", "atrium"}};
  for (const auto& [name, value] : environment) all[name] = value;
  for (const auto& [name, value] : all) command.environment.push_back(StrCat(name, "=", value));
  return command;
}

}  // namespace atrium::terminal
