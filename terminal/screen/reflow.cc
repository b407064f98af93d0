#include "terminal/screen/reflow.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace atrium::screen {

Reflow::Reflow(Grid* grid, int old_columns, int new_columns, int new_rows)
    : grid_(grid),
      old_columns_(old_columns),
      new_columns_(new_columns),
      new_rows_(new_rows),
      max_(new_rows + grid->scrollback_lines_) {
  for (int i = 0; i < grid->lines_.size(); ++i) {
    pool_.push_back(std::move(grid->lines_[i]));
    lines_.push_back(&pool_.back());
  }
}

void Reflow::Finish() {
  grid_->lines_.Clear();
  for (Line* line : lines_) grid_->lines_.PushBack(std::move(*line));
}

Line* Reflow::Blank() {
  pool_.push_back(Line(new_columns_, Cell()));
  return &pool_.back();
}

void Reflow::Copy(const Line& from, Line* to, int from_column, int to_column, int count,
                  bool backwards) {
  to->Grow(to_column + count);
  for (int i = 0; i < count; ++i) {
    const int k = backwards ? count - 1 - i : i;
    (*to)[to_column + k] = from.At(from_column + k);
  }
}

int Reflow::GroupLength(const Lines& group, int i) const {
  const Line& line = *group[static_cast<size_t>(i)];
  if (i == static_cast<int>(group.size()) - 1) return line.TextLength();
  // A blank last column before a wide character was left by its wrapping.
  const Cell last = line.At(old_columns_ - 1);
  const bool gap = !last.has_text() && last.width() == 1;
  const bool wide_follows = group[static_cast<size_t>(i) + 1]->At(0).width() == 2;
  return gap && wide_follows ? old_columns_ - 1 : old_columns_;
}

bool Reflow::HasClusters(const Lines& group) const {
  for (const Line* line : group) {
    for (int i = 0; i < line->size(); ++i) {
      if (line->At(i).is_cluster()) return true;
    }
  }
  return false;
}

// The group the cursor is in is left to the program.
bool Reflow::ContainsCursor(int first, int size) const {
  const int cursor = grid_->history_ + grid_->y;
  return cursor >= first && cursor < first + size;
}

std::vector<Reflow::PlacedMarks> Reflow::TakeMarks(const Lines& group) const {
  std::vector<PlacedMarks> marks;
  int64_t column = 0;
  for (size_t i = 0; i < group.size(); ++i) {
    if (group[i]->marks().any()) {
      marks.push_back({column, std::exchange(*group[i]->mutable_marks(), LineMarks())});
    }
    column += GroupLength(group, static_cast<int>(i));
  }
  return marks;
}

void Reflow::PutMarks(const std::vector<PlacedMarks>& marks, const Lines& group, int size) const {
  for (const PlacedMarks& placed : marks) {
    const int64_t line = std::min<int64_t>(placed.column / new_columns_, size - 1);
    group[static_cast<size_t>(line)]->mutable_marks()->Merge(placed.marks);
  }
}

void Reflow::Larger() {
  std::vector<bool> removed(lines_.size());
  int removals = 0;
  for (int y = 0; y < count() - 1; ++y) {
    int end = y + 1;
    while (end < count() && lines_[static_cast<size_t>(end)]->wrapped()) ++end;
    const int size = end - y;
    if (size == 1) continue;
    if (!ContainsCursor(y, size)) {
      const Lines group(lines_.begin() + y, lines_.begin() + end);
      const std::vector<PlacedMarks> marks = TakeMarks(group);
      const int gone = Unwrap(group);
      PutMarks(marks, group, size - gone);
      for (int i = end - gone; i < end; ++i) removed[static_cast<size_t>(i)] = true;
      removals += gone;
    }
    y += size - 1;
  }
  if (removals == 0) return;
  Lines kept;
  for (size_t i = 0; i < lines_.size(); ++i) {
    if (!removed[i]) kept.push_back(lines_[i]);
  }
  lines_ = std::move(kept);
  AdjustAfterRemoval(removals);
}

