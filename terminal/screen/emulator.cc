#include "terminal/screen/emulator.h"

#include <algorithm>

#include "terminal/screen/limits.h"

namespace atrium::screen {
namespace {

Screen::Options Clamp(Screen::Options options) {
  options.columns = std::clamp(options.columns, kMinColumns, kMaxColumns);
  options.rows = std::clamp(options.rows, kMinRows, kMaxRows);
  options.scrollback_lines = std::clamp(options.scrollback_lines, 0, kMaxScrollbackLines);
  return options;
}

}  // namespace

Emulator::Emulator(const Screen::Options& options, Screen::Listener* listener)
    : options_(Clamp(options)),
      listener_(listener),
      parser_(this),
      normal_(options_.columns, options_.rows, options_.scrollback_lines, true),
      alternate_(options_.columns, options_.rows, 0, false),
      grid_(&normal_) {
  normal_.FillScreen(Cell());
}

void Emulator::Write(std::string_view bytes) {
  // In pieces, so that tables of styles are swept while hostile output grows them.
  constexpr size_t kPiece = 64 << 10;
  for (; bytes.size() > kPiece; bytes.remove_prefix(kPiece)) {
    parser_.Parse(bytes.substr(0, kPiece));
    MaybeSweep();
  }
  parser_.Parse(bytes);
  MaybeSweep();
}

bool Emulator::Resize(int columns, int rows) {
  columns = std::clamp(columns, kMinColumns, kMaxColumns);
  rows = std::clamp(rows, kMinRows, kMaxRows);
  if (columns == grid_->columns() && rows == grid_->rows()) return true;
  const bool normal_exact = normal_.Resize(columns, rows);
  const bool alternate_exact = alternate_.Resize(columns, rows);
  const bool join_exact = LastClusterInPlace();
  if (!join_exact) join_ = JoinState();
  return normal_exact && alternate_exact && join_exact;
}

bool Emulator::LastClusterInPlace() const {
  if (join_.empty()) return true;
  if (!dropped_.empty() || grid_->x == 0) return false;
  int column = grid_->x - 1;
  if (column > 0 && grid_->Row(grid_->y).At(column).width() == 0) --column;
  const Cell cell = grid_->Row(grid_->y).At(column);
  if (!cell.has_text() || column + cell.width() != grid_->x) return false;
  JoinState state;
  return cell.style == styles_.Find(pen_) && JoinOf(cell, &state) && state == join_;
}

bool Emulator::IsNatural(Cell cell) const {
  JoinState state;
  return JoinOf(cell, &state) && state.width() == cell.width();
}

// What printing the cell's text would leave behind. False when it would not
// stay in one cell.
bool Emulator::JoinOf(Cell cell, JoinState* state) const {
  const std::u32string text = ClusterText(cell);
  for (size_t i = 0; i < text.size(); ++i) {
    const Joined joined = Join(*state, text[i]);
    if (joined.joins != (i > 0)) return false;
    *state = joined.state;
  }
  return !text.empty();
}

std::u32string Emulator::ClusterText(Cell cell) const {
  return cell.is_cluster() ? styles_.GetCluster(cell.code())
                           : std::u32string(1, static_cast<char32_t>(cell.code()));
}

Cell Emulator::PenBlank() { return Cell::Blank(styles_.Intern(pen_)); }

Cell Emulator::EraseBlank() {
  const Style erased = pen_.Erased();
  return erased.bg == 0 ? Cell() : Cell::Blank(styles_.Intern(erased));
}

void Emulator::ScrollOne(bool wrapped) { grid_->Scroll(EraseBlank(), wrapped); }

void Emulator::Execute(char32_t control) {
  switch (control) {
    case 0x07:
      if (listener_ != nullptr) listener_->OnBell();
      break;
    case 0x08:
      Backspace();
      break;
    case 0x09:
      if (grid_->x < grid_->columns()) grid_->x = grid_->NextTab(grid_->x);
      break;
    case 0x0a:
    case 0x0b:
    case 0x0c:
      LineFeed();
      break;
    case 0x0d:
      grid_->x = 0;
      break;
    case 0x0e:
      charsets_.Shift(1);
      break;
    case 0x0f:
      charsets_.Shift(0);
      break;
    case 0x84:
      Index();
      break;
    case 0x85:
      grid_->x = 0;
      Index();
      break;
    case 0x88:
      grid_->tabs.set(static_cast<size_t>(grid_->x));
      break;
  }
  join_ = JoinState();
}

void Emulator::Escape(uint32_t id) {
  switch (id) {
    case SequenceId("7"):
      SaveCursor();
      break;
    case SequenceId("8"):
      RestoreCursor();
      break;
    case SequenceId("D"):
      Index();
      break;
    case SequenceId("E"):
      grid_->x = 0;
      Index();
      break;
    case SequenceId("H"):
      grid_->tabs.set(static_cast<size_t>(grid_->x));
      break;
    case SequenceId("M"):
      ReverseIndex();
      break;
    case SequenceId("="):
      modes_.application_keypad = true;
      break;
    case SequenceId(">"):
      modes_.application_keypad = false;
      break;
    case SequenceId("c"):
      FullReset();
      break;
    case SequenceId("#8"):
      AlignmentPattern();
      break;
    default:
      Designate(id);
  }
  join_ = JoinState();
}

// Shifts and designations of character sets.
void Emulator::Designate(uint32_t id) {
  switch (id) {
    case SequenceId("n"):
    case SequenceId("}"):
      charsets_.Shift(2);
      return;
    case SequenceId("o"):
    case SequenceId("|"):
      charsets_.Shift(3);
      return;
    case SequenceId("~"):
      charsets_.Shift(1);
      return;
    case SequenceId("%@"):
    case SequenceId("%G"):
      charsets_.Shift(0);
      charsets_.Designate(0, nullptr);
      return;
  }
  const Charset* charset = nullptr;
  if (id > 0xffff || !FindCharset(static_cast<char>(id & 0xff), &charset)) return;
  switch (id >> 8) {
    case '(':
      charsets_.Designate(0, charset);
      break;
    case ')':
    case '-':
      charsets_.Designate(1, charset);
      break;
    case '*':
    case '.':
      charsets_.Designate(2, charset);
      break;
    case '+':
      charsets_.Designate(3, charset);
      break;
  }
}

void Emulator::LineFeed() {
  if (modes_.newline) grid_->x = 0;
  ++grid_->y;
  if (grid_->y == grid_->bottom + 1) {
    --grid_->y;
    ScrollOne(false);
  } else if (grid_->y >= grid_->rows()) {
    grid_->y = grid_->rows() - 1;
  } else {
    Row().set_wrapped(false);
  }
  if (grid_->x >= grid_->columns()) --grid_->x;
}

void Emulator::Index() {
  RestrictCursor();
  ++grid_->y;
  if (grid_->y == grid_->bottom + 1) {
    --grid_->y;
    ScrollOne(false);
  } else if (grid_->y >= grid_->rows()) {
    grid_->y = grid_->rows() - 1;
  }
  RestrictCursor();
}

void Emulator::ReverseIndex() {
  RestrictCursor();
  if (grid_->y == grid_->top) {
    grid_->Recycle(grid_->bottom, grid_->top, EraseBlank());
  } else {
    --grid_->y;
    RestrictCursor();
  }
}

void Emulator::Backspace() {
  if (!modes_.reverse_wraparound) {
    RestrictCursor();
    if (grid_->x > 0) --grid_->x;
    return;
  }
  RestrictCursor(grid_->columns());
  if (grid_->x > 0) {
    --grid_->x;
  } else if (grid_->y > grid_->top && grid_->y <= grid_->bottom && Row().wrapped()) {
    // Undoes a soft wrap, past the gap a wide character may have left.
    Row().set_wrapped(false);
    --grid_->y;
    grid_->x = grid_->columns() - 1;
    const Cell last = Row().At(grid_->x);
    if (last.width() > 0 && !last.has_text()) --grid_->x;
  }
  RestrictCursor();
}

void Emulator::RestrictCursor(int max_column) {
  grid_->x = std::clamp(grid_->x, 0, max_column);
  grid_->y = modes_.origin ? std::min(grid_->bottom, std::max(grid_->top, grid_->y))
                           : std::clamp(grid_->y, 0, grid_->rows() - 1);
}

void Emulator::SetCursor(int64_t x, int64_t y) {
  constexpr int64_t kFar = 1 << 20;
  grid_->x = static_cast<int>(std::clamp<int64_t>(x, -kFar, kFar));
  grid_->y = static_cast<int>(std::clamp<int64_t>(y, -kFar, kFar));
  if (modes_.origin) grid_->y += grid_->top;
  RestrictCursor();
}

void Emulator::MoveCursor(int64_t dx, int64_t dy) {
  RestrictCursor();
  SetCursor(grid_->x + dx, grid_->y + dy);
}

void Emulator::SaveCursor() {
  grid_->saved = {grid_->x, grid_->base() + grid_->y, pen_.fg, pen_.bg, charsets_.active};
}

void Emulator::RestoreCursor() {
  const Grid::SavedCursor& saved = grid_->saved;
  grid_->x = saved.x;
  const int64_t row = std::clamp<int64_t>(saved.line - grid_->base(), 0, kMaxRows);
  grid_->y = static_cast<int>(row);
  pen_.fg = saved.fg;
  pen_.bg = saved.bg;
  charsets_.active = saved.charset;
  RestrictCursor();
}

void Emulator::AlignmentPattern() {
  // The look of the pen, but without its underline style and link.
  const Style look{.fg = pen_.fg, .bg = pen_.bg};
  const Cell cell = Cell::Of('E', 1, styles_.Intern(look));
  SetCursor(0, 0);
  for (int i = 0; i < grid_->rows(); ++i) {
    grid_->FillAround(grid_->base() + grid_->y + i, cell);
  }
  SetCursor(0, 0);
}

void Emulator::SoftReset() {
  grid_->top = 0;
  grid_->bottom = grid_->rows() - 1;
  pen_ = Style();
  charsets_ = Charsets();
  Modes reset;
  reset.newline = modes_.newline;
  reset.cursor_blink = modes_.cursor_blink;
  reset.mouse_protocol = modes_.mouse_protocol;
  reset.mouse_encoding = modes_.mouse_encoding;
  modes_ = reset;
  grid_->saved = {.line = grid_->base()};
}

void Emulator::FullReset() {
  Modes reset;
  reset.newline = modes_.newline;
  reset.cursor_blink = modes_.cursor_blink;
  reset.cursor_hidden = modes_.cursor_hidden;
  modes_ = reset;
  charsets_ = Charsets();
  pen_ = Style();
  normal_.Clear();
  normal_.saved = {};
  normal_.FillScreen(Cell());
  alternate_.Clear();
  alternate_.saved = {};
  grid_ = &normal_;
}

void Emulator::AppendText(Cell cell, std::string* out) const {
  if (!cell.is_cluster()) {
    if (cell.code() != 0) AppendUtf8(cell.code(), out);
    return;
  }
  for (char32_t code : styles_.GetCluster(cell.code())) AppendUtf8(code, out);
}

void Emulator::MaybeSweep() {
  if (!styles_.WantsSweep()) return;
  Sweep();
  // Scrollback in which every cell is another colour costs more than its cells.
  while (styles_.memory_bytes() > kMaxStyleBytes && normal_.history() > 0) {
    normal_.DropHistory((normal_.history() + 1) / 2);
    Sweep();
  }
}

void Emulator::Sweep() {
  StyleTable::Marks marks = styles_.NewMarks();
  for (const Grid* grid : {&normal_, &alternate_}) {
    for (int i = 0; i < grid->line_count(); ++i) {
      const Line& line = grid->At(i);
      for (int column = 0; column < line.size(); ++column) {
        const Cell cell = line.At(column);
        marks.styles[cell.style] = true;
        if (cell.is_cluster()) marks.clusters[cell.code()] = true;
      }
    }
  }
  marks.links[pen_.link] = true;
  if (cluster_ != 0) marks.clusters[cluster_] = true;
  styles_.Sweep(std::move(marks));
}

size_t Emulator::memory_bytes() const {
  return normal_.memory_bytes() + alternate_.memory_bytes() + styles_.memory_bytes() +
         parser_.memory_bytes();
}

}  // namespace atrium::screen
