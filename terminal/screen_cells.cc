#include "terminal/screen_cells.h"

#include <algorithm>
#include <map>
#include <utility>

#include "common/text.h"
#include "terminal/limits.h"

namespace atrium::terminal {
namespace {

using atrium::v1::CellStyle;
using atrium::v1::ReadScreenResponse;
using atrium::v1::ScreenCell;
using atrium::v1::ScreenRow;

// See CellStyle.foreground.
uint32_t ToColor(uint32_t bits) {
  const uint32_t color = bits & 0xffffff;
  switch (bits & screen::kColorKindMask) {
    case screen::kColorAnsi:
    case screen::kColorPalette:
      return 1 + (color & 0xff);
    case screen::kColorRgb:
      return 0x1000000 | color;
    default:
      return 0;
  }
}

int Underline(const screen::Style& style) {
  if ((style.fg & screen::kUnderline) == 0) return 0;
  // A link is drawn with a line of its own; `underline` then says nothing.
  const bool told = style.extended() && style.underline != screen::UnderlineStyle::kNone;
  return told ? static_cast<int>(style.underline) : 1;
}

CellStyle ToProto(const screen::Style& style) {
  CellStyle out;
  out.set_foreground(ToColor(style.fg));
  out.set_background(ToColor(style.bg));
  out.set_bold((style.fg & screen::kBold) != 0);
  out.set_dim((style.bg & screen::kDim) != 0);
  out.set_italic((style.bg & screen::kItalic) != 0);
  out.set_underline(Underline(style));
  out.set_blink((style.fg & screen::kBlink) != 0);
  out.set_inverse((style.fg & screen::kInverse) != 0);
  out.set_invisible((style.fg & screen::kInvisible) != 0);
  out.set_strikethrough((style.fg & screen::kStrikethrough) != 0);
  return out;
}

// Collects the looks; equal ones get one number, the plain one gets 0.
class Styles {
 public:
  explicit Styles(ReadScreenResponse* out) : out_(out) { Number(CellStyle()); }

  int Of(const screen::Style& style) { return Number(ToProto(style)); }

 private:
  int Number(const CellStyle& style) {
    const auto [it, is_new] = numbers_.emplace(style.SerializeAsString(), out_->styles_size());
    if (is_new) *out_->add_styles() = style;
    return it->second;
  }

  // Given.
  ReadScreenResponse* const out_;
  // State.
  std::map<std::string, int> numbers_;
};

// Columns always add up: a wide character without its right half counts one, and
// a right half without its left is a blank.
void AddCells(const screen::Screen& screen, int row, Styles* styles, ScreenRow* out) {
  int plain = 0;  // Cells at the end that need not be said.
  for (int column = 0; column < screen.columns();) {
    const screen::CellView view = screen.CellAt(row, column);
    const bool whole = view.width == 2 && column + 1 < screen.columns() &&
                       screen.CellAt(row, column + 1).width == 0;
    ScreenCell* cell = out->add_cells();
    cell->set_text(view.text == " " ? "" : view.text);
    cell->set_width(whole ? 2 : 1);
    cell->set_style(styles->Of(view.style));
    plain = cell->text().empty() && cell->style() == 0 ? plain + 1 : 0;
    column += whole ? 2 : 1;
  }
  for (; plain > 0; --plain) out->mutable_cells()->RemoveLast();
}

}  // namespace

ReadScreenResponse ScreenCells(const screen::Screen& screen, int scrollback_lines) {
  ReadScreenResponse out;
  out.mutable_size()->set_columns(screen.columns());
  out.mutable_size()->set_rows(screen.rows());
  out.set_cursor_column(screen.cursor().column);
  out.set_cursor_row(screen.cursor().row);
  out.set_title(MakeUtf8(screen.title()));
  out.set_application_cursor_keys(screen.application_cursor_keys());
  out.set_alternate_screen(screen.alternate());
  const auto most = static_cast<int>(limits::kScreenCells / screen.columns()) - screen.rows();
  const int before = std::clamp(std::min(scrollback_lines, most), 0, screen.scrollback_size());
  Styles styles(&out);
  for (int row = -before; row < screen.rows(); ++row) {
    ScreenRow* line = out.add_rows();
    AddCells(screen, row, &styles, line);
    line->set_wrapped(screen.LineWrapped(row + 1));
  }
  return out;
}

}  // namespace atrium::terminal
