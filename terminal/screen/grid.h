// A buffer of the terminal: the screen's rows with the scrollback above them,
// and what belongs to them: cursor, margins, tab stops, saved cursor.
#ifndef ATRIUM_TERMINAL_SCREEN_GRID_H_
#define ATRIUM_TERMINAL_SCREEN_GRID_H_

#include <bitset>
#include <cstdint>
#include <vector>

#include "terminal/screen/charset.h"
#include "terminal/screen/limits.h"
#include "terminal/screen/line.h"
#include "terminal/screen/line_ring.h"
#include "terminal/screen/style.h"

namespace atrium::screen {

// The normal buffer has a scrollback, the alternate one has not. Rows count
// from the top of the screen; indices from the oldest line of the scrollback.
class Grid {
 public:
  using TabStops = std::bitset<kMaxColumns + 1>;

  // What DECSC keeps. `line` is an index as the renderer counts it, that is
  // with the lines it still has and we dropped for their size (missing()).
  struct SavedCursor {
    int x = 0;
    int64_t line = 0;
    uint32_t fg = 0;
    uint32_t bg = 0;
    const Charset* charset = nullptr;
    bool operator==(const SavedCursor&) const = default;
  };

  Grid(int columns, int rows, int scrollback_lines, bool has_scrollback);

  int columns() const { return columns_; }
  int rows() const { return rows_; }
  // Lines above the screen that we hold.
  int history() const { return history_; }
  // Lines above those that the renderer holds and we dropped for their size.
  int64_t missing() const { return missing_; }
  // The renderer's index of row 0.
  int64_t base() const { return missing_ + history_; }
  // Lines that ever left the top, so that first_number() names the oldest line.
  int64_t first_number() const { return first_number_; }
  int line_count() const { return lines_.size(); }
  bool has_lines() const { return lines_.size() > 0; }

  Line& Row(int row) { return lines_[history_ + row]; }
  const Line& Row(int row) const { return lines_[history_ + row]; }
  const Line& At(int index) const { return lines_[index]; }
  // The line the renderer finds at an index that may lie past the end: its ring
  // of lines wraps around; null where it finds none.
  Line* Around(int64_t index);
  // Fills that line and ends its being wrapped.
  void FillAround(int64_t index, Cell fill);

  // Fills an empty buffer's screen.
  void FillScreen(Cell blank);
  // Back to an empty buffer; the saved cursor stays.
  void Clear();
  // Adds a line below the bottom margin; the top one goes to the scrollback or,
  // with a top margin, away.
  void Scroll(Cell blank, bool wrapped);
  // Takes the line at row `from` out, blanks it and puts it in at row `to`.
  void Recycle(int from, int to, Cell blank);
  void ClearHistory();
  // Drops the oldest lines for their size; the renderer keeps them.
  void DropHistory(int lines);

  // As the renderer does, reflow included. False when the renderer may end up
  // elsewhere; see Screen::Resize.
  bool Resize(int columns, int rows);

  int NextTab(int x) const;
  int PreviousTab(int x) const;

  size_t memory_bytes() const;

  // State, shared with Emulator.
  int x = 0;  // columns() when a wrap is pending
  int y = 0;
  int top = 0;
  int bottom;
  TabStops tabs;
  SavedCursor saved;

 private:
  friend class Reflow;

  int64_t max_lines() const { return has_scrollback_ ? rows_ + scrollback_lines_ : rows_; }
  void DropOldest();
  void EnterHistory(int index);
  void KeepWithinBytes();
  void ResetTabs();
  bool ExtendTabs();
  void GrowRows(int rows);
  void ShrinkRows(int rows);
  void TrimToMax();
  bool Settle();

  // Given.
  const bool has_scrollback_;
  const int scrollback_lines_;
  // State.
  int columns_;
  int rows_;
  LineRing lines_;
  int history_ = 0;
  int64_t missing_ = 0;
  int64_t first_number_ = 0;
  size_t history_bytes_ = 0;
  std::vector<std::vector<Cell>> spare_;
  size_t tabs_width_;  // stops from here on are of an earlier, wider size
};

}  // namespace atrium::screen

#endif  // ATRIUM_TERMINAL_SCREEN_GRID_H_
