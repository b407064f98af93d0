// Resizing a buffer: rows first, then the width with reflow, as the renderer.
#include <algorithm>
#include <utility>

#include "terminal/screen/grid.h"
#include "terminal/screen/reflow.h"

namespace atrium::screen {

bool Grid::Resize(int columns, int rows) {
  const int old_columns = columns_;
  const bool wide_change = columns != old_columns;
  // Lines we no longer have could have been pulled back or rewrapped.
  bool exact = missing_ == 0 || !has_lines();
  // Saved while a wrap was pending; only some renderers remember that.
  if (saved.x == old_columns && columns > old_columns) {
    saved.x = old_columns - 1;
    exact = false;
  }
  if (has_lines()) {
    for (int i = 0; i < lines_.size(); ++i) lines_[i].Grow(i < history_ ? 0 : columns);
    if (rows_ < rows) {
      GrowRows(rows);
    } else {
      ShrinkRows(rows);
    }
    TrimToMax();
    x = std::min(x, columns - 1);
    saved.x = std::min(saved.x, columns - 1);
    top = 0;
  } else {
    rows_ = rows;
  }
  bottom = rows - 1;
  if (has_lines() && has_scrollback_ && wide_change) {
    Reflow reflow(this, old_columns, columns, rows);
    if (columns > old_columns) {
      reflow.Larger();
    } else {
      reflow.Smaller();
    }
    reflow.Finish();
    exact = exact && reflow.exact();
  }
  columns_ = columns;
  const bool tabs_exact = ExtendTabs();
  return Settle() && tabs_exact && exact;
}

// Pulls lines back from the scrollback while the cursor is on the last line,
// adds blank ones otherwise.
void Grid::GrowRows(int rows) {
  int pulled = 0;
  for (int i = rows_; i < rows; ++i) {
    if (lines_.size() >= rows + history_) continue;
    if (history_ > 0 && lines_.size() <= history_ + y + pulled + 1) {
      --history_;
      ++pulled;
    } else {
      lines_.PushBack(Line(columns_, Cell()));
    }
  }
  y = std::min(y, rows - 1) + pulled;
  rows_ = rows;
}

// Takes lines below the cursor away, then pushes lines into the scrollback.
void Grid::ShrinkRows(int rows) {
  for (int i = rows_; i > rows; --i) {
    if (lines_.size() <= rows + history_) continue;
    if (lines_.size() > history_ + y + 1) {
      lines_.PopBack();
    } else {
      ++history_;
    }
  }
  rows_ = rows;
}

void Grid::TrimToMax() {
  const int64_t excess = missing_ + lines_.size() - max_lines();
  for (int64_t i = 0; i < excess; ++i) {
    if (missing_ > 0) {
      --missing_;
      continue;
    }
    lines_.PopFront();
    ++first_number_;
    history_ = std::max(history_ - 1, 0);
  }
  if (excess > 0) saved.line = std::max<int64_t>(saved.line - excess, 0);
  y = std::min(y, rows_ - 1);
}

// Adds tab stops to the right of the last one. False when stops beyond the old
// width, which only some renderers remember, make a difference.
bool Grid::ExtendTabs() {
  auto extended = [this](TabStops stops) {
    const auto columns = static_cast<size_t>(columns_);
    if (stops[columns]) return stops;
    size_t from = columns - 1;
    while (from > 0 && !stops[from]) --from;
    for (; from < columns; from += 8) stops.set(from);
    return stops;
  };
  TabStops seen = tabs;
  for (size_t i = tabs_width_; i < seen.size(); ++i) seen.reset(i);
  tabs = extended(tabs);
  seen = extended(seen);
  tabs_width_ = static_cast<size_t>(columns_);
  for (size_t i = 0; i < tabs_width_; ++i) {
    if (tabs[i] != seen[i]) return false;
  }
  return true;
}

// Brings the lines back into their order. False when something had to be put
// right that no bytes could reproduce.
bool Grid::Settle() {
  bool exact = true;
  if (!has_lines()) {
    const SavedCursor before = saved;
    saved.x = std::min(saved.x, columns_ - 1);
    saved.line = std::min<int64_t>(saved.line, rows_ - 1);
    return saved == before;
  }
  if (lines_.size() != history_ + rows_) {
    exact = false;
    while (lines_.size() < history_ + rows_) lines_.PushBack(Line(columns_, Cell()));
    while (lines_.size() > history_ + rows_) lines_.PopBack();
  }
  for (; lines_.size() > max_lines(); --history_) {
    lines_.PopFront();
    ++first_number_;
  }
  history_bytes_ = 0;
  for (int i = 0; i < lines_.size(); ++i) {
    Line& line = lines_[i];
    line.Cut(columns_);
    // A wide character cut in half.
    if (line.At(columns_ - 1).width() == 2) {
      line[columns_ - 1] = Cell::Blank(line.At(columns_ - 1).style);
      exact = false;
    }
    if (i < history_) {
      EnterHistory(i);
    } else {
      line.Grow(columns_);
    }
  }
  spare_.clear();
  KeepWithinBytes();
  const int64_t last = base() + rows_ - 1;
  const int64_t line = std::clamp<int64_t>(saved.line, 0, last);
  if (saved.line != line) exact = false;
  saved.line = line;
  return exact && missing_ == 0;
}

}  // namespace atrium::screen
