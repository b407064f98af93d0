// Lines of a buffer, top to bottom, with their wraps.
#include <algorithm>

#include "terminal/screen/serializer.h"
#include "terminal/screen/text.h"

namespace atrium::screen {
namespace {

constexpr std::string_view kWide = "\u4e00";  // any wide character
constexpr Style kDefault{};

bool IsTail(Cell cell) { return cell.width() == 0 && !cell.has_text(); }
bool IsBlank(Cell cell) { return cell.width() == 1 && !cell.has_text(); }

bool IsAscii(Cell cell) { return cell.bits - Cell::Of(0x20, 1, 0).bits < 0x7f - 0x20; }

// Whether the text at `column` is as printing leaves it.
bool IsWhole(const Line& line, int column, int columns) {
  const Cell cell = line.At(column);
  if (cell.width() == 1) return true;
  if (cell.width() != 2 || column + 1 >= columns) return false;
  return IsTail(line.At(column + 1)) && line.At(column + 1).style == cell.style;
}

}  // namespace

void Serializer::MoveTo(int column) {
  if (x_ == column) return;
  pen_.Csi(column + 1, 'G');
  x_ = column;
}

void Serializer::MoveTo(int row, int column) {
  pen_.Csi(row + 1, column + 1, 'H');
  row_ = row;
  x_ = column;
}

// Sets the pen. One that only DECRC makes is restored from the saved cursor, the
// grid's own if that is in place by now.
void Serializer::UsePen(const Style& style) {
  if (PenWriter::IsConsistent(style) || pen_.Shows(style)) {
    pen_.SetPen(style);
    return;
  }
  if (x_ == columns_) exact_ = false;
  if (!saved_done_) {
    pen_.SetPenExactly(style);
    return;
  }
  const Grid::SavedCursor& saved = drawn_->saved;
  if (!PenWriter::CanRestoreWith(saved.fg, saved.bg, style)) {
    exact_ = false;
    return;
  }
  const int column = std::min(x_, columns_ - 1);
  pen_.RestoreWith(saved.fg, saved.bg, style);
  pen_.Control("\x0f");
  MoveTo(row_, column);
}

// Called before a line is added: at the bottom it comes filled with `style`.
void Serializer::ScrollsWith(const Style& style) {
  base_ = row_ == rows_ - 1 ? style.Erased() : kDefault;
  row_ = std::min(row_ + 1, rows_ - 1);
}

void Serializer::DrawLines(const Grid& grid, int first) {
  drawn_ = &grid;
  base_ = kDefault;
  row_ = 0;
  x_ = 0;
  clear_history_at_ = -1;
  if (grid.At(first).wrapped()) {
    BeginWrappedFirst(grid);
    if (&grid == &emulator_.normal()) clear_history_at_ = first + rows_ - 1;
  }
  for (int i = first; i < grid.line_count(); ++i) {
    if (i > first) NextLine(grid, i);
    if (i == clear_history_at_) pen_.Control("\x1b[3J");
    DrawMarks(grid.At(i).marks());
    SaveDuring(grid, i - first);
    DrawCells(grid.At(i), i + 1 == grid.line_count());
  }
}

// A first line that continues one that is gone: draws from the bottom row,
// which a wrap out of a line of no interest leads to.
void Serializer::BeginWrappedFirst(const Grid& grid) {
  MoveTo(rows_ - 1, columns_ - 1);
  pen_.PrintRaw("xx");
  pen_.Control("\r\x1b[X");
  row_ = rows_ - 1;
  x_ = 0;
}

void Serializer::NextLine(const Grid& grid, int index) {
  const Line& line = grid.At(index - 1);
  const Line& next = grid.At(index);
  if (next.wrapped()) {
    WrapInto(line, next);
    return;
  }
  const Cell last = line.At(columns_ - 1);
  if (IsBlank(last) && !PenWriter::IsErase(StyleOf(last))) {
    // Only a wide character leaves such a blank in the last column; the wrap it
    // makes is undone by erasing the next line.
    WrapInto(line, next);
    MoveTo(0);
    pen_.SetErase(kDefault);
    pen_.Control("\x1b[K");
    base_ = kDefault;
    return;
  }
  if (row_ == rows_ - 1) pen_.SetErase(kDefault);
  pen_.Control("\r\n");
  ScrollsWith(kDefault);
  x_ = 0;
}

void Serializer::WrapInto(const Line& line, const Line& next) {
  const Cell last = line.At(columns_ - 1);
  const Cell first = next.At(0);
  // A pen that only DECRC makes cannot be had while a wrap is pending.
  const bool first_is_text = first.has_text() && IsWhole(next, 0, columns_) &&
                             PenWriter::IsConsistent(StyleOf(first)) && emulator_.IsNatural(first);
  if (!IsBlank(last)) {
    if (x_ != columns_) {
      exact_ = false;
      MoveTo(columns_ - 1);
    }
    if (first_is_text) {
      UsePen(StyleOf(first));
      if (!pen_.PrintText(first)) exact_ = false;
      ScrollsWith(StyleOf(first));
      x_ = first.width();
      return;
    }
    pen_.SetPen(kDefault);
    if (x_ != columns_) pen_.PrintRaw(" ");
    pen_.PrintRaw(" ");
    ScrollsWith(kDefault);
    pen_.Control("\r\x1b[X");
    x_ = 0;
    return;
  }
  // The gap a wide character leaves when it wraps.
  MoveTo(columns_ - 1);
  const Style& gap = StyleOf(last);
  UsePen(gap);
  ScrollsWith(gap);
  if (first_is_text && first.width() == 2 && StyleOf(first) == gap) {
    pen_.PrintText(first);
    x_ = 2;
    return;
  }
  pen_.Control("\x1b\\");
  pen_.out().append(kWide);
  pen_.SetErase(base_);
  pen_.Control("\r\x1b[2X");
  x_ = 0;
}

// The order is that of a command without output.
void Serializer::DrawMarks(const LineMarks& marks) {
  if (!marks.any()) return;
  if (marks.output) pen_.Control("\x1b]133;C\x1b\\");
  if (marks.end && marks.exit_code < 0) pen_.Control("\x1b]133;D\x1b\\");
  if (marks.end && marks.exit_code >= 0) {
    pen_.Control(Concat("\x1b]133;D;", marks.exit_code, "\x1b\\"));
  }
  if (marks.prompt) pen_.Control("\x1b]133;A\x1b\\");
}

void Serializer::DrawCells(const Line& line, bool bottom) {
  const Cell last = line.At(columns_ - 1);
  // On the bottom row no wrap can make this blank; it goes first.
  last_drawn_ = bottom && IsBlank(last) && !PenWriter::IsErase(StyleOf(last));
  if (last_drawn_) DrawStyledLastBlank(line);
  // What a line does not hold is of no look.
  int end = base_ == kDefault ? std::max(x_, std::min(columns_, line.size())) : columns_;
  while (end > x_ && IsBlank(line.At(end - 1)) && StyleOf(line.At(end - 1)) == base_) --end;
  for (int column = x_; column < end;) {
    const Cell cell = line.At(column);
    if (cell.has_text()) {
      column = DrawText(line, column);
    } else if (cell.width() == 1) {
      column = DrawBlanks(line, column, end);
    } else {
      DrawOrphan(line, column);
      ++column;
    }
  }
}

int Serializer::DrawText(const Line& line, int column) {
  if (!IsWhole(line, column, columns_)) return DrawHalf(line, column);
  const Cell cell = line.At(column);
  MoveTo(column);
  UsePen(StyleOf(cell));
  const bool natural = pen_.PrintText(cell);
  if (!natural) exact_ = false;
  x_ = column + cell.width();
  if (!natural && x_ < columns_) {
    x_ = -1;
    MoveTo(column + cell.width());
  }
  return natural && IsAscii(cell) && pen_.Shows(StyleOf(cell)) ? DrawAscii(line, x_) : x_;
}

// What goes on in the look of the cell before `column`, which was ASCII as well: of it
// each byte is a cell.
int Serializer::DrawAscii(const Line& line, int column) {
  const uint32_t style = line.At(column - 1).style;
  const int end = std::min(columns_, line.size());
  const Cell* const cells = line.data();
  int past = column;
  while (past < end && cells[past].style == style && IsAscii(cells[past])) ++past;
  std::string& out = pen_.out();
  out.resize(out.size() + static_cast<size_t>(past - column));
  std::transform(cells + column, cells + past, out.end() - (past - column),
                 [](Cell cell) { return static_cast<char>(cell.code()); });
  x_ = past;
  return past;
}

int Serializer::DrawBlanks(const Line& line, int column, int end) {
  const Cell cell = line.At(column);
  int past = column + 1;
  while (past < end && line.At(past) == cell) ++past;
  const Style& style = StyleOf(cell);
  if (style == base_) return past;
  if (PenWriter::IsErase(style)) {
    MoveTo(column);
    pen_.SetErase(style);
    pen_.Csi(past - column, 'X');
    return past;
  }
  for (int i = column; i < std::min(past, columns_ - 1); ++i) {
    // Its right neighbour is drawn over; a last blank drawn before would go.
    if (i == columns_ - 2 && last_drawn_) exact_ = false;
    DrawStyledBlank(i, style);
  }
  return past;
}

// Printing over the right half of a wide character leaves a blank of the pen's
// look in the place of its left half.
void Serializer::DrawStyledBlank(int column, const Style& style) {
  MoveTo(column);
  pen_.Control("\x1b\\");
  pen_.out().append(kWide);
  x_ = -1;
  MoveTo(column + 1);
  UsePen(style);
  pen_.PrintRaw(" ");
  x_ = column + 2;
  MoveTo(column + 1);
  pen_.SetErase(base_);
  pen_.Csi(1, 'X');
}

// In the last column it takes a wide character pushed over the edge.
void Serializer::DrawStyledLastBlank(const Line& line) {
  const int start = x_;
  if (start > columns_ - 2) {
    exact_ = false;
    return;
  }
  MoveTo(columns_ - 2);
  pen_.Control("\x1b\\");
  pen_.out().append(kWide);
  x_ = -1;
  MoveTo(columns_ - 2);
  UsePen(StyleOf(line.At(columns_ - 1)));
  pen_.Control("\x1b[4h");
  pen_.PrintRaw(" ");
  pen_.Control("\x1b[4l");
  x_ = columns_ - 1;
  MoveTo(columns_ - 2);
  pen_.SetErase(base_);
  pen_.Csi(1, 'X');
  MoveTo(start);
}

// The right half of a wide character whose left half was pushed away by
// inserting columns between them. A blank stands before it.
void Serializer::DrawOrphan(const Line& line, int column) {
  const Cell before = column > 0 ? line.At(column - 1) : Cell();
  const bool at_edge = column == columns_ - 1;
  const int left = at_edge ? column - 2 : column - 1;
  if (left < 0 || !IsBlank(before) || !PenWriter::IsErase(StyleOf(before))) {
    exact_ = false;
    return;
  }
  MoveTo(left);
  UsePen(StyleOf(line.At(column)));
  pen_.Control("\x1b\\");
  pen_.out().append(kWide);
  x_ = -1;
  MoveTo(left + 1);
  pen_.SetErase(StyleOf(before));
  pen_.Csi(1, '@');
  if (at_edge) {
    const Cell outer = line.At(left);
    if (!IsBlank(outer) || !PenWriter::IsErase(StyleOf(outer))) {
      exact_ = false;
      return;
    }
    MoveTo(left);
    pen_.SetErase(StyleOf(outer));
    pen_.Csi(1, 'X');
    return;
  }
  MoveTo(left);
  pen_.Csi(1, 'P');
  ClearFrom(column + 1);
}

// A wide character whose right half was printed over without autowrap. It is
// made at the right edge, where that happens, and pulled to its place.
int Serializer::DrawHalf(const Line& line, int column) {
  const Cell cell = line.At(column);
  const Cell after = line.At(column + 1);
  if (column + 1 >= columns_ || !after.has_text() || after.width() != 1) {
    exact_ = false;
    return column + 1;
  }
  pen_.Control("\x1b[?7l");
  MoveTo(columns_ - 2);
  UsePen(StyleOf(cell));
  if (!pen_.PrintText(cell)) exact_ = false;
  x_ = columns_;
  UsePen(StyleOf(after));
  if (!pen_.PrintText(after)) exact_ = false;
  const int pull = columns_ - 2 - column;
  if (pull > 0) {
    MoveTo(column);
    pen_.Csi(pull, 'P');
    ClearFrom(column + 2);
  }
  pen_.Control("\x1b[?7h");
  return column + 2;
}

// Forgets what editing brought in from the right.
void Serializer::ClearFrom(int column) {
  if (last_drawn_) exact_ = false;
  x_ = -1;
  MoveTo(column);
  pen_.SetErase(base_);
  pen_.Control("\x1b[K");
}

}  // namespace atrium::screen
