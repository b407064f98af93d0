#include "terminal/screen/grid.h"

#include <algorithm>
#include <utility>

namespace atrium::screen {
namespace {

constexpr int kTabWidth = 8;

}  // namespace

Grid::Grid(int columns, int rows, int scrollback_lines, bool has_scrollback)
    : bottom(rows - 1),
      has_scrollback_(has_scrollback),
      scrollback_lines_(scrollback_lines),
      columns_(columns),
      rows_(rows),
      tabs_width_(static_cast<size_t>(columns)) {
  ResetTabs();
}

void Grid::ResetTabs() {
  tabs.reset();
  tabs_width_ = static_cast<size_t>(columns_);
  for (int i = 0; i < columns_; i += kTabWidth) tabs.set(static_cast<size_t>(i));
}

Line* Grid::Around(int64_t index) {
  if (index >= max_lines()) index -= max_lines();
  index -= missing_;
  if (index < 0 || index >= lines_.size()) return nullptr;
  return &lines_[static_cast<int>(index)];
}

void Grid::FillAround(int64_t index, Cell fill) {
  Line* const line = Around(index);
  if (line == nullptr) return;
  const bool in_history = index % max_lines() - missing_ < history_;
  if (in_history) history_bytes_ -= line->memory_bytes();
  line->Reset(columns_, fill);
  if (in_history) history_bytes_ += line->memory_bytes();
}

void Grid::FillScreen(Cell blank) {
  if (has_lines()) return;
  for (int i = 0; i < rows_; ++i) lines_.PushBack(Line(columns_, blank));
}

void Grid::Clear() {
  first_number_ += lines_.size();
  lines_.Clear();
  history_ = 0;
  history_bytes_ = 0;
  missing_ = 0;
  x = y = 0;
  top = 0;
  bottom = rows_ - 1;
  ResetTabs();
}

void Grid::DropOldest() {
  history_bytes_ -= lines_[0].memory_bytes();
  lines_.PopFront();
  --history_;
  ++first_number_;
}

void Grid::EnterHistory(int index) {
  lines_[index].Pack(&spare_);
  history_bytes_ += lines_[index].memory_bytes();
}

void Grid::KeepWithinBytes() {
  while (history_ > 0 && history_bytes_ > kMaxScrollbackBytes) {
    DropOldest();
    ++missing_;
  }
}

void Grid::DropHistory(int lines) {
  for (int i = std::min(lines, history_); i > 0; --i) {
    DropOldest();
    ++missing_;
  }
}

void Grid::Scroll(Cell blank, bool wrapped) {
  if (top > 0) {
    Recycle(top, bottom, blank);
    Row(bottom).set_wrapped(wrapped);
    return;
  }
  Line line;
  const bool full = missing_ + lines_.size() == max_lines();
  if (!full || missing_ > 0) {
    if (full) --missing_;
    if (!spare_.empty()) {
      line.Adopt(std::move(spare_.back()));
      spare_.pop_back();
    }
    ++history_;
  } else if (history_ == 0) {
    line = lines_.PopFront();
    ++first_number_;
  } else {
    if (spare_.empty()) {
      DropOldest();
    } else {
      DropOldest();
      line.Adopt(std::move(spare_.back()));
      spare_.pop_back();
    }
    ++history_;
  }
  line.Reset(columns_, blank);
  line.set_wrapped(wrapped);
  const int index = history_ + bottom;
  lines_.PushBack(std::move(line));
  if (index != lines_.size() - 1) lines_.Move(lines_.size() - 1, index);
  if (history_ > 0) {
    EnterHistory(history_ - 1);
    KeepWithinBytes();
  }
}

void Grid::Recycle(int from, int to, Cell blank) {
  Row(from).Reset(columns_, blank);
  lines_.Move(history_ + from, history_ + to);
}

void Grid::ClearHistory() {
  while (history_ > 0) DropOldest();
  missing_ = 0;
}

int Grid::NextTab(int from) const {
  for (int i = from + 1; i < columns_; ++i) {
    if (tabs[static_cast<size_t>(i)]) return i;
  }
  return columns_ - 1;
}

int Grid::PreviousTab(int from) const {
  for (int i = from - 1; i > 0; --i) {
    if (tabs[static_cast<size_t>(i)]) return std::min(i, columns_ - 1);
  }
  return 0;
}

size_t Grid::memory_bytes() const {
  size_t bytes = history_bytes_;
  for (int i = history_; i < lines_.size(); ++i) bytes += lines_[i].memory_bytes();
  for (const std::vector<Cell>& cells : spare_) bytes += cells.capacity() * sizeof(Cell);
  return bytes;
}

}  // namespace atrium::screen
