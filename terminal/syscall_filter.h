// SyscallFilter is what the programs in a terminal may not ask of the kernel,
// whoever they are (S16): to type into a terminal (TIOCSTI, TIOCLINUX), bpf, kernel
// keyrings, userfaultfd, perf events; and under a confining profile to look into
// other processes. It is refused with EPERM, in every ABI of the machine.
//
// The filter is made ahead, as between fork and exec nothing may be allocated. It is
// inherited by all that the program starts, sudo's children too.
#ifndef ATRIUM_TERMINAL_SYSCALL_FILTER_H_
#define ATRIUM_TERMINAL_SYSCALL_FILTER_H_

#include <linux/filter.h>

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "atrium/v1/session.pb.h"

namespace atrium::terminal {

class SyscallFilter {
 public:
  // INTERNAL with the library's own words if it cannot be made.
  static absl::StatusOr<std::shared_ptr<const SyscallFilter>> Make(bool confined);
  explicit SyscallFilter(std::vector<sock_filter> program) : program_(std::move(program)) {}

  // Binds this process and its children. Async-signal-safe; false with errno set.
  // Needs no_new_privs, or CAP_SYS_ADMIN.
  bool Load() const;

 private:
  const std::vector<sock_filter> program_;
};

// The filters of a host, one for each kind of profile.
class SyscallFilters {
 public:
  // What cannot be had is said once, in the log.
  static SyscallFilters Make(bool has_admin_capability);
  // Whether this process has CAP_SYS_ADMIN.
  static bool HasAdminCapability();

  // Null: without a filter. That is so for the standard profile without
  // CAP_SYS_ADMIN: the kernel would want no_new_privs, and sudo would stop working.
  // FAILED_PRECONDITION if a confining profile cannot have its own.
  absl::StatusOr<std::shared_ptr<const SyscallFilter>> For(
      atrium::v1::ShellProfile profile) const;

 private:
  std::shared_ptr<const SyscallFilter> standard_, confined_;
};

}  // namespace atrium::terminal

#endif  // ATRIUM_TERMINAL_SYSCALL_FILTER_H_