// Joins the lines of a group as far as they fit. Returns how many are left
// empty at its end.
int Reflow::Unwrap(const Lines& group) {
  if (HasClusters(group)) exact_ = false;
  const int size = static_cast<int>(group.size());
  for (Line* line : group) line->Grow(new_columns_);
  auto at = [&](int i) { return group[static_cast<size_t>(i)]; };
  int to = 0;
  int to_column = GroupLength(group, 0);
  int from = 1;
  int from_column = 0;
  while (from < size) {
    const int length = GroupLength(group, from);
    const int moved = std::min(length - from_column, new_columns_ - to_column);
    Copy(*at(from), at(to), from_column, to_column, moved, false);
    to_column += moved;
    if (to_column == new_columns_) {
      ++to;
      to_column = 0;
    }
    from_column += moved;
    if (from_column == length) {
      ++from;
      from_column = 0;
    }
    // A wide character does not fit the last column: it goes on.
    if (to_column == 0 && to != 0 && at(to - 1)->At(new_columns_ - 1).width() == 2) {
      Copy(*at(to - 1), at(to), new_columns_ - 1, to_column++, 1, false);
      (*at(to - 1))[new_columns_ - 1] = Cell();
    }
  }
  at(to)->Replace(to_column, new_columns_, Cell());
  int empty = 0;
  for (int i = size - 1; i > 0 && (i > to || at(i)->TextLength() == 0); --i) ++empty;
  return empty;
}

void Reflow::AdjustAfterRemoval(int removed) {
  for (int i = 0; i < removed; ++i) {
    if (grid_->history_ > 0) {
      --grid_->history_;
      continue;
    }
    if (grid_->y > 0) --grid_->y;
    if (count() < new_rows_) lines_.push_back(Blank());
  }
  grid_->saved.line = std::max<int64_t>(grid_->saved.line - removed, 0);
}

void Reflow::Smaller() {
  std::vector<Insertion> insertions;
  int total = 0;
  for (int y = count() - 1; y >= 0; --y) {
    if (y >= count()) {
      exact_ = false;
      continue;
    }
    Line* line = lines_[static_cast<size_t>(y)];
    if (!line->wrapped() && line->TextLength() <= new_columns_) continue;
    Lines group = {line};
    while (line->wrapped() && y > 0) {
      line = lines_[static_cast<size_t>(--y)];
      group.push_back(line);
    }
    std::reverse(group.begin(), group.end());
    const int size = static_cast<int>(group.size());
    if (ContainsCursor(y, size)) continue;
    const std::vector<int> lengths = Lengths(group);
    if (HasClusters(group)) exact_ = false;
    const int last_length = group.back()->TextLength();
    const int added = static_cast<int>(lengths.size()) - size;
    const int64_t used = grid_->history_ == 0 && grid_->y != count() - 1 ? grid_->y : count();
    const int trimmed = static_cast<int>(std::max<int64_t>(0, used - max_ + added));
    Insertion insertion{y + size + total, {}};
    for (int i = 0; i < added; ++i) {
      insertion.lines.push_back(Blank());
      insertion.lines.back()->set_wrapped(true);
    }
    group.insert(group.end(), insertion.lines.begin(), insertion.lines.end());
    if (added > 0) {
      total += added;
      insertions.push_back(std::move(insertion));
    }
    const std::vector<PlacedMarks> marks = TakeMarks(Lines(group.begin(), group.begin() + size));
    Rewrap(group, lengths, last_length, added);
    PutMarks(marks, group, static_cast<int>(group.size()));
    AdjustAfterInsertion(added, trimmed, total);
  }
  if (!insertions.empty()) Insert(insertions, total);
}

