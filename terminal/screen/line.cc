#include "terminal/screen/line.h"

#include <algorithm>

namespace atrium::screen {

void LineMarks::Add(const Mark& mark) {
  switch (mark.kind) {
    case Mark::Kind::kPromptStart:
      prompt = true;
      break;
    case Mark::Kind::kCommandStart:
      break;
    case Mark::Kind::kOutputStart:
      output = true;
      break;
    case Mark::Kind::kCommandEnd: {
      const int code = mark.exit_code.value_or(-1);
      end = true;
      exit_code = static_cast<int16_t>(code >= 0 && code <= 255 ? code : -1);
      break;
    }
  }
}

void LineMarks::Merge(const LineMarks& later) {
  prompt = prompt || later.prompt;
  output = output || later.output;
  if (later.end) exit_code = later.exit_code;
  end = end || later.end;
}

int Line::TextLength() const {
  for (int i = size() - 1; i >= 0; --i) {
    if (At(i).has_text()) return i + At(i).width();
  }
  return 0;
}

int Line::UsedLength() const {
  for (int i = size() - 1; i >= 0; --i) {
    if (At(i) != Cell()) return i + 1;
  }
  return 0;
}

void Line::Pack(std::vector<std::vector<Cell>>* spare) {
  constexpr size_t kMaxSpare = 4;
  const int used = UsedLength();
  if (static_cast<size_t>(used) * 4 > cells_.capacity() * 3) {
    cells_.resize(static_cast<size_t>(used));
    return;
  }
  std::vector<Cell> packed(cells_.begin(), cells_.begin() + used);
  packed.swap(cells_);
  if (spare->size() < kMaxSpare) spare->push_back(std::move(packed));
}

void Line::Insert(int at, int64_t count, Cell fill) {
  at %= size();
  if (at > 0 && At(at - 1).width() == 2) (*this)[at - 1] = Cell::Blank(fill.style);
  const auto begin = cells_.begin() + at;
  if (count < size() - at) {
    std::move_backward(begin, cells_.end() - count, cells_.end());
    std::fill(begin, begin + count, fill);
  } else {
    std::fill(begin, cells_.end(), fill);
  }
  if (cells_.back().width() == 2) cells_.back() = Cell::Blank(fill.style);
}

void Line::Delete(int at, int64_t count, Cell fill) {
  at %= size();
  const auto begin = cells_.begin() + at;
  if (count < size() - at) {
    std::fill(std::move(begin + count, cells_.end(), begin), cells_.end(), fill);
  } else {
    std::fill(begin, cells_.end(), fill);
  }
  if (at > 0 && At(at - 1).width() == 2) (*this)[at - 1] = Cell::Blank(fill.style);
  if (At(at).width() == 0 && !At(at).has_text()) (*this)[at] = Cell::Blank(fill.style);
}

void Line::Replace(int64_t begin, int64_t end, Cell fill) {
  const int64_t length = size();
  if (begin > 0 && At(static_cast<int>(begin) - 1).width() == 2) {
    (*this)[static_cast<int>(begin) - 1] = Cell::Blank(fill.style);
  }
  if (end < length && At(static_cast<int>(end) - 1).width() == 2) {
    (*this)[static_cast<int>(end)] = Cell::Blank(fill.style);
  }
  end = std::min(end, length);
  if (begin < end) std::fill(cells_.begin() + begin, cells_.begin() + end, fill);
}

void Line::ReplaceUnprotected(int64_t begin, int64_t end, Cell fill, const StyleTable& styles) {
  auto is_protected = [&](int column) { return styles.Get(At(column).style).is_protected(); };
  const int first = static_cast<int>(begin);
  if (first > 0 && At(first - 1).width() == 2 && !is_protected(first - 1)) {
    (*this)[first - 1] = Cell::Blank(fill.style);
  }
  if (end < size()) {
    const int past = static_cast<int>(end);
    if (At(past - 1).width() == 2 && !is_protected(past)) (*this)[past] = Cell::Blank(fill.style);
  }
  const int last = static_cast<int>(std::min<int64_t>(end, size()));
  for (int i = first; i < last; ++i) {
    if (!is_protected(i)) (*this)[i] = fill;
  }
}

void Line::Fill(Cell fill) { std::fill(cells_.begin(), cells_.end(), fill); }

void Line::FillUnprotected(Cell fill, const StyleTable& styles) {
  for (Cell& cell : cells_) {
    if (!styles.Get(cell.style).is_protected()) cell = fill;
  }
}

}  // namespace atrium::screen
