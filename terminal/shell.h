// Who the shell is and how it starts (design: "Who the shell is").
#ifndef ATRIUM_TERMINAL_SHELL_H_
#define ATRIUM_TERMINAL_SHELL_H_

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace atrium::terminal {

// A program ready to be started.
struct ShellCommand {
  std::string program;  // Absolute path.
  std::vector<std::string> argv;
  std::vector<std::string> environment;  // NAME=value, complete.
  std::string working_directory;
  std::string home;
  bool change_user = false;  // Become uid/gid/groups.
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
  bool no_new_privileges = false;  // Nothing that it starts can gain any: no sudo.
  int rc_fd = -1;  // Borrowed: appears in the program as descriptor 3.
};

// Makes commands for one user.
class ShellMaker {
 public:
  // `user` empty: our own user. Another user needs root.
  static absl::StatusOr<ShellMaker> ForUser(const std::string& user);

  // `argv` empty: the user's own shell, interactive, with integration (marks of
  // prompt, command and exit code, OSC 133 and 7) where we know how, without
  // touching the user's files.
  ShellCommand Make(const std::vector<std::string>& argv, const std::string& working_directory,
                    const std::map<std::string, std::string>& environment) const;
  const std::string& user() const { return user_; }

 private:
  std::string user_, home_, shell_;
  bool change_user_ = false;
  uid_t uid_ = 0;
  gid_t gid_ = 0;
  std::vector<gid_t> groups_;
  int bash_rc_fd_ = -1;  // Lives as long as the process.
};

}  // namespace atrium::terminal

#endif  // ATRIUM_TERMINAL_SHELL_H_
