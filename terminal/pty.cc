#include "terminal/pty.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/errors.h"
#include "common/str_cat.h"
#include "terminal/errors.h"
#include "terminal/limits.h"

namespace atrium::terminal {
namespace {

constexpr rlim_t kDescriptors = 4096;
// Where the shell finds its start-up script and directory.
constexpr int kRcDescriptor = 3;
constexpr int kDirectoryDescriptor = 4;
// The nice value of a tab's session as a whole; those of its processes count within it.
constexpr char kTabNice[] = "5";
// Above it, descriptors wait for their places.
constexpr int kParkedDescriptors = 64;

winsize ToWinsize(Size size) {
  return {static_cast<unsigned short>(size.rows), static_cast<unsigned short>(size.columns), 0, 0};
}

// All that the child needs, laid out before fork: between fork and exec only
// async-signal-safe calls are allowed, as other threads may hold locks.
struct Prepared {
  std::vector<char*> argv, envp;
  const ShellCommand& command;

  explicit Prepared(const ShellCommand& c) : command(c) {
    for (const std::string& arg : c.argv) argv.push_back(const_cast<char*>(arg.c_str()));
    for (const std::string& pair : c.environment) envp.push_back(const_cast<char*>(pair.c_str()));
    argv.push_back(nullptr);
    envp.push_back(nullptr);
  }
};

[[noreturn]] void Fail(int report_fd) {
  const int error = errno;
  (void)!write(report_fd, &error, sizeof error);
  _exit(127);
}

// Where the kernel shares the processors between sessions (sched(7), "The autogroup
// feature"), what runs in a tab yields to what serves all of them; elsewhere there is no
// such file, and nothing changes.
void YieldToServices() {
  const int file = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  (void)!write(file, kTabNice, sizeof kTabNice - 1);
  close(file);
}

[[noreturn]] void RunChild(const Prepared& prepared, int slave, int report_fd) {
  const ShellCommand& command = prepared.command;
  setsid();
  YieldToServices();
  if (command.cgroup_fd >= 0 && write(command.cgroup_fd, "0", 1) != 1) Fail(report_fd);
  if (ioctl(slave, TIOCSCTTY, 0) != 0) Fail(report_fd);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  const rlimit no_core{0, 0}, descriptors{kDescriptors, kDescriptors};
  setrlimit(RLIMIT_CORE, &no_core);
  setrlimit(RLIMIT_NOFILE, &descriptors);
  if (command.no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) Fail(report_fd);
  // While we may still be root: without no_new_privs the kernel asks for that.
  if (command.filter != nullptr && !command.filter->Load()) Fail(report_fd);
  if (command.change_user) {
    if (fchown(slave, command.uid, -1) != 0) Fail(report_fd);
    if (setgroups(command.groups.size(), command.groups.data()) != 0 ||
        setresgid(command.gid, command.gid, command.gid) != 0 ||
        setresuid(command.uid, command.uid, command.uid) != 0) {
      Fail(report_fd);
    }
  }
  if (chdir(command.working_directory.c_str()) != 0 &&
      (!command.elsewhere || (chdir(command.home.c_str()) != 0 && chdir("/") != 0))) {
    Fail(report_fd);
  }
  // Keep 0-2, the start-up file, and the report, which closes itself on exec.
  if (dup2(slave, 0) < 0 || dup2(slave, 1) < 0 || dup2(slave, 2) < 0) Fail(report_fd);
  const int report = fcntl(report_fd, F_DUPFD_CLOEXEC, kParkedDescriptors);
  if (report < 0) Fail(report_fd);
  unsigned first = kRcDescriptor;
  if (command.rc_fd >= 0) {
    const int directory = command.directory_fd < 0
                              ? -1
                              : fcntl(command.directory_fd, F_DUPFD_CLOEXEC, kParkedDescriptors);
    // dup2 onto itself would leave it to be closed on exec.
    if (dup2(command.rc_fd, kRcDescriptor) < 0 || fcntl(kRcDescriptor, F_SETFD, 0) != 0) {
      Fail(report);
    }
    first = kRcDescriptor + 1;
    if (command.directory_fd >= 0) {
      if (directory < 0 || dup2(directory, kDirectoryDescriptor) < 0) Fail(report);
      first = kDirectoryDescriptor + 1;
    }
  }
  syscall(SYS_close_range, first, report - 1, 0);
  syscall(SYS_close_range, report + 1, ~0U, 0);
  umask(022);
  execve(command.program.c_str(), prepared.argv.data(), prepared.envp.data());
  Fail(report);
}

int ExitCode(const siginfo_t& info) {
  return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Pty>> Pty::Start(Loop* loop, const ShellCommand& command, Size size,
                                                Listener* listener) {
  int master = -1, slave = -1, report[2] = {-1, -1};
  const winsize window = ToWinsize(size);
  if (openpty(&master, &slave, nullptr, nullptr, &window) != 0) {
    return SystemError("open a", "pseudo-terminal", errno);
  }
  fcntl(master, F_SETFD, FD_CLOEXEC);
  fcntl(slave, F_SETFD, FD_CLOEXEC);
  fcntl(master, F_SETFL, O_NONBLOCK);
  if (pipe2(report, O_CLOEXEC) != 0) {
    close(master);
    close(slave);
    return SystemError("open a", "pipe", errno);
  }
  const Prepared prepared(command);
  const pid_t pid = fork();
  if (pid == 0) RunChild(prepared, slave, report[1]);
  const int fork_error = errno;
  close(slave);
  close(report[1]);
  int error = pid < 0 ? fork_error : 0;
  if (pid > 0 && read(report[0], &error, sizeof error) != sizeof error) error = 0;
  close(report[0]);
  if (error != 0) {
    if (pid > 0) waitpid(pid, nullptr, 0);
    close(master);
    return CannotStartShell(command.program, error);
  }
  const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (pidfd < 0) {
    const int pidfd_error = errno;
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    close(master);
    return SystemError("watch", command.program, pidfd_error);
  }
  fcntl(pidfd, F_SETFD, FD_CLOEXEC);
  return std::unique_ptr<Pty>(new Pty(loop, listener, master, pid, pidfd));
}

absl::StatusOr<std::unique_ptr<Pty>> Pty::Adopt(Loop* loop, int master, pid_t pid,
                                                Listener* listener) {
  const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (pidfd < 0) return SystemError("watch", StrCat("process ", pid), errno);
  fcntl(pidfd, F_SETFD, FD_CLOEXEC);
  fcntl(master, F_SETFD, FD_CLOEXEC);
  return std::unique_ptr<Pty>(new Pty(loop, listener, master, pid, pidfd));
}

bool Pty::IsShellInFront() const { return tcgetpgrp(master_) == pid_; }

Pty::Front Pty::InFront() const {
  Front front{.group = tcgetpgrp(master_)};
  if (front.group <= 0) return {};
  const int file = open(StrCat("/proc/", front.group, "/cmdline").c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return front;
  char words[4096];  // More tells nothing more.
  const ssize_t n = read(file, words, sizeof words);
  close(file);
  front.words.assign(words, static_cast<size_t>(std::max<ssize_t>(n, 0)));
  return front;
}

std::string Pty::PendingInput() const {
  std::string pending;
  for (const Input& input : inputs_) pending += input.data.substr(input.done);
  return pending;
}

Pty::Pty(Loop* loop, Listener* listener, int master, pid_t pid, int pidfd)
    : loop_(loop), listener_(listener), master_(master), pid_(pid), pidfd_(pidfd) {
  SetReading(true);
  ended_ = loop_->WatchReadable(pidfd_, [this] { OnProcessEnd(); });
}

Pty::~Pty() {
  readable_.reset();
  writable_.reset();
  ended_.reset();
  close(master_);  // Hangs up: the kernel tells the foreground process group.
  if (!reaped_) {
    kill(-pid_, SIGHUP);
    kill(-pid_, SIGCONT);
    // Whoever ignores the hang-up is killed. The watch owns itself.
    struct Reaper {
      pid_t pid;
      int pidfd;
      Loop::HandlePtr ended, late;
    };
    auto reaper = std::make_shared<Reaper>(Reaper{pid_, pidfd_, nullptr, nullptr});
    reaper->late = loop_->After(limits::kHangUpGrace, [pid = pid_] { kill(-pid, SIGKILL); });
    reaper->ended = loop_->WatchReadable(pidfd_, [reaper] {
      waitpid(reaper->pid, nullptr, 0);
      kill(-reaper->pid, SIGKILL);  // Children of its group that stayed behind.
      close(reaper->pidfd);
      reaper->late.reset();
      auto last = std::move(reaper->ended);  // Ends this watch after the callback.
    });
  } else {
    close(pidfd_);
  }
}

size_t Pty::Read(std::span<char> space) {
  const ssize_t n = read(master_, space.data(), space.size());
  if (n > 0) return static_cast<size_t>(n);
  // EIO: no process has the terminal open any more; the end comes by pidfd.
  if (n == 0 || (errno != EAGAIN && errno != EINTR)) readable_.reset();
  return 0;
}

void Pty::SetReading(bool reading) {
  if (!reading) {
    readable_.reset();
  } else if (!readable_ && !reaped_) {
    readable_ = loop_->WatchReadable(master_, [this] { listener_->OnReadable(); });
  }
}

void Pty::Write(std::string data, std::function<void()> written) {
  pending_bytes_ += data.size();
  inputs_.push_back({std::move(data), 0, std::move(written)});
  if (!flushing_ && !writable_) Flush();
}

void Pty::Flush() {
  flushing_ = true;  // `written` may write again.
  while (!inputs_.empty()) {
    Input& input = inputs_.front();
    // An empty one only waits for its turn.
    const ssize_t n = input.data.empty() ? 0 :
        write(master_, input.data.data() + input.done, input.data.size() - input.done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      if (errno == EAGAIN && !writable_ && !reaped_) {
        writable_ = loop_->WatchWritable(master_, [this] {
          if (!flushing_) Flush();
        });
      }
      if (errno != EAGAIN) inputs_.clear();  // Hung up: nobody will read it.
      flushing_ = false;
      return;
    }
    input.done += static_cast<size_t>(n);
    pending_bytes_ -= static_cast<size_t>(n);
    if (input.done < input.data.size()) continue;
    std::function<void()> written = std::move(input.written);
    inputs_.pop_front();
    if (written) written();
  }
  flushing_ = false;
  writable_.reset();
}

void Pty::Resize(Size size) {
  const winsize window = ToWinsize(size);
  ioctl(master_, TIOCSWINSZ, &window);
}

bool Pty::HidesInput() const {
  termios settings{};
  if (tcgetattr(master_, &settings) != 0) return false;
  return (settings.c_lflag & ECHO) == 0 && (settings.c_lflag & ICANON) != 0;
}

void Pty::OnProcessEnd() {
  siginfo_t info{};
  if (waitid(P_PID, pid_, &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0) return;
  reaped_ = true;
  // Whom it left behind may write on; OnExit is the last call all the same.
  readable_.reset();
  writable_.reset();
  auto ended = std::move(ended_);  // Kept until we return: we run inside it.
  kill(-pid_, SIGHUP);             // Its children in the background, as a login shell would.
  listener_->OnExit(ExitCode(info));
}

}  // namespace atrium::terminal
