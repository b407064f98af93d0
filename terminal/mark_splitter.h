// MarkSplitter cuts output right behind each shell mark (OSC 133), so that whoever
// feeds the pieces to a screen knows exactly where in the output a mark ends.
// Pure. A cut too many is harmless.
#ifndef ATRIUM_TERMINAL_MARK_SPLITTER_H_
#define ATRIUM_TERMINAL_MARK_SPLITTER_H_

#include <cstddef>
#include <string_view>

namespace atrium::terminal {

class MarkSplitter {
 public:
  // How many bytes of `bytes`, which go on where the last ones ended, to take
  // next: up to and with the end of the next mark, else all.
  size_t Next(std::string_view bytes);

 private:
  bool inside_ = false;  // A mark has begun, or may have, and not ended.
};

}  // namespace atrium::terminal

#endif  // ATRIUM_TERMINAL_MARK_SPLITTER_H_
