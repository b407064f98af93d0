#include "terminal/output_log.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/errors.h"
#include "common/str_cat.h"
#include "common/status_macros.h"
#include "terminal/errors.h"
#include "terminal/limits.h"

namespace atrium::terminal {
namespace {

constexpr uint64_t kMagic = 0x31676f6c6d727461;  // "atrmlog1", little-endian.
constexpr size_t kHeaderBytes = 8192;            // The ring follows, page-aligned.
constexpr size_t kMappedBytes = kHeaderBytes + limits::kLogBytes;
constexpr size_t kTabBytes = 255;

struct StoredMark {
  int64_t offset;
  int32_t columns;
  int32_t rows;
};

}  // namespace

// What stands at the beginning of the file. The marks are a ring of their own.
struct OutputLog::Header {
  uint64_t magic;
  int64_t end;
  int64_t mark_count;  // Ever made.
  char tab[kTabBytes + 1];
  StoredMark marks[limits::kResizeMarks];
};

OutputLog::OutputLog(Header* header, size_t mapped_bytes, std::string path)
    : header_(header), mapped_bytes_(mapped_bytes), path_(std::move(path)) {
  static_assert(sizeof(Header) <= kHeaderBytes);
}

OutputLog::~OutputLog() { munmap(header_, mapped_bytes_); }

absl::StatusOr<std::unique_ptr<OutputLog>> OutputLog::Map(int fd, const std::string& path) {
  const int flags = fd >= 0 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS;
  void* memory = mmap(nullptr, kMappedBytes, PROT_READ | PROT_WRITE, flags, fd, 0);
  const int error = errno;
  if (fd >= 0) close(fd);
  if (memory == MAP_FAILED) return SystemError("map", path, error);
  return std::unique_ptr<OutputLog>(
      new OutputLog(static_cast<Header*>(memory), kMappedBytes, path));
}

absl::StatusOr<std::unique_ptr<OutputLog>> OutputLog::Create(const std::string& path,
                                                             std::string_view tab, Size size) {
  int fd = -1;
  if (!path.empty()) {
    fd = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return CannotKeepOutput(path, errno);
    // Reserve the blocks now: a full disk must be an error here, not SIGBUS later.
    if (const int error = posix_fallocate(fd, 0, kMappedBytes); error != 0) {
      close(fd);
      unlink(path.c_str());
      return CannotKeepOutput(path, error);
    }
  }
  ASSIGN_OR_RETURN(std::unique_ptr<OutputLog> log, Map(fd, path));
  Header& header = *log->header_;
  const size_t n = std::min(tab.size(), kTabBytes);
  std::memcpy(header.tab, tab.data(), n);
  header.tab[n] = '\0';
  header.end = 0;
  header.mark_count = 0;
  header.magic = kMagic;
  log->MarkResize(size);
  return log;
}

absl::StatusOr<std::unique_ptr<OutputLog>> OutputLog::Open(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return SystemError("open", path, errno);
  struct stat info;
  if (fstat(fd, &info) != 0 || info.st_size != static_cast<off_t>(kMappedBytes)) {
    close(fd);
    return absl::DataLossError(StrCat(path, " is not an output log"));
  }
  ASSIGN_OR_RETURN(std::unique_ptr<OutputLog> log, Map(fd, path));
  const Header& header = *log->header_;
  if (header.magic != kMagic || header.end < 0 || header.mark_count < 1 ||
      header.tab[kTabBytes] != '\0') {
    return absl::DataLossError(StrCat(path, " is not an output log"));
  }
  return log;
}

char* OutputLog::ring() const { return reinterpret_cast<char*>(header_) + kHeaderBytes; }

std::span<char> OutputLog::Space() {
  const int64_t at = header_->end % limits::kLogBytes;
  return {ring() + at, static_cast<size_t>(limits::kLogBytes - at)};
}

void OutputLog::Commit(size_t bytes) { header_->end += static_cast<int64_t>(bytes); }

void OutputLog::Append(std::string_view bytes) {
  while (!bytes.empty()) {
    std::span<char> space = Space();
    const size_t n = std::min(space.size(), bytes.size());
    std::memcpy(space.data(), bytes.data(), n);
    Commit(n);
    bytes.remove_prefix(n);
  }
}

void OutputLog::MarkResize(Size size) {
  StoredMark& last = header_->marks[(header_->mark_count + limits::kResizeMarks - 1) %
                                    limits::kResizeMarks];
  const bool same_place = header_->mark_count > 0 && last.offset == header_->end;
  StoredMark& mark =
      same_place ? last : header_->marks[header_->mark_count % limits::kResizeMarks];
  mark = {header_->end, size.columns, size.rows};
  if (!same_place) ++header_->mark_count;
}

std::string OutputLog::tab() const { return header_->tab; }
int64_t OutputLog::start() const { return std::max<int64_t>(0, header_->end - limits::kLogBytes); }
int64_t OutputLog::end() const { return header_->end; }

std::string_view OutputLog::Peek(int64_t offset, size_t limit) const {
  return Published(offset, std::min(limit, static_cast<size_t>(header_->end - offset)));
}

std::string_view OutputLog::Published(int64_t offset, size_t bytes) const {
  const int64_t at = offset % limits::kLogBytes;
  return {ring() + at, std::min(bytes, static_cast<size_t>(limits::kLogBytes - at))};
}

Size OutputLog::SizeAt(int64_t offset) const {
  const int64_t oldest = std::max<int64_t>(0, header_->mark_count - limits::kResizeMarks);
  for (int64_t i = header_->mark_count - 1; i >= oldest; --i) {
    const StoredMark& mark = header_->marks[i % limits::kResizeMarks];
    if (mark.offset <= offset || i == oldest) return {mark.columns, mark.rows};
  }
  return {};
}

std::optional<ResizeMark> OutputLog::NextMark(int64_t offset) const {
  const int64_t oldest = std::max<int64_t>(0, header_->mark_count - limits::kResizeMarks);
  std::optional<ResizeMark> next;
  for (int64_t i = header_->mark_count - 1; i >= oldest; --i) {
    const StoredMark& mark = header_->marks[i % limits::kResizeMarks];
    if (mark.offset <= offset) break;
    next = ResizeMark{mark.offset, {mark.columns, mark.rows}};
  }
  return next;
}

void OutputLog::Unlink() {
  if (!path_.empty()) unlink(path_.c_str());
  path_.clear();
}

}  // namespace atrium::terminal
