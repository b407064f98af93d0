// Control sequences that move the cursor, edit lines and scroll.
#include <algorithm>

#include "terminal/screen/emulator.h"
#include "terminal/screen/limits.h"

namespace atrium::screen {

void Emulator::Csi(uint32_t id, const Params& params) {
  if (!CsiCursor(id, params) && !CsiEdit(id, params) && !CsiLines(id, params)) {
    CsiOther(id, params);
  }
  join_ = JoinState();
}

bool Emulator::CsiCursor(uint32_t id, const Params& params) {
  const int64_t count = params.Count();
  const int64_t to_top = grid_->y - grid_->top;
  const int64_t to_bottom = grid_->bottom - grid_->y;
  switch (id) {
    case 'A':
    case 'F':
      MoveCursor(0, -(to_top >= 0 ? std::min(to_top, count) : count));
      if (id == 'F') grid_->x = 0;
      return true;
    case 'B':
    case 'E':
      MoveCursor(0, to_bottom >= 0 ? std::min(to_bottom, count) : count);
      if (id == 'E') grid_->x = 0;
      return true;
    case 'C':
    case 'a':
      MoveCursor(count, 0);
      return true;
    case 'D':
      MoveCursor(-count, 0);
      return true;
    case 'e':
      MoveCursor(0, count);
      return true;
    case 'G':
    case '`':
      SetCursor(count - 1, grid_->y);
      return true;
    case 'H':
    case 'f':
      SetCursor(params.Count(1) - 1, count - 1);
      return true;
    case 'd':
      SetCursor(grid_->x, count - 1);
      return true;
    case 'I':
    case 'Z':
      if (grid_->x >= grid_->columns() || count > kMaxCount) return true;
      for (int64_t i = std::min<int64_t>(count, grid_->columns()); i > 0; --i) {
        grid_->x = id == 'I' ? grid_->NextTab(grid_->x) : grid_->PreviousTab(grid_->x);
      }
      return true;
    case 's':
      SaveCursor();
      return true;
    case 'u':
      RestoreCursor();
      return true;
    default:
      return false;
  }
}

bool Emulator::CsiEdit(uint32_t id, const Params& params) {
  switch (id) {
    case '@':
      RestrictCursor();
      Row().Insert(grid_->x, params.Count(), EraseBlank());
      return true;
    case 'P':
      RestrictCursor();
      Row().Delete(grid_->x, params.Count(), EraseBlank());
      return true;
    case 'X':
      RestrictCursor();
      Row().Replace(grid_->x, int64_t{grid_->x} + params.Count(), EraseBlank());
      return true;
    case SequenceId(" @"):
      ShiftColumns(0, params.Count(), false);
      return true;
    case SequenceId(" A"):
      ShiftColumns(0, params.Count(), true);
      return true;
    case SequenceId("'}"):
      ShiftColumns(grid_->x, params.Count(), true);
      return true;
    case SequenceId("'~"):
      ShiftColumns(grid_->x, params.Count(), false);
      return true;
    case 'J':
    case SequenceId("?J"):
      EraseInDisplay(params[0], id != 'J');
      return true;
    case 'K':
    case SequenceId("?K"):
      EraseInLine(params[0], id != 'K');
      return true;
    case 'b':
      Repeat(params);
      return true;
    default:
      return false;
  }
}

bool Emulator::CsiLines(uint32_t id, const Params& params) {
  if (id != 'L' && id != 'M' && id != 'S' && id != 'T') return false;
  if (params.Count() > kMaxCount) return true;
  int first = grid_->top;
  if (id == 'L' || id == 'M') {
    RestrictCursor();
    if (OutsideMargins()) return true;
    first = grid_->y;
  }
  const bool down = id == 'L' || id == 'T';
  // Scrolling down brings default blanks, the others keep the background.
  const Cell blank = id == 'T' ? Cell() : EraseBlank();
  for (int i = std::min(params.Count(), grid_->bottom - first + 1); i > 0; --i) {
    if (down) {
      grid_->Recycle(grid_->bottom, first, blank);
    } else {
      grid_->Recycle(first, grid_->bottom, blank);
    }
  }
  if (id == 'L' || id == 'M') grid_->x = 0;
  return true;
}

bool Emulator::CsiOther(uint32_t id, const Params& params) {
  switch (id) {
    case 'm':
      SelectRendition(params);
      return true;
    case 'h':
    case 'l':
      SetAnsiModes(params, id == 'h');
      return true;
    case SequenceId("?h"):
    case SequenceId("?l"):
      SetPrivateModes(params, (id & 0xff) == 'h');
      return true;
    case 'r':
      SetMargins(params);
      return true;
    case 'g':
      if (params[0] == 0) grid_->tabs.reset(static_cast<size_t>(grid_->x));
      if (params[0] == 3) grid_->tabs.reset();
      return true;
    case 'c':
      if (params[0] == 0) Reply("\x1b[?1;2c");
      return true;
    case SequenceId(">c"):
      if (params[0] == 0) Reply("\x1b[>0;276;0c");
      return true;
    case 'n':
    case SequenceId("?n"):
      DeviceStatus(params[0], id != 'n');
      return true;
    case SequenceId("$p"):
      RequestAnsiMode(params[0]);
      return true;
    case SequenceId("?$p"):
      RequestPrivateMode(params[0]);
      return true;
    case SequenceId("*y"):
      if (options_.answer_checksum_queries) Checksum(params);
      return true;
    case SequenceId("!p"):
      SoftReset();
      return true;
    case SequenceId(" q"):
      SetCursorShape(params[0]);
      return true;
    case SequenceId("\"q"):
      if (params[0] == 1) pen_.bg |= kProtected;
      if (params[0] == 0 || params[0] == 2) pen_.bg &= ~kProtected;
      return true;
    default:
      return false;
  }
}

void Emulator::ResetRow(int row, bool respect_protected) {
  Line& line = grid_->Row(row);
  if (respect_protected) {
    line.FillUnprotected(EraseBlank(), styles_);
  } else {
    line.Fill(EraseBlank());
  }
  line.set_wrapped(false);
  *line.mutable_marks() = LineMarks();
}

void Emulator::EraseColumns(int row, int begin, int end, bool clear_wrap, bool respect_protected) {
  Line& line = grid_->Row(row);
  if (respect_protected) {
    line.ReplaceUnprotected(begin, end, EraseBlank(), styles_);
  } else {
    line.Replace(begin, end, EraseBlank());
  }
  if (clear_wrap) line.set_wrapped(false);
}

void Emulator::EraseInDisplay(int what, bool respect_protected) {
  RestrictCursor(grid_->columns());
  const int columns = grid_->columns();
  switch (what) {
    case 0:
      EraseColumns(grid_->y, grid_->x, columns, grid_->x == 0, respect_protected);
      for (int row = grid_->y + 1; row < grid_->rows(); ++row) ResetRow(row, respect_protected);
      break;
    case 1:
      EraseColumns(grid_->y, 0, grid_->x + 1, true, respect_protected);
      if (grid_->x + 1 >= columns) {
        // The renderer means the next row, but counts from the scrollback's top.
        Line* const next = grid_->Around(grid_->y + 1);
        if (next != nullptr) next->set_wrapped(false);
      }
      for (int row = 0; row < grid_->y; ++row) ResetRow(row, respect_protected);
      break;
    case 2:
      for (int row = 0; row < grid_->rows(); ++row) ResetRow(row, respect_protected);
      break;
    case 3:
      grid_->ClearHistory();
      break;
  }
}

void Emulator::EraseInLine(int what, bool respect_protected) {
  RestrictCursor(grid_->columns());
  const int columns = grid_->columns();
  switch (what) {
    case 0:
      EraseColumns(grid_->y, grid_->x, columns, grid_->x == 0, respect_protected);
      break;
    case 1:
      EraseColumns(grid_->y, 0, grid_->x + 1, false, respect_protected);
      break;
    case 2:
      EraseColumns(grid_->y, 0, columns, true, respect_protected);
      break;
  }
}

// SL, SR, DECIC, DECDC: all lines within the margins.
void Emulator::ShiftColumns(int at, int64_t count, bool insert) {
  if (OutsideMargins()) return;
  for (int row = grid_->top; row <= grid_->bottom; ++row) {
    Line& line = grid_->Row(row);
    if (insert) {
      line.Insert(at, count, EraseBlank());
    } else {
      line.Delete(at, count, EraseBlank());
    }
    line.set_wrapped(false);
  }
}

void Emulator::SetMargins(const Params& params) {
  const int32_t top = params.Count(0);
  int32_t bottom = params[1];
  if (bottom > grid_->rows() || bottom == 0) bottom = grid_->rows();
  if (bottom <= top) return;
  grid_->top = top - 1;
  grid_->bottom = bottom - 1;
  SetCursor(0, 0);
}

void Emulator::SetCursorShape(int shape) {
  if (shape == 0) {
    modes_.cursor_shape = CursorShape::kUnset;
    modes_.cursor_shape_blink.reset();
    return;
  }
  if (shape <= 2) {
    modes_.cursor_shape = CursorShape::kBlock;
  } else if (shape <= 4) {
    modes_.cursor_shape = CursorShape::kUnderline;
  } else if (shape <= 6) {
    modes_.cursor_shape = CursorShape::kBar;
  }
  modes_.cursor_shape_blink = shape % 2 == 1;
}

}  // namespace atrium::screen
