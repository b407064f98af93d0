// A ring of lines: cheap at both ends, and lines move without copying cells.
#ifndef ATRIUM_TERMINAL_SCREEN_LINE_RING_H_
#define ATRIUM_TERMINAL_SCREEN_LINE_RING_H_

#include <utility>
#include <vector>

#include "terminal/screen/line.h"

namespace atrium::screen {

class LineRing {
 public:
  int size() const { return size_; }
  Line& operator[](int index) { return slots_[Slot(index)]; }
  const Line& operator[](int index) const { return slots_[Slot(index)]; }

  void PushBack(Line line) {
    if (static_cast<size_t>(size_) == slots_.size()) Widen();
    slots_[Slot(size_++)] = std::move(line);
  }
  Line PopFront() {
    Line line = std::move(slots_[head_]);
    head_ = (head_ + 1) & (slots_.size() - 1);
    --size_;
    return line;
  }
  Line PopBack() { return std::move(slots_[Slot(--size_)]); }

  // Moves the line at `from` to `to`; those between close the gap.
  void Move(int from, int to) {
    Line line = std::move((*this)[from]);
    for (; from < to; ++from) (*this)[from] = std::move((*this)[from + 1]);
    for (; from > to; --from) (*this)[from] = std::move((*this)[from - 1]);
    (*this)[to] = std::move(line);
  }

  void Clear() {
    slots_.clear();
    head_ = 0;
    size_ = 0;
  }

 private:
  size_t Slot(int index) const {
    return (head_ + static_cast<size_t>(index)) & (slots_.size() - 1);
  }
  void Widen() {
    std::vector<Line> wider(slots_.empty() ? 32 : slots_.size() * 2);
    for (int i = 0; i < size_; ++i) wider[static_cast<size_t>(i)] = std::move((*this)[i]);
    slots_.swap(wider);
    head_ = 0;
  }

  std::vector<Line> slots_;  // a power of two of them
  size_t head_ = 0;
  int size_ = 0;
};

}  // namespace atrium::screen

#endif  // ATRIUM_TERMINAL_SCREEN_LINE_RING_H_
