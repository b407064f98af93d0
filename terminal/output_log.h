// OutputLog keeps the newest 4 MiB of one terminal's output under absolute
// offsets, with the places where its size changed. It lives in a memory-mapped
// file, so that what a program last said survives the process (R5).
//
// One thread appends. Others may read bytes that the appender has published to
// them by its own means, as long as they are not overwritten: the ring holds
// kLogBytes.
#ifndef ATRIUM_TERMINAL_OUTPUT_LOG_H_
#define ATRIUM_TERMINAL_OUTPUT_LOG_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace atrium::terminal {

struct Size {
  int columns = 80;
  int rows = 24;
  friend bool operator==(const Size&, const Size&) = default;
};

// From this offset on the program knew this size.
struct ResizeMark {
  int64_t offset = 0;
  Size size;
};

class OutputLog {
 public:
  // Makes a new log for `tab` at `path`, or with an empty path in memory only.
  static absl::StatusOr<std::unique_ptr<OutputLog>> Create(const std::string& path,
                                                           std::string_view tab, Size size);
  // Opens what an earlier process left behind. Fails with DATA_LOSS if it is not
  // a log, or one of another version.
  static absl::StatusOr<std::unique_ptr<OutputLog>> Open(const std::string& path);
  ~OutputLog();
  OutputLog(const OutputLog&) = delete;
  OutputLog& operator=(const OutputLog&) = delete;

  // Where the next bytes may be put without a copy; then Commit() what was put.
  // At least one byte; contiguous.
  std::span<char> Space();
  void Commit(size_t bytes);
  void Append(std::string_view bytes);
  // Notes that the size changes at the present end.
  void MarkResize(Size size);

  // The tab's name; at most 255 bytes are kept.
  std::string tab() const;
  int64_t start() const;
  int64_t end() const;
  // Bytes from `offset` on, contiguous in memory, at most `limit` of them; empty
  // at the end. `start() <= offset <= end()`.
  std::string_view Peek(int64_t offset, size_t limit) const;
  // On any thread: the first contiguous part of `bytes` bytes from `offset` on, all
  // of which the appender has told the caller of.
  std::string_view Published(int64_t offset, size_t bytes) const;
  // The size at `offset`, which is the last mark at or before it.
  Size SizeAt(int64_t offset) const;
  // The first mark after `offset` (exclusive), if any.
  std::optional<ResizeMark> NextMark(int64_t offset) const;
  // Removes the file; the log can still be read.
  void Unlink();

 private:
  struct Header;
  OutputLog(Header* header, size_t mapped_bytes, std::string path);
  static absl::StatusOr<std::unique_ptr<OutputLog>> Map(int fd, const std::string& path);
  char* ring() const;

  // Owned.
  Header* const header_;
  const size_t mapped_bytes_;
  std::string path_;
};

}  // namespace atrium::terminal

#endif  // ATRIUM_TERMINAL_OUTPUT_LOG_H_
