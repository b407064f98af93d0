#include "terminal/screen/screen.h"

#include <algorithm>

#include "terminal/screen/emulator.h"
#include "terminal/screen/serializer.h"
#include "terminal/screen/text.h"

namespace atrium::screen {
namespace {

// A line's text, blanks as spaces, without those at its end.
std::string TextOf(const Emulator& emulator, const Line& line) {
  std::string text;
  const int length = std::min(line.TextLength(), line.size());
  for (int i = 0; i < length; ++i) {
    const Cell cell = line.At(i);
    if (cell.has_text()) {
      emulator.AppendText(cell, &text);
    } else if (cell.width() == 1) {
      text += ' ';
    }
  }
  return text;
}

// Lines [begin, end) of the grid, those the terminal wrapped joined.
std::string JoinedText(const Emulator& emulator, int begin, int end) {
  const Grid& grid = emulator.grid();
  std::string text;
  for (int i = begin; i < end; ++i) {
    if (i > begin && !grid.At(i).wrapped()) text += '\n';
    text += TextOf(emulator, grid.At(i));
  }
  if (end > begin) text += '\n';
  return text;
}

// One past the last line that has text or the cursor.
int LastUsed(const Grid& grid) {
  int last = grid.line_count();
  while (last > 0 && grid.At(last - 1).TextLength() == 0) --last;
  return last;
}

}  // namespace

Screen::Screen(Options options, Listener* listener)
    : emulator_(std::make_unique<Emulator>(options, listener)) {}

Screen::~Screen() = default;

void Screen::Write(std::string_view bytes) { emulator_->Write(bytes); }

bool Screen::Resize(int columns, int rows) { return emulator_->Resize(columns, rows); }

std::string Screen::Serialize(const SerializeOptions& options, bool* exact) const {
  Serializer serializer(*emulator_, options);
  std::string bytes = serializer.Run();
  if (exact != nullptr) *exact = serializer.exact();
  return bytes;
}

int Screen::columns() const { return emulator_->grid().columns(); }
int Screen::rows() const { return emulator_->grid().rows(); }
Cursor Screen::cursor() const { return {emulator_->grid().y, emulator_->grid().x}; }
const Modes& Screen::modes() const { return emulator_->modes(); }
bool Screen::alternate() const { return emulator_->in_alternate(); }
const std::string& Screen::title() const { return emulator_->title(); }
const std::string& Screen::working_directory() const { return emulator_->working_directory(); }

CellView Screen::CellAt(int row, int column) const {
  CellView view;
  if (row < -scrollback_size() || row >= rows() || column < 0 || column >= columns()) return view;
  const Cell cell = emulator_->grid().Row(row).At(column);
  emulator_->AppendText(cell, &view.text);
  view.width = cell.width();
  view.style = emulator_->styles().Get(cell.style);
  if (view.style.link != 0) {
    const Link& link = emulator_->styles().GetLink(view.style.link);
    view.link_uri = link.uri;
    view.link_id = link.id;
  }
  return view;
}

std::string Screen::LineText(int row) const {
  if (row < -scrollback_size() || row >= rows()) return std::string();
  return TextOf(*emulator_, emulator_->grid().Row(row));
}

bool Screen::LineWrapped(int row) const {
  return row >= -scrollback_size() && row < rows() && emulator_->grid().Row(row).wrapped();
}

std::string Screen::ScreenText() const {
  std::string text;
  int last = rows();
  while (last > 0 && emulator_->grid().Row(last - 1).TextLength() == 0) --last;
  for (int row = 0; row < last; ++row) Append(&text, LineText(row), "\n");
  return text;
}

std::vector<std::pair<int, LineMarks>> Screen::Marks() const {
  std::vector<std::pair<int, LineMarks>> marks;
  const Grid& grid = emulator_->normal();
  for (int i = 0; i < grid.line_count(); ++i) {
    if (grid.At(i).marks().any()) marks.emplace_back(i, grid.At(i).marks());
  }
  return marks;
}

int Screen::scrollback_size() const { return emulator_->grid().history(); }

std::string Screen::ScrollbackText(int lines) const {
  const int history = scrollback_size();
  std::string text;
  for (int i = std::max(0, history - std::max(lines, 0)); i < history; ++i) {
    Append(&text, TextOf(*emulator_, emulator_->grid().At(i)), "\n");
  }
  return text;
}

std::string Screen::LastLines(int lines) const {
  const int last = LastUsed(emulator_->grid());
  return JoinedText(*emulator_, std::max(0, last - std::max(lines, 0)), last);
}

int64_t Screen::first_line_number() const { return emulator_->grid().first_number(); }

int64_t Screen::screen_line_number() const { return first_line_number() + scrollback_size(); }

std::string Screen::TextOfLines(int64_t begin, int64_t end) const {
  const int64_t count = emulator_->grid().line_count();
  const int64_t from = std::clamp<int64_t>(begin - first_line_number(), 0, count);
  const int64_t to = std::clamp<int64_t>(end - first_line_number(), from, count);
  return JoinedText(*emulator_, static_cast<int>(from), static_cast<int>(to));
}

size_t Screen::memory_bytes() const { return emulator_->memory_bytes(); }

}  // namespace atrium::screen