// The lengths of a group's lines at the new width: all of it, or one column
// less before a wide character, and the rest in the last one.
std::vector<int> Reflow::Lengths(const Lines& group) {
  std::vector<int> lengths;
  const int size = static_cast<int>(group.size());
  int needed = 0;
  for (int i = 0; i < size; ++i) needed += GroupLength(group, i);
  int column = 0;
  int line = 0;
  for (int placed = 0; placed < needed;) {
    if (needed - placed < new_columns_) {
      lengths.push_back(needed - placed);
      break;
    }
    column += new_columns_;
    const int length = GroupLength(group, line);
    if (column > length) {
      column -= length;
      ++line;
    }
    if (line >= size) {
      exact_ = false;
      lengths.push_back(needed - placed);
      break;
    }
    const bool ends_wide = group[static_cast<size_t>(line)]->At(column - 1).width() == 2;
    if (ends_wide) --column;
    lengths.push_back(ends_wide ? new_columns_ - 1 : new_columns_);
    placed += lengths.back();
  }
  return lengths;
}

void Reflow::Rewrap(const Lines& group, const std::vector<int>& lengths, int last_length,
                    int added) {
  auto at = [&](int i) { return group[static_cast<size_t>(i)]; };
  auto length_of = [&](int i) { return i >= 0 ? lengths[static_cast<size_t>(i)] : 0; };
  int to = static_cast<int>(lengths.size()) - 1;
  int to_column = length_of(to);
  if (to_column == 0 && to > 0) to_column = length_of(--to);
  int from = static_cast<int>(group.size()) - added - 1;
  if (added < 0) from = static_cast<int>(group.size()) - 1;
  int from_column = last_length;
  while (from >= 0) {
    if (to < 0) break;
    const int moved = std::min(from_column, to_column);
    Copy(*at(from), at(to), from_column - moved, to_column - moved, moved, true);
    to_column -= moved;
    if (to_column == 0) to_column = length_of(--to);
    from_column -= moved;
    if (from_column == 0) {
      --from;
      from_column = GroupLength(group, std::max(from, 0));
    }
  }
  for (size_t i = 0; i < group.size() && i < lengths.size(); ++i) {
    if (lengths[i] >= new_columns_) continue;
    group[i]->Grow(new_columns_);
    (*group[i])[lengths[i]] = Cell();
  }
}

void Reflow::AdjustAfterInsertion(int added, int trimmed, int pending) {
  for (int i = added - trimmed; i > 0; --i) {
    if (grid_->history_ == 0) {
      if (grid_->y < new_rows_ - 1) {
        ++grid_->y;
        lines_.pop_back();
      } else {
        ++grid_->history_;
      }
    } else if (grid_->history_ < std::min<int64_t>(max_, count() + pending) - new_rows_) {
      ++grid_->history_;
    }
  }
  grid_->saved.line = std::min<int64_t>(grid_->saved.line + added, grid_->history_ + new_rows_ - 1);
}

// Puts the new lines in their places, dropping lines from the top of a buffer
// that is full.
void Reflow::Insert(const std::vector<Insertion>& insertions, int total) {
  Lines reversed;
  int original = count() - 1;
  int inserted = 0;
  const int64_t size = std::min<int64_t>(max_, count() + total);
  auto next = insertions.begin();
  while (static_cast<int64_t>(reversed.size()) < size) {
    if (next != insertions.end() && next->start > original + inserted) {
      reversed.insert(reversed.end(), next->lines.rbegin(), next->lines.rend());
      inserted += static_cast<int>(next->lines.size());
      ++next;
      continue;
    }
    if (original < 0) {
      exact_ = false;
      break;
    }
    reversed.push_back(lines_[static_cast<size_t>(original--)]);
  }
  if (static_cast<int64_t>(reversed.size()) > size) {
    exact_ = false;
    reversed.resize(static_cast<size_t>(size));
  }
  grid_->first_number_ += std::max<int64_t>(0, count() + total - size);
  lines_.assign(reversed.rbegin(), reversed.rend());
}

}  // namespace atrium::screen
