// Asks the kernel for what a shell has no business with, in each ABI, and says what
// it answered: `NAME ERROR` in a line each, 0 if it was done. For tests (S16).
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace {

void Say(const char* name, long result) {
  std::printf("%s %d\n", name, result < 0 ? errno : 0);
  std::fflush(stdout);
}

// Attaches to a child, as gdb does.
long Attach() {
  const pid_t child = fork();
  if (child == 0) {
    for (;;) pause();
  }
  const long result = ptrace(PTRACE_SEIZE, child, nullptr, nullptr);
  const int error = errno;
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  errno = error;
  return result;
}

#ifdef __x86_64__
// A call as a 32-bit program makes it. The numbers are i386's.
long Call32(long number, long first = 0, long second = 0, long third = 0) {
  long result;
  asm volatile("int $0x80"
               : "=a"(result)
               : "a"(number), "b"(first), "c"(second), "d"(third)
               : "memory", "r8", "r9", "r10", "r11");
  if (static_cast<int>(result) >= 0) return result;
  errno = -static_cast<int>(result);
  return -1;
}
// Whether the kernel was built for those: else the call ends the program.
bool Has32() {
  constexpr long kGetPid = 20;
  const pid_t child = fork();
  if (child == 0) _exit(Call32(kGetPid) > 0 ? 0 : 1);
  int status = 0;
  return waitpid(child, &status, 0) == child && status == 0;
}
#endif

}  // namespace

int main() {
  std::printf("user %d\n", static_cast<int>(geteuid()));
  const char key = 'x';
  // Bits that the kernel does not look at.
  constexpr uint64_t kHigh = uint64_t{1} << 32;
  Say("TIOCSTI", ioctl(0, TIOCSTI, &key));
  Say("TIOCSTI-high", syscall(SYS_ioctl, 0, kHigh | TIOCSTI, &key));
  Say("TIOCLINUX", ioctl(0, TIOCLINUX, &key));
  Say("TIOCLINUX-high", syscall(SYS_ioctl, 0, kHigh | TIOCLINUX, &key));
  winsize size;
  Say("TIOCGWINSZ", ioctl(0, TIOCGWINSZ, &size));
  Say("bpf", syscall(SYS_bpf, BPF_PROG_LOAD, nullptr, 0));
  Say("keyctl", syscall(SYS_keyctl, 0, -3, 1));
  Say("add_key", syscall(SYS_add_key, "user", "probe", "x", 1, -3));
  Say("request_key", syscall(SYS_request_key, "user", "probe", nullptr, 0));
  Say("userfaultfd", syscall(SYS_userfaultfd, 1));
  perf_event_attr attribute{};
  Say("perf_event_open", syscall(SYS_perf_event_open, &attribute, 0, -1, -1, 0));
  Say("ptrace", Attach());
  Say("process_vm_readv", syscall(SYS_process_vm_readv, getpid(), nullptr, 0, nullptr, 0, 0));
  Say("process_vm_writev", syscall(SYS_process_vm_writev, getpid(), nullptr, 0, nullptr, 0, 0));
  Say("pidfd_getfd", syscall(SYS_pidfd_getfd, -1, 0, 0));
#ifdef __x86_64__
  static char low_key = 'x';  // Its address must have 32 bits: it only decides the error.
  if (Has32()) {
    Say("TIOCSTI-32", Call32(54, 0, TIOCSTI, reinterpret_cast<long>(&low_key)));
    Say("bpf-32", Call32(357, BPF_PROG_LOAD));
    Say("keyctl-32", Call32(288, 0, -3, 1));
    Say("userfaultfd-32", Call32(374, 1));
    Say("ptrace-32", Call32(26, PTRACE_TRACEME));
    Say("process_vm_readv-32", Call32(347, getpid()));
  }
  constexpr long kX32 = 0x40000000;
  Say("TIOCSTI-x32", syscall(kX32 | 514, 0, TIOCSTI, &key));
  Say("TIOCSTI-x32-mixed", syscall(kX32 | SYS_ioctl, 0, TIOCSTI, &key));
  Say("bpf-x32", syscall(kX32 | SYS_bpf, BPF_PROG_LOAD, nullptr, 0));
#endif
  std::puts("probed");
}
