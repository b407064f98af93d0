#include "terminal/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/errors.h"
#include "common/log.h"
#include "common/str_cat.h"
#include "terminal/errors.h"

namespace atrium::terminal {
namespace {

bool IsSameFile(int one, int other) {
  struct stat a{}, b{};
  return fstat(one, &a) == 0 && fstat(other, &b) == 0 && a.st_dev == b.st_dev &&
         a.st_ino == b.st_ino;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Lock>> Lock::Take(const std::string& path,
                                                 const std::string& flag,
                                                 const std::vector<int>& handed) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return SystemError("open", path, errno);
  std::unique_ptr<Lock> lock(new Lock(fd));
  for (const int before : handed) {
    if (IsSameFile(fd, before)) return std::unique_ptr<Lock>(new Lock(before));
  }
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return SystemError("lock", path, errno);
    char pid[32] = "";
    const ssize_t n = pread(fd, pid, sizeof pid, 0);
    return AlreadyServed(std::string(pid, n > 0 ? static_cast<size_t>(n) : 0), path, flag);
  }
  // For the words of whoever finds it locked; a full disk takes none.
  const std::string pid = StrCat(getpid());
  if (ftruncate(fd, 0) != 0 || pwrite(fd, pid.data(), pid.size(), 0) < 0) {
    LogWarning("the lock cannot name its holder", {{"path", path}, {"error", std::strerror(errno)}});
  }
  return lock;
}

Lock::~Lock() { close(fd_); }

}  // namespace atrium::terminal
