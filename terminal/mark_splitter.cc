#include "terminal/mark_splitter.h"

#include <algorithm>

namespace atrium::terminal {
namespace {

constexpr std::string_view kBegin = "\033]133;";
constexpr std::string_view kEnds = "\a\\";  // BEL, or the last byte of ST.

// How many bytes at the end of `bytes` may be the beginning of a mark.
size_t BeginAtEnd(std::string_view bytes) {
  for (size_t n = std::min(bytes.size(), kBegin.size() - 1); n > 0; --n) {
    if (bytes.substr(bytes.size() - n) == kBegin.substr(0, n)) return n;
  }
  return 0;
}

}  // namespace

size_t MarkSplitter::Next(std::string_view bytes) {
  const size_t n = Find(bytes);
  // What had begun before may have been something else.
  const size_t begin = bytes.substr(0, n).rfind(kBegin);
  if (begin != std::string_view::npos) begin_ = taken_ + static_cast<int64_t>(begin);
  taken_ += static_cast<int64_t>(n);
  return n;
}

size_t MarkSplitter::Find(std::string_view bytes) {
  size_t from = 0;
  if (!inside_) {
    from = bytes.find(kBegin);
    if (from == std::string_view::npos) {
      const size_t begun = BeginAtEnd(bytes);
      inside_ = begun > 0;
      if (inside_) begin_ = taken_ + static_cast<int64_t>(bytes.size() - begun);
      return bytes.size();
    }
    from += kBegin.size();
  }
  const size_t end = bytes.find_first_of(kEnds, from);
  inside_ = end == std::string_view::npos;
  return inside_ ? bytes.size() : end + 1;
}

}  // namespace atrium::terminal
