// ScreenPieces cuts a snapshot into messages that a stream sends as it drains.
#ifndef ATRIUM_TERMINAL_SCREEN_PIECES_H_
#define ATRIUM_TERMINAL_SCREEN_PIECES_H_

#include <cstddef>
#include <cstdint>
#include <utility>

#include "atrium/v1/tab.pb.h"
#include "terminal/screen_keeper.h"

namespace atrium::terminal {

class ScreenPieces {
 public:
  // `piece_bytes` > 0: the most in one piece. `required`: see TerminalSnapshot.
  ScreenPieces(ScreenSnapshot snapshot, size_t piece_bytes, bool required)
      : snapshot_(std::move(snapshot)), piece_bytes_(piece_bytes), required_(required) {}

  // The next one; there is at least one.
  atrium::v1::TerminalSnapshot Take();
  bool done() const { return done_; }
  int64_t offset() const { return snapshot_.offset; }

 private:
  // Given.
  const ScreenSnapshot snapshot_;
  const size_t piece_bytes_;
  const bool required_;
  // State.
  size_t taken_ = 0;
  bool done_ = false;
};

}  // namespace atrium::terminal

#endif  // ATRIUM_TERMINAL_SCREEN_PIECES_H_
