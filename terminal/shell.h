// Who the shell is and how it starts (design: "Who the shell is").
#ifndef ATRIUM_TERMINAL_SHELL_H_
#define ATRIUM_TERMINAL_SHELL_H_

#include <sys/types.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "terminal/syscall_filter.h"

namespace atrium::terminal {

// Closes a descriptor when the last who holds it goes.
class OwnedFd {
 public:
  explicit OwnedFd(int fd) : fd_(fd) {}
  ~OwnedFd();
  OwnedFd(const OwnedFd&) = delete;
  OwnedFd& operator=(const OwnedFd&) = delete;
  int fd() const { return fd_; }

 private:
  const int fd_;
};

// A program ready to be started.
struct ShellCommand {
  std::string program;  // Absolute path.
  std::vector<std::string> argv;
  std::vector<std::string> environment;  // NAME=value, complete.
  std::string working_directory;
  bool elsewhere = true;  // Where it cannot be entered the home will do, or the root.
  std::string home;
  bool change_user = false;  // Become uid/gid/groups.
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
  bool no_new_privileges = false;  // Nothing that it starts can gain any: no sudo.
  // What it may not ask of the kernel; null: no filter.
  std::shared_ptr<const SyscallFilter> filter;
  int cgroup_fd = -1;  // The cgroup.procs of its group; -1: it has none.
  // A pipe that holds the start-up script, and zsh's start-up directory: they
  // appear in the program as descriptors 3 and 4. -1: there is none.
  int rc_fd = -1;
  int directory_fd = -1;
  // What the marks of our own script carry; empty: the program is not a shell that
  // we know.
  std::string mark_key;
  std::vector<std::shared_ptr<const OwnedFd>> owned;  // The descriptors above.
};

// Makes commands for one user.
class ShellMaker {
 public:
  // `user` empty: our own user. Another user needs root. `directory` is ours to
  // make and write in, for zsh's start-up file; without one zsh has no marks.
  static absl::StatusOr<ShellMaker> ForUser(const std::string& user,
                                            const std::string& directory = "");

  // `argv` empty: the user's own shell. That, or a shell named without arguments,
  // is interactive, with integration (marks of prompt, command and exit code, OSC
  // 133 and 7) where we know how, without touching the user's files.
  ShellCommand Make(const std::vector<std::string>& argv, const std::string& working_directory,
                    const std::map<std::string, std::string>& environment) const;
  const std::string& user() const { return user_; }

 private:
  // Adds the script; leaves the command as it is where that cannot be done.
  void Integrate(ShellCommand* command, std::map<std::string, std::string>* environment) const;

  std::string user_, home_, shell_;
  bool change_user_ = false;
  uid_t uid_ = 0;
  gid_t gid_ = 0;
  std::vector<gid_t> groups_;
  std::shared_ptr<const OwnedFd> zsh_directory_;  // Null: zsh has no integration.
};

}  // namespace atrium::terminal

#endif  // ATRIUM_TERMINAL_SHELL_H_
