#include "terminal/handover.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "common/errors.h"
#include "common/status_macros.h"
#include "common/str_cat.h"

namespace atrium::terminal {

using atrium::terminal::v1::Handover;

namespace {

absl::StatusOr<int> WriteMemoryFile(const std::string& bytes) {
  const int fd = memfd_create("atrium-handover", MFD_CLOEXEC);
  if (fd < 0) return SystemError("make a", "memory file", errno);
  for (size_t at = 0; at < bytes.size();) {
    const ssize_t n = write(fd, bytes.data() + at, bytes.size() - at);
    if (n <= 0) {
      const int error = errno;
      close(fd);
      return SystemError("write a", "memory file", error);
    }
    at += static_cast<size_t>(n);
  }
  lseek(fd, 0, SEEK_SET);
  return fd;
}

void SetKept(const Handover& handover, int memory, bool kept) {
  const int flags = kept ? 0 : FD_CLOEXEC;
  fcntl(memory, F_SETFD, flags);
  for (const int lock : handover.lock_fds()) fcntl(lock, F_SETFD, flags);
  if (handover.has_admin_fd()) fcntl(handover.admin_fd(), F_SETFD, flags);
  for (const auto& terminal : handover.terminals()) {
    if (terminal.master_fd() >= 0) fcntl(terminal.master_fd(), F_SETFD, flags);
  }
}

}  // namespace

absl::Status Replace(const std::string& program, const std::vector<std::string>& arguments,
                     const Handover& handover) {
  ASSIGN_OR_RETURN(const int memory, WriteMemoryFile(handover.SerializeAsString()));
  std::vector<std::string> words = {program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  words.push_back(StrCat("--handover_fd=", memory));
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  // Ignored until the next program listens for it: by default it would end it.
  struct sigaction ignore{}, before{};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGUSR2, &ignore, &before);
  syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC);
  SetKept(handover, memory, true);
  execv(program.c_str(), argv.data());
  const int error = errno;
  sigaction(SIGUSR2, &before, nullptr);
  SetKept(handover, memory, false);
  close(memory);
  return SystemError("execute", program, error);
}

absl::StatusOr<Handover> ReadHandover(int fd) {
  Handover handover;
  const bool read = handover.ParseFromFileDescriptor(fd);
  close(fd);
  if (!read) return absl::DataLossError("What the process before handed over cannot be read");
  for (const int lock : handover.lock_fds()) fcntl(lock, F_SETFD, FD_CLOEXEC);
  if (handover.has_admin_fd()) fcntl(handover.admin_fd(), F_SETFD, FD_CLOEXEC);
  return handover;
}

}  // namespace atrium::terminal
