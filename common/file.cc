#include "common/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "common/str_cat.h"
#include "common/errors.h"

namespace atrium {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    if (errno == ENOENT) return absl::NotFoundError(StrCat("No file ", path));
    return SystemError("read", path, errno);
  }
  std::string content;
  char buffer[4096];
  ssize_t n;
  while ((n = read(fd, buffer, sizeof buffer)) > 0 && content.size() <= kMaxFileBytes) {
    content.append(buffer, static_cast<size_t>(n));
  }
  const int error = n < 0 ? errno : content.size() > kMaxFileBytes ? EFBIG : 0;
  close(fd);
  if (error != 0) return SystemError("read", path, error);
  return content;
}

absl::Status WriteFileAtomically(const std::string& path, std::string_view content, mode_t mode) {
  const std::string fresh = StrCat(path, ".new");
  const int fd = open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (fd < 0) return SystemError("create", fresh, errno);
  size_t done = 0;
  int error = fchmod(fd, mode) == 0 ? 0 : errno;
  while (error == 0 && done < content.size()) {
    const ssize_t n = write(fd, content.data() + done, content.size() - done);
    if (n > 0) done += static_cast<size_t>(n);
    if (n < 0 && errno != EINTR) error = errno;
  }
  if (error == 0 && fsync(fd) != 0) error = errno;
  close(fd);
  if (error == 0 && rename(fresh.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) unlink(fresh.c_str());  // Half of it would only take room.
  return error == 0 ? absl::OkStatus() : SystemError("write", path, error);
}

absl::Status MakeDirectory(const std::string& path, bool private_to_us) {
  std::error_code error;
  const bool existed = std::filesystem::is_directory(path, error);
  if (!existed) {
    const mode_t old = umask(0077);
    std::filesystem::create_directories(path, error);
    umask(old);
    if (error) return SystemError("create directory", path, error.value());
  }
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return SystemError("look at", path, errno);
  if (private_to_us && (info.st_mode & 0077) != 0) {
    if (chmod(path.c_str(), 0700) != 0) return SystemError("make private", path, errno);
  }
  return absl::OkStatus();
}

}  // namespace atrium
