// Printing: widths, clusters, wrapping, insert mode.
#include <algorithm>

#include "terminal/screen/emulator.h"
#include "terminal/screen/limits.h"

namespace atrium::screen {

// Printing over the right half of a wide character blanks its left half.
void Emulator::BeginPrint() {
  if (grid_->x > 0 && Row().At(grid_->x - 1).width() == 2) Row()[grid_->x - 1] = PenBlank();
}

// And the other way round.
void Emulator::EndPrint() {
  if (grid_->x >= grid_->columns()) return;
  const Cell next = Row().At(grid_->x);
  if (next.width() == 0 && !next.has_text()) Row()[grid_->x] = PenBlank();
}

void Emulator::Print(std::u32string_view text) {
  BeginPrint();
  for (char32_t code : text) PrintOne(code);
  EndPrint();
}

void Emulator::PrintAscii(std::string_view text) {
  const bool plain = charsets_.active == nullptr && !modes_.insert;
  BeginPrint();
  if (!plain || join_.break_class() == kBreakPrepend) {
    PrintOne(static_cast<char32_t>(text.front()));
    text.remove_prefix(1);
  }
  if (!plain) {
    for (char c : text) PrintOne(static_cast<char32_t>(c));
    EndPrint();
    return;
  }
  if (text.empty()) {
    EndPrint();
    return;
  }
  const uint32_t style = styles_.Intern(pen_);
  while (!text.empty()) {
    if (grid_->x >= grid_->columns() && !WrapFor(0)) grid_->x = grid_->columns() - 1;
    const size_t room = static_cast<size_t>(grid_->columns() - grid_->x);
    const size_t count = std::min(room, text.size());
    Cell* const cells = Row().data() + grid_->x;
    for (size_t i = 0; i < count; ++i) {
      cells[i] = Cell::Of(static_cast<uint8_t>(text[i]), 1, style);
    }
    grid_->x += static_cast<int>(count);
    text.remove_prefix(count);
    join_ = kAsciiJoin;
  }
  cluster_ = 0;
  dropped_.clear();
  EndPrint();
}

// Goes to the next line, taking the cluster of `old_width` columns before the
// cursor along. False when autowrap is off.
bool Emulator::WrapFor(int old_width) {
  if (!modes_.wraparound) return false;
  const int columns = grid_->columns();
  const int from = grid_->x - old_width;
  const Cell taken = Row().At(from);
  const Cell blank = PenBlank();
  for (int i = from; i < columns; ++i) Row()[i] = blank;
  grid_->x = old_width;
  // A buffer of one line reuses the very line it leaves.
  const bool same_line = grid_->rows() == 1 && grid_->line_count() == 1;
  ++grid_->y;
  if (grid_->y == grid_->bottom + 1) {
    --grid_->y;
    ScrollOne(true);
    if (same_line && grid_->line_count() == 1) {
      for (int i = from; i < columns; ++i) Row()[i] = blank;
      return true;
    }
  } else {
    grid_->y = std::min(grid_->y, grid_->rows() - 1);
    Row().set_wrapped(true);
  }
  if (old_width > 0) Row()[0] = taken;
  return true;
}

void Emulator::PrintOne(char32_t code) {
  if (charsets_.active != nullptr) code = charsets_.active->Map(code);
  const int columns = grid_->columns();
  const Joined joined = Join(join_, code);
  const int width = joined.state.width();
  const int old_width = joined.joins ? join_.width() : 0;
  join_ = joined.state;
  if (!joined.joins) cluster_ = 0;
  if (grid_->x + width - old_width > columns && !WrapFor(old_width)) {
    grid_->x = columns - 1;
    if (width == 2) {
      if (!joined.joins) dropped_.clear();
      if (dropped_.size() < kMaxClusterCodePoints) dropped_.push_back(code);
      return;
    }
  }
  dropped_.clear();
  if (joined.joins && grid_->x > 0) {
    JoinToCell(code, width, old_width);
    return;
  }
  if (modes_.insert) {
    Row().Insert(grid_->x, width - old_width, PenBlank());
    if (Row().At(columns - 1).width() == 2) Row()[columns - 1] = PenBlank();
  }
  const uint32_t style = styles_.Intern(pen_);
  Row()[grid_->x++] = Cell::Of(code, width, style);
  if (width == 2) Row()[grid_->x++] = Cell::Of(0, 0, style);
}

void Emulator::JoinToCell(char32_t code, int width, int old_width) {
  const int at = grid_->x - (Row().At(grid_->x - 1).width() > 0 ? 1 : 2);
  if (at >= 0) {
    Cell& cell = Row()[at];
    if (!cell.has_text()) {
      cell = Cell::Of(code, width, cell.style);
    } else {
      if (!cell.is_cluster() || cell.code() != cluster_) {
        cluster_ = styles_.AddCluster(ClusterText(cell));
      }
      std::u32string* const text = styles_.MutableCluster(cluster_);
      if (text->size() < kMaxClusterCodePoints) text->push_back(code);
      cell = Cell::Of(cluster_ | Cell::kCluster, width, cell.style);
    }
  }
  for (int i = old_width; i < width; ++i) {
    Row()[grid_->x++] = Cell::Of(0, 0, styles_.Intern(pen_));
  }
}

// REP: prints the last cluster again.
void Emulator::Repeat(const Params& params) {
  if (join_.empty() || params.Count() > kMaxRepeat) return;
  const int at = grid_->x - join_.width();
  const Cell cell = at >= 0 ? Row().At(at) : Cell();
  if (!cell.has_text()) return;
  const std::u32string text = ClusterText(cell);
  if (text.size() == 1 && text[0] < 0x7f) {
    PrintAscii(std::string(static_cast<size_t>(params.Count()), static_cast<char>(text[0])));
    return;
  }
  BeginPrint();
  for (int i = 0; i < params.Count(); ++i) {
    for (char32_t code : text) PrintOne(code);
  }
  EndPrint();
  MaybeSweep();
}

}  // namespace atrium::screen
