// One line of the grid, with the editing steps of the renderer's lines.
#ifndef ATRIUM_TERMINAL_SCREEN_LINE_H_
#define ATRIUM_TERMINAL_SCREEN_LINE_H_

#include <utility>
#include <vector>

#include "terminal/screen/cell.h"
#include "terminal/screen/screen.h"
#include "terminal/screen/style.h"

namespace atrium::screen {

// Cells past size() are default blanks: lines in the scrollback are stored
// short. The editing methods need the full width (see Grow).
class Line {
 public:
  Line() = default;
  Line(int columns, Cell fill) : cells_(static_cast<size_t>(columns), fill) {}

  int size() const { return static_cast<int>(cells_.size()); }
  Cell At(int column) const {
    return column >= 0 && column < size() ? cells_[static_cast<size_t>(column)] : Cell();
  }
  Cell* data() { return cells_.data(); }
  const Cell* data() const { return cells_.data(); }
  Cell& operator[](int column) { return cells_[static_cast<size_t>(column)]; }
  size_t memory_bytes() const { return cells_.capacity() * sizeof(Cell) + sizeof(Line); }

  // Whether this line continues the one above it.
  bool wrapped() const { return wrapped_; }
  void set_wrapped(bool wrapped) { wrapped_ = wrapped; }

  // Shell marks that stand here.
  const LineMarks& marks() const { return marks_; }
  LineMarks* mutable_marks() { return &marks_; }

  // Columns up to the end of the last text.
  int TextLength() const;
  // Columns up to the last cell that is not a default blank.
  int UsedLength() const;

  void Grow(int columns) {
    if (size() < columns) cells_.resize(static_cast<size_t>(columns));
  }
  void Cut(int columns) {
    if (size() > columns) cells_.resize(static_cast<size_t>(columns));
  }
  // Makes every cell `fill`, at exactly `columns`.
  void Reset(int columns, Cell fill) {
    cells_.assign(static_cast<size_t>(columns), fill);
    wrapped_ = false;
    marks_ = LineMarks();
  }
  // Drops default blanks at the end. The old cells go to *spare when a smaller
  // copy was made.
  void Pack(std::vector<std::vector<Cell>>* spare);
  void Adopt(std::vector<Cell> cells) { cells_ = std::move(cells); }

  void Insert(int at, int64_t count, Cell fill);
  void Delete(int at, int64_t count, Cell fill);
  void Replace(int64_t begin, int64_t end, Cell fill);
  void ReplaceUnprotected(int64_t begin, int64_t end, Cell fill, const StyleTable& styles);
  void Fill(Cell fill);
  void FillUnprotected(Cell fill, const StyleTable& styles);

 private:
  std::vector<Cell> cells_;
  bool wrapped_ = false;
  LineMarks marks_;
};

}  // namespace atrium::screen

#endif  // ATRIUM_TERMINAL_SCREEN_LINE_H_
