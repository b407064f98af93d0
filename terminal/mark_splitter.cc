#include "terminal/mark_splitter.h"

#include <algorithm>

namespace atrium::terminal {
namespace {

constexpr std::string_view kBegin = "\033]133;";
constexpr std::string_view kEnds = "\a\\";  // BEL, or the last byte of ST.

// Whether `bytes` ends in the middle of the beginning of a mark.
bool EndsInBegin(std::string_view bytes) {
  for (size_t n = std::min(bytes.size(), kBegin.size() - 1); n > 0; --n) {
    if (bytes.substr(bytes.size() - n) == kBegin.substr(0, n)) return true;
  }
  return false;
}

}  // namespace

size_t MarkSplitter::Next(std::string_view bytes) {
  size_t from = 0;
  if (!inside_) {
    from = bytes.find(kBegin);
    if (from == std::string_view::npos) {
      inside_ = EndsInBegin(bytes);
      return bytes.size();
    }
    from += kBegin.size();
  }
  const size_t end = bytes.find_first_of(kEnds, from);
  inside_ = end == std::string_view::npos;
  return inside_ ? bytes.size() : end + 1;
}

}  // namespace atrium::terminal
