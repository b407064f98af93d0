#include "terminal/syscall_filter.h"

#include <linux/capability.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "common/errors.h"
#include "common/log.h"
#include "common/status_macros.h"
#include "terminal/confine.h"
#include "terminal/errors.h"
#include "terminal/shell.h"

namespace atrium::terminal {
namespace {

using Context = std::unique_ptr<void, decltype(&seccomp_release)>;

constexpr uint32_t kRefuse = SCMP_ACT_ERRNO(EPERM);
// Requests that put bytes into a terminal's input.
constexpr unsigned kRequests[] = {TIOCSTI, TIOCLINUX};
constexpr int kCalls[] = {SCMP_SYS(bpf),         SCMP_SYS(add_key),     SCMP_SYS(request_key),
                          SCMP_SYS(keyctl),      SCMP_SYS(userfaultfd), SCMP_SYS(perf_event_open)};
// What debuggers do, to neighbours of the same user too.
constexpr int kConfinedCalls[] = {SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv),
                                  SCMP_SYS(process_vm_writev), SCMP_SYS(pidfd_getfd)};

// Programs of 32 bits run too, and would pass a filter of 64 bits by. Of any other
// ABI, x32 on x86-64, no call is known at all.
int AddArchitectures(scmp_filter_ctx context) {
  if (const int error = seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS))) {
    return error;
  }
  switch (seccomp_arch_native()) {
    case SCMP_ARCH_X86_64: return seccomp_arch_add(context, SCMP_ARCH_X86);
    case SCMP_ARCH_AARCH64: return seccomp_arch_add(context, SCMP_ARCH_ARM);
    default: return 0;
  }
}

int AddRules(scmp_filter_ctx context, bool confined) {
  for (const unsigned request : kRequests) {
    // The kernel looks at the low half only, so must we.
    const int error = seccomp_rule_add(context, kRefuse, SCMP_SYS(ioctl), 1,
                                       SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffu, request));
    if (error != 0) return error;
  }
  for (const int call : kCalls) {
    if (const int error = seccomp_rule_add(context, kRefuse, call, 0)) return error;
  }
  if (!confined) return 0;
  for (const int call : kConfinedCalls) {
    if (const int error = seccomp_rule_add(context, kRefuse, call, 0)) return error;
  }
  return 0;
}

// The program as the kernel takes it. The library writes it to a file only.
absl::StatusOr<std::vector<sock_filter>> Export(scmp_filter_ctx context) {
  const OwnedFd file(memfd_create("filter", MFD_CLOEXEC));
  if (file.fd() < 0) return SystemError("make", "a filter of system calls", errno);
  if (const int error = seccomp_export_bpf(context, file.fd()); error != 0) {
    return SystemError("write", "a filter of system calls", -error);
  }
  struct stat info {};
  if (fstat(file.fd(), &info) != 0) return SystemError("read", "a filter of system calls", errno);
  std::vector<sock_filter> program(static_cast<size_t>(info.st_size) / sizeof(sock_filter));
  if (pread(file.fd(), program.data(), static_cast<size_t>(info.st_size), 0) != info.st_size) {
    return SystemError("read", "a filter of system calls", errno);
  }
  return program;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const SyscallFilter>> SyscallFilter::Make(bool confined) {
  unsigned action = SECCOMP_RET_ERRNO;
  if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) != 0) {
    return SystemError("filter", "system calls on this kernel", errno);
  }
  const Context context(seccomp_init(SCMP_ACT_ALLOW), &seccomp_release);
  if (context == nullptr) return SystemError("make", "a filter of system calls", ENOMEM);
  int error = AddArchitectures(context.get());
  if (error == 0) error = AddRules(context.get(), confined);
  if (error != 0) return SystemError("make", "a filter of system calls", -error);
  ASSIGN_OR_RETURN(std::vector<sock_filter> program, Export(context.get()));
  return std::make_shared<const SyscallFilter>(std::move(program));
}

bool SyscallFilter::Load() const {
  const sock_fprog program{static_cast<unsigned short>(program_.size()),
                           const_cast<sock_filter*>(program_.data())};
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

bool SyscallFilters::HasAdminCapability() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capget, &header, sets) != 0) return false;
  return (sets[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective & CAP_TO_MASK(CAP_SYS_ADMIN)) != 0;
}

SyscallFilters SyscallFilters::Make(bool has_admin_capability) {
  SyscallFilters filters;
  auto confined = SyscallFilter::Make(true), standard = SyscallFilter::Make(false);
  if (!confined.ok() || !standard.ok()) {
    const absl::Status& why = confined.ok() ? standard.status() : confined.status();
    LogWarning("system calls of shells are not filtered", {{"error", why.message()}});
    return filters;
  }
  filters.confined_ = *confined;
  if (has_admin_capability) {
    filters.standard_ = *standard;
  } else {
    LogInfo("without CAP_SYS_ADMIN only confined shells have their system calls filtered");
  }
  return filters;
}

absl::StatusOr<std::shared_ptr<const SyscallFilter>> SyscallFilters::For(
    atrium::v1::ShellProfile profile) const {
  if (!Confines(profile)) return standard_;
  if (confined_ == nullptr) return CannotFilter();
  return confined_;
}

}  // namespace atrium::terminal
