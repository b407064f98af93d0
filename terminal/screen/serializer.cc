#include "terminal/screen/serializer.h"

#include <algorithm>

#include "terminal/screen/color.h"
#include "terminal/screen/text.h"

namespace atrium::screen {
namespace {

constexpr Style kDefault{};

}  // namespace

Serializer::Serializer(const Emulator& emulator, const SerializeOptions& options)
    : emulator_(emulator),
      options_(options),
      pen_(emulator),
      columns_(emulator.grid().columns()),
      rows_(emulator.grid().rows()) {}

std::string Serializer::Run() {
  // CAN ends any sequence without acting on it; then RIS.
  if (options_.reset)
    pen_.Control(
        "\x18\x1b"
        "c\x1b[20l");
  Title();
  Palette();
  Grids();
  pen_.TakeSaves();
  SwitchModes();
  const bool printed_last = !emulator_.join().empty();
  const bool restored = RestorePen();
  if (!printed_last) Position(restored);
  if (!restored) CharacterSets();
  LateModes();
  if (printed_last) LastPrint();
  if (pen_.TakeSaves()) exact_ = false;
  pen_.out().append(emulator_.Unfinished());
  return std::move(pen_.out());
}

void Serializer::Title() {
  if (!emulator_.raw_title().empty()) {
    pen_.Control(Concat("\x1b]2;", emulator_.raw_title(), "\x1b\\"));
  }
}

void Serializer::Palette() {
  const auto& palette = emulator_.palette();
  if (!palette.touched) return;
  pen_.Control("\x1b]104\x1b\\\x1b]110\x1b\\\x1b]111\x1b\\\x1b]112\x1b\\");
  for (const auto& [number, color] : palette.colors) {
    const std::string target =
        number < kForegroundColor ? Concat("4;", number) : Concat(10 + number - kForegroundColor);
    pen_.Control(Concat("\x1b]", target, ";", FormatColor(color), "\x1b\\"));
  }
}

void Serializer::Grids() {
  const Grid& normal = emulator_.normal();
  const int wanted = options_.scrollback_lines;
  const int first = wanted < 0 ? 0 : std::max(0, normal.history() - wanted);
  if (!emulator_.in_alternate()) AlternateSaved();
  Preroll(normal, first);
  DrawLines(normal, first);
  FinishGrid(normal);
  if (!emulator_.in_alternate()) return;
  MoveTo(normal.y, std::min(normal.x, columns_ - 1));
  pen_.SetPen(kDefault);
  pen_.Control("\x1b[?47h\x1b[H");
  const Grid& alternate = emulator_.alternate();
  saved_done_ = false;
  saved_line_ = alternate.saved.line;
  saved_base_ = 0;
  DrawLines(alternate, 0);
  FinishGrid(alternate);
}

// The alternate buffer's saved cursor outlives its content.
void Serializer::AlternateSaved() {
  const Grid& alternate = emulator_.alternate();
  if (alternate.saved == Grid::SavedCursor()) return;
  pen_.Control("\x1b[?47h");
  Save(alternate, static_cast<int>(std::clamp<int64_t>(alternate.saved.line, 0, rows_ - 1)));
  pen_.SetPenExactly(kDefault);
  pen_.Control("\x1b[?47l");
  MoveTo(0, 0);
}

// A cursor saved further down than the buffer now reaches: scrolls down there,
// saves it, and lets the scrollback go again.
void Serializer::Preroll(const Grid& grid, int first) {
  saved_done_ = false;
  saved_line_ = std::max<int64_t>(grid.saved.line - grid.missing() - first, 0);
  saved_base_ = grid.history() - first;
  if (saved_line_ <= saved_base_ + rows_ - 1) return;
  MoveTo(rows_ - 1, 0);
  const auto feeds = static_cast<size_t>(saved_line_ - (rows_ - 1));
  pen_.Control(std::string(feeds, '\n'));
  Save(grid, rows_ - 1);
  pen_.SetPenExactly(kDefault);
  pen_.Control("\x1b[3J");
  MoveTo(0, 0);
  saved_done_ = true;
}

// A cursor saved on a line that is now in the scrollback: saves it once the
// lines from there on fill the screen.
void Serializer::SaveDuring(const Grid& grid, int index) {
  if (saved_done_ || grid.saved == Grid::SavedCursor()) return;
  if (saved_line_ >= saved_base_ || index < std::max<int64_t>(saved_line_, rows_ - 1)) return;
  if (x_ == columns_) return;
  const int row = row_;
  const int column = x_;
  const int top = index - (rows_ - 1);
  if (saved_line_ < top) exact_ = false;
  Save(grid, static_cast<int>(std::max<int64_t>(saved_line_ - top, 0)));
  MoveTo(row, column);
  saved_done_ = true;
}

// Saves the cursor as `grid` has it, but on this row.
void Serializer::Save(const Grid& grid, int row) {
  const Charset* const charset = grid.saved.charset;
  pen_.SetSavedPen(grid.saved.fg, grid.saved.bg);
  if (charset != nullptr) pen_.Control(Concat("\x1b(", charset->flag));
  MoveTo(row, std::min(grid.saved.x, columns_ - 1));
  pen_.Control(
      "\x1b"
      "7");
  if (charset != nullptr) pen_.Control("\x1b(B");
  pen_.TakeSaves();
}

void Serializer::FinishGrid(const Grid& grid) {
  if (grid.top != 0 || grid.bottom != rows_ - 1) {
    pen_.Csi(grid.top + 1, grid.bottom + 1, 'r');
    x_ = -1;
  }
  Grid::TabStops stops;
  for (int i = 0; i < columns_; i += 8) stops.set(static_cast<size_t>(i));
  bool same = true;
  for (int i = 0; i < columns_; ++i) {
    same = same && stops[static_cast<size_t>(i)] == grid.tabs[static_cast<size_t>(i)];
  }
  if (!same) {
    pen_.Control("\x1b[3g");
    for (int i = 0; i < columns_; ++i) {
      if (!grid.tabs[static_cast<size_t>(i)]) continue;
      MoveTo(i);
      pen_.Control("\x1bH");
    }
  }
  if (saved_done_) return;
  const bool fresh = grid.saved.x == 0 && saved_line_ == 0 && grid.saved.fg == 0 &&
                     grid.saved.bg == 0 && grid.saved.charset == nullptr;
  if (!pen_.TakeSaves() && fresh) return;
  const int64_t row = saved_line_ - saved_base_;
  if (row < 0 || row >= rows_) exact_ = false;
  Save(grid, static_cast<int>(std::clamp<int64_t>(row, 0, rows_ - 1)));
}

void Serializer::SwitchModes() {
  const Modes& modes = emulator_.modes();
  auto set = [this](bool on, int mode) {
    if (on) pen_.Control(Concat("\x1b[?", mode, "h"));
  };
  if (modes.newline) pen_.Control("\x1b[20h");
  set(modes.application_cursor_keys, 1);
  set(modes.reverse_wraparound, 45);
  set(modes.application_keypad, 66);
  set(modes.send_focus, 1004);
  set(modes.bracketed_paste, 2004);
  set(modes.mouse_protocol == MouseProtocol::kX10, 9);
  set(modes.mouse_protocol == MouseProtocol::kVt200, 1000);
  set(modes.mouse_protocol == MouseProtocol::kDrag, 1002);
  set(modes.mouse_protocol == MouseProtocol::kAny, 1003);
  set(modes.mouse_encoding == MouseEncoding::kSgr, 1006);
  set(modes.mouse_encoding == MouseEncoding::kSgrPixels, 1016);
  pen_.Control(modes.cursor_hidden ? "\x1b[?25l" : "\x1b[?25h");
  if (modes.cursor_blink.has_value()) {
    pen_.Control(*modes.cursor_blink ? "\x1b[?12h" : "\x1b[?12l");
  }
  if (modes.cursor_shape_blink.has_value()) {
    // 7 and 8 set the blinking alone.
    const int shape = modes.cursor_shape == CursorShape::kUnset
                          ? 7
                          : 2 * static_cast<int>(modes.cursor_shape) - 1;
    pen_.Control(Concat("\x1b[", *modes.cursor_shape_blink ? shape : shape + 1, " q"));
  }
  if (modes.origin) {
    pen_.Control("\x1b[?6h");
    x_ = -1;
  }
}

// DECRC brings back part of a pen, and a character set that may not be the
// designated one. What only it makes is made by it, from the cursor saved
// already where that is the one it came from.
bool Serializer::RestorePen() {
  const Style& pen = emulator_.pen();
  const Charsets& charsets = emulator_.charsets();
  const Grid::SavedCursor& saved = emulator_.grid().saved;
  Charsets natural = charsets;
  natural.Shift(charsets.level);
  const bool consistent = PenWriter::IsConsistent(pen);
  if (consistent && natural.active == charsets.active) return false;
  if (saved.charset == charsets.active && consistent) {
    Designate();
    pen_.RestoreOther();
    x_ = -1;
    return true;
  }
  if (saved.charset != charsets.active || !PenWriter::CanRestoreWith(saved.fg, saved.bg, pen)) {
    exact_ = false;
    return false;
  }
  Designate();
  pen_.RestoreWith(saved.fg, saved.bg, pen);
  x_ = -1;
  return true;
}

void Serializer::Designate() {
  const Charsets& wanted = emulator_.charsets();
  constexpr std::string_view kSlots = "()*+";
  for (size_t g = 0; g < 4; ++g) {
    const Charset* const charset = wanted.designated[g];
    if (charset != nullptr) pen_.Control(Concat("\x1b", kSlots[g], charset->flag));
  }
  constexpr std::string_view kShifts[] = {"", "\x0e", "\x1bn", "\x1bo"};
  if (wanted.level != 0) pen_.Control(kShifts[wanted.level]);
}

void Serializer::CharacterSets() {
  const Charset* const active = emulator_.charsets().active;
  Charsets natural = emulator_.charsets();
  natural.Shift(natural.level);
  if (natural.active == active) {
    Designate();
    return;
  }
  pen_.Control(Concat("\x1b(", active != nullptr ? active->flag : 'B',
                      "\x1b"
                      "7\x1b(B"));
  Designate();
  pen_.Control(
      "\x1b"
      "8");
}

// Modes that would be in the way of drawing, and the pen.
void Serializer::LateModes() {
  const Modes& modes = emulator_.modes();
  if (!modes.wraparound) pen_.Control("\x1b[?7l");
  pen_.SetPenExactly(emulator_.pen());
  if (modes.insert) pen_.Control("\x1b[4h");
  if (modes.synchronized_output) pen_.Control("\x1b[?2026h");
}

// The cursor, where something other than printing happened last.
void Serializer::Position(bool keep_pen) {
  const Grid& grid = emulator_.grid();
  const int top = emulator_.modes().origin ? grid.top : 0;
  const bool reachable = !emulator_.modes().origin || (grid.y >= grid.top && grid.y <= grid.bottom);
  if (!reachable) {
    Bounce();
    return;
  }
  if (grid.x < columns_) {
    MoveTo(grid.y - top, grid.x);
    return;
  }
  if (keep_pen) {
    Bounce();
    return;
  }
  if (!PendingByPrinting() && !PendingByErasing()) Bounce();
}

// A pending wrap, by printing the last cell again.
bool Serializer::PendingByPrinting() {
  const Grid& grid = emulator_.grid();
  const Line& line = grid.Row(grid.y);
  int column = columns_ - 1;
  if (line.At(column).width() == 0) --column;
  const Cell cell = line.At(column);
  if (!cell.has_text() || cell.width() != columns_ - column) return false;
  const int top = emulator_.modes().origin ? grid.top : 0;
  MoveTo(grid.y - top, column);
  pen_.Control("\x1b[?7l");
  PrintAfterHalf(column, nullptr);
  pen_.SetPen(StyleOf(cell));
  if (!pen_.PrintText(cell)) exact_ = false;
  pen_.Control("\x1b[?7h");
  return true;
}

// A wide character whose right half was printed over without autowrap loses its
// left half when that is printed over anew, so it has to be printed as well.
bool Serializer::PrintAfterHalf(int column, const Charset* charset) {
  const Grid& grid = emulator_.grid();
  const Cell before = column > 0 ? grid.Row(grid.y).At(column - 1) : Cell();
  if (before.width() != 2) return false;
  if (column != columns_ - 1 || emulator_.modes().insert) exact_ = false;
  const int top = emulator_.modes().origin ? grid.top : 0;
  MoveTo(grid.y - top, column - 1);
  pen_.SetPen(StyleOf(before));
  if (!pen_.PrintText(before, charset)) exact_ = false;
  return true;
}

// A pending wrap on a line that was erased under it.
bool Serializer::PendingByErasing() {
  const Grid& grid = emulator_.grid();
  const Line& line = grid.Row(grid.y);
  const Cell cell = line.At(0);
  if (cell.has_text() || cell.width() != 1 || !PenWriter::IsErase(StyleOf(cell))) return false;
  for (int i = 0; i < columns_; ++i) {
    if (line.At(i) != cell) return false;
  }
  const int top = emulator_.modes().origin ? grid.top : 0;
  MoveTo(grid.y - top, columns_ - 1);
  pen_.PrintRaw("x");
  pen_.SetErase(StyleOf(cell));
  pen_.Control("\x1b[1K");
  return true;
}

// The cursor goes along when buffers are switched, so the alternate one can
// bring it where the normal one's margins or cells do not let it.
void Serializer::Bounce() {
  const Grid& grid = emulator_.grid();
  if (emulator_.in_alternate()) {
    exact_ = false;
    MoveTo(grid.y, std::min(grid.x, columns_ - 1));
    return;
  }
  pen_.Control("\x1b[?47h");
  x_ = -1;
  MoveTo(grid.y, std::min(grid.x, columns_ - 1));
  if (grid.x == columns_) pen_.PrintRaw("x");
  pen_.Control("\x1b[?47l");
}

// Prints the last cluster in its place again, so that what follows can join
// it, wrap after it or repeat it.
void Serializer::LastPrint() {
  if (!emulator_.dropped().empty()) {
    LastDropped();
    return;
  }
  const Grid& grid = emulator_.grid();
  const int top = emulator_.modes().origin ? grid.top : 0;
  int column = std::max(grid.x - 1, 0);
  if (column > 0 && grid.Row(grid.y).At(column).width() == 0) --column;
  const Cell cell = grid.Row(grid.y).At(column);
  if (!emulator_.LastClusterInPlace()) exact_ = false;
  if (grid.y < top || (emulator_.modes().origin && grid.y > grid.bottom)) exact_ = false;
  MoveTo(grid.y - top, column);
  if (PrintAfterHalf(column, emulator_.charsets().active)) {
    pen_.SetPenExactly(emulator_.pen());
  } else if (emulator_.modes().insert && cell.has_text()) {
    // Printing will push the rest of the line back to where it is.
    pen_.Csi(Join(JoinState(), emulator_.ClusterText(cell).front()).state.width(), 'P');
  }
  if (!pen_.PrintText(cell, emulator_.charsets().active)) exact_ = false;
}

// What found no room at the margin is sent again after what stands there.
void Serializer::LastDropped() {
  const Grid& grid = emulator_.grid();
  const Charset* const charset = emulator_.charsets().active;
  const int top = emulator_.modes().origin ? grid.top : 0;
  const std::u32string& dropped = emulator_.dropped();
  int column = columns_ - 1;
  if (grid.Row(grid.y).At(column).width() == 0) --column;
  const Cell cell = grid.Row(grid.y).At(column);
  MoveTo(grid.y - top, column);
  // A narrow one that a variation selector would have made wide.
  const bool grew = Join(JoinState(), dropped.front()).state.break_class() != kBreakOther;
  if (grew || emulator_.modes().insert) exact_ = false;
  if (cell.has_text()) {
    const bool after_half = PrintAfterHalf(column, charset);
    if (!grew || after_half) pen_.SetPen(StyleOf(cell));
    pen_.PrintText(cell, charset);
    if (!grew) pen_.SetPenExactly(emulator_.pen());
  }
  for (char32_t code : dropped) AppendUtf8(code, &pen_.out());
}

}  // namespace atrium::screen
