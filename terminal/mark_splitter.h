// MarkSplitter cuts output right behind each shell mark (OSC 133), so that whoever
// feeds the pieces to a screen knows exactly where in the output a mark ends.
// Pure. A cut too many is harmless.
#ifndef ATRIUM_TERMINAL_MARK_SPLITTER_H_
#define ATRIUM_TERMINAL_MARK_SPLITTER_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace atrium::terminal {

class MarkSplitter {
 public:
  // How many bytes of `bytes`, which go on where the last ones ended, to take
  // next: up to and with the end of the next mark, else all.
  size_t Next(std::string_view bytes);
  // Where the mark that the last piece ended with began, counted from the first
  // byte ever given. Means nothing unless that piece did end a mark.
  int64_t begin() const { return begin_; }

 private:
  size_t Find(std::string_view bytes);

  // State.
  bool inside_ = false;  // A mark has begun, or may have, and not ended.
  int64_t taken_ = 0;
  int64_t begin_ = 0;
};

}  // namespace atrium::terminal

#endif  // ATRIUM_TERMINAL_MARK_SPLITTER_H_
