// Screen::DebugState: one line of JSON with everything a renderer of the same
// state has, under the names tests/screen/renderer.mjs uses.
#include <algorithm>

#include "terminal/screen/emulator.h"
#include "terminal/screen/screen.h"
#include "terminal/screen/text.h"

namespace atrium::screen {
namespace {

void AppendQuoted(std::string_view text, std::string* out) {
  out->push_back('"');
  for (char c : text) {
    if (c == '"' || c == '\\') out->push_back('\\');
    if (static_cast<unsigned char>(c) < 0x20) {
      Append(out, "\\u00", "0123456789abcdef"[c >> 4], "0123456789abcdef"[c & 15]);
    } else {
      out->push_back(c);
    }
  }
  out->push_back('"');
}

class StateWriter {
 public:
  explicit StateWriter(const Emulator& emulator) : emulator_(emulator) {}

  std::string Write() {
    out_ = "{";
    Member("columns", emulator_.grid().columns());
    Member("rows", emulator_.grid().rows());
    Flag("alternate", emulator_.in_alternate());
    Key("pen");
    AppendStyle(emulator_.pen());
    Member("join", emulator_.join().break_class() + 16 * emulator_.join().width());
    WriteModes();
    WriteCharsets();
    Key("normal");
    WriteGrid(emulator_.normal(), true);
    Key("alt");
    WriteGrid(emulator_.alternate(), emulator_.in_alternate());
    out_ += "}";
    return out_;
  }

 private:
  void Key(std::string_view name) {
    if (out_.back() != '{' && out_.back() != '[') out_ += ',';
    AppendQuoted(name, &out_);
    out_ += ':';
  }
  void Member(std::string_view name, int64_t value) {
    Key(name);
    Append(&out_, value);
  }
  void Flag(std::string_view name, bool value) {
    Key(name);
    out_ += value ? "true" : "false";
  }

  // [fg, bg, underline style, underline colour, link]; the last three only
  // where they show.
  void AppendStyle(const Style& style) {
    const Style visible = style.Visible();
    const bool linked = visible.link != 0;
    Append(&out_, "[", visible.fg, ",", visible.bg, ",",
           linked ? 5 : static_cast<int>(visible.underline), ",", visible.underline_color, ",");
    if (linked) {
      AppendQuoted(emulator_.styles().GetLink(visible.link).uri, &out_);
    } else {
      out_ += "\"\"";
    }
    out_ += "]";
  }

  void WriteModes() {
    const Modes& modes = emulator_.modes();
    Key("modes");
    out_ += "{";
    Flag("insert", modes.insert);
    Flag("newline", modes.newline);
    Flag("applicationCursorKeys", modes.application_cursor_keys);
    Flag("origin", modes.origin);
    Flag("wraparound", modes.wraparound);
    Flag("reverseWraparound", modes.reverse_wraparound);
    Flag("applicationKeypad", modes.application_keypad);
    Flag("sendFocus", modes.send_focus);
    Flag("bracketedPaste", modes.bracketed_paste);
    Flag("synchronizedOutput", modes.synchronized_output);
    Flag("cursorHidden", modes.cursor_hidden);
    Flag("cursorBlink", modes.cursor_blink.value_or(false));
    Member("mouseProtocol", static_cast<int64_t>(modes.mouse_protocol));
    Member("mouseEncoding", static_cast<int64_t>(modes.mouse_encoding));
    Member("cursorShape", static_cast<int64_t>(modes.cursor_shape));
    Member("cursorShapeBlink", static_cast<int64_t>(!modes.cursor_shape_blink.has_value() ? 2
                                                    : *modes.cursor_shape_blink           ? 1
                                                                                          : 0));
    out_ += "}";
  }

  void AppendCharset(const Charset* charset) {
    if (charset == nullptr) {
      out_ += "\"\"";
      return;
    }
    // The sets with two names are one in the renderer.
    char flag = charset->flag;
    if (flag == '5') flag = 'C';
    if (flag == '6') flag = 'E';
    if (flag == '7') flag = 'H';
    AppendQuoted(std::string_view(&flag, 1), &out_);
  }

  void WriteCharsets() {
    const Charsets& charsets = emulator_.charsets();
    Key("charsets");
    out_ += "[";
    for (const Charset* charset : charsets.designated) {
      AppendCharset(charset);
      out_ += ",";
    }
    AppendCharset(charsets.active);
    Append(&out_, ",", charsets.level, "]");
  }

  void WriteGrid(const Grid& grid, bool active) {
    out_ += "{";
    Key("saved");
    // A column past the last one restores to the last one.
    Append(&out_, "[", std::min(grid.saved.x, grid.columns() - 1), ",", grid.saved.line, ",",
           grid.saved.fg, ",", grid.saved.bg, ",");
    AppendCharset(grid.saved.charset);
    out_ += "]";
    Key("tabs");
    out_ += "[";
    for (int i = 0; i < grid.columns(); ++i) {
      if (!grid.tabs[static_cast<size_t>(i)]) continue;
      if (out_.back() != '[') out_ += ",";
      Append(&out_, i);
    }
    out_ += "]";
    if (active) {
      Member("base", grid.base());
      Member("y", grid.y);
      if (&grid == &emulator_.grid()) Member("x", grid.x);
      Member("top", grid.top);
      Member("bottom", grid.bottom);
      WriteLines(grid);
    }
    out_ += "}";
  }

  // A line is [wrapped, cell, ...]; runs of equal blanks are [count, style] and
  // text is [text, width, style].
  void WriteLines(const Grid& grid) {
    Key("lines");
    out_ += "[";
    for (int i = 0; i < grid.line_count(); ++i) {
      if (i > 0) out_ += ",";
      const Line& line = grid.At(i);
      Append(&out_, "[", line.wrapped() ? 1 : 0);
      for (int column = 0; column < grid.columns();) column = WriteCells(grid, line, column);
      out_ += "]";
    }
    out_ += "]";
  }

  int WriteCells(const Grid& grid, const Line& line, int column) {
    const Cell cell = line.At(column);
    out_ += ",[";
    int past = column + 1;
    if (cell.has_text()) {
      std::string text;
      emulator_.AppendText(cell, &text);
      AppendQuoted(text, &out_);
      Append(&out_, ",", cell.width());
    } else if (cell.width() != 1) {
      Append(&out_, "\"\",", cell.width());
    } else {
      while (past < grid.columns() && line.At(past) == cell) ++past;
      Append(&out_, past - column);
    }
    out_ += ",";
    AppendStyle(emulator_.styles().Get(cell.style));
    out_ += "]";
    return past;
  }

  const Emulator& emulator_;
  std::string out_;
};

}  // namespace

std::string Screen::DebugState() const { return StateWriter(*emulator_).Write(); }

}  // namespace atrium::screen
