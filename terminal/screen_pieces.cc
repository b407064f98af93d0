#include "terminal/screen_pieces.h"

#include <algorithm>

namespace atrium::terminal {

atrium::v1::TerminalSnapshot ScreenPieces::Take() {
  atrium::v1::TerminalSnapshot piece;
  const size_t n = std::min(piece_bytes_, snapshot_.data.size() - taken_);
  piece.set_offset(snapshot_.offset);
  piece.mutable_size()->set_columns(snapshot_.size.columns);
  piece.mutable_size()->set_rows(snapshot_.size.rows);
  piece.set_data(snapshot_.data.substr(taken_, n));
  piece.set_first(taken_ == 0);
  taken_ += n;
  done_ = taken_ == snapshot_.data.size();
  piece.set_last(done_);
  piece.set_required(required_);
  piece.set_without_scrollback(!snapshot_.scrollback);
  return piece;
}

}  // namespace atrium::terminal
