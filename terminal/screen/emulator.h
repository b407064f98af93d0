// What Screen is inside: the state of a terminal and what sequences do to it.
#ifndef ATRIUM_TERMINAL_SCREEN_EMULATOR_H_
#define ATRIUM_TERMINAL_SCREEN_EMULATOR_H_

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "terminal/screen/charset.h"
#include "terminal/screen/grid.h"
#include "terminal/screen/params.h"
#include "terminal/screen/parser.h"
#include "terminal/screen/screen.h"
#include "terminal/screen/style.h"
#include "terminal/screen/unicode.h"

namespace atrium::screen {

// Which character sets are designated and in use. `active` is usually the
// designated one at `level`, but DECRC restores it alone.
struct Charsets {
  std::array<const Charset*, 4> designated{};
  int level = 0;
  const Charset* active = nullptr;

  void Shift(int to) {
    level = to;
    active = designated[static_cast<size_t>(to)];
  }
  void Designate(int g, const Charset* charset) {
    designated[static_cast<size_t>(g)] = charset;
    if (g == level) active = charset;
  }
  bool operator==(const Charsets&) const = default;
};

// Colours a program set, by number: 0-255 and the special ones.
inline constexpr int kForegroundColor = 256;
inline constexpr int kBackgroundColor = 257;
inline constexpr int kCursorColor = 258;
struct Palette {
  std::map<int, uint32_t> colors;
  bool touched = false;  // once any was set
};

class Emulator : private Parser::Sink {
 public:
  Emulator(const Screen::Options& options, Screen::Listener* listener);

  void Write(std::string_view bytes);
  bool Resize(int columns, int rows);

  const Grid& grid() const { return *grid_; }
  const Grid& normal() const { return normal_; }
  const Grid& alternate() const { return alternate_; }
  bool in_alternate() const { return grid_ == &alternate_; }
  const Modes& modes() const { return modes_; }
  const Charsets& charsets() const { return charsets_; }
  const Palette& palette() const { return palette_; }
  const Style& pen() const { return pen_; }
  JoinState join() const { return join_; }
  // The code points of the last print that found no room (a wide character at
  // the margin without autowrap), while nothing was printed since.
  const std::u32string& dropped() const { return dropped_; }
  const StyleTable& styles() const { return styles_; }
  const std::string& raw_title() const { return raw_title_; }
  const std::string& title() const { return title_; }
  const std::string& working_directory() const { return working_directory_; }
  std::string Unfinished() const { return parser_.Unfinished(); }
  // The text of a cell, as UTF-8 and as code points.
  void AppendText(Cell cell, std::string* out) const;
  std::u32string ClusterText(Cell cell) const;
  // Whether printing a cell's text gives one cell of its width.
  bool IsNatural(Cell cell) const;
  // Whether what was printed last is still before the cursor, so that printing
  // it again is the same as having printed it.
  bool LastClusterInPlace() const;
  size_t memory_bytes() const;

 private:
  // Parser::Sink.
  void Print(std::u32string_view text) override;
  void PrintAscii(std::string_view text) override;
  void Execute(char32_t control) override;
  void Escape(uint32_t id) override;
  void Csi(uint32_t id, const Params& params) override;
  void Osc(int number, const std::string* payload) override;
  void Dcs(uint32_t id, const std::string* payload) override;

  // emulator_print.cc
  void BeginPrint();
  void EndPrint();
  void PrintOne(char32_t code);
  bool WrapFor(int old_width);
  void JoinToCell(char32_t code, int width, int old_width);
  void Repeat(const Params& params);

  // emulator.cc
  Cell PenBlank();
  Cell EraseBlank();
  Line& Row() { return grid_->Row(grid_->y); }
  void ScrollOne(bool wrapped);
  void LineFeed();
  void Index();
  void ReverseIndex();
  void Backspace();
  void RestrictCursor(int max_column);
  void RestrictCursor() { RestrictCursor(grid_->columns() - 1); }
  void SetCursor(int64_t x, int64_t y);
  void MoveCursor(int64_t dx, int64_t dy);
  void SaveCursor();
  void RestoreCursor();
  void Designate(uint32_t id);
  void AlignmentPattern();
  void SoftReset();
  void FullReset();
  bool JoinOf(Cell cell, JoinState* state) const;
  void MaybeSweep();
  void Sweep();

  // emulator_csi.cc
  bool CsiCursor(uint32_t id, const Params& params);
  bool CsiEdit(uint32_t id, const Params& params);
  bool CsiLines(uint32_t id, const Params& params);
  bool CsiOther(uint32_t id, const Params& params);
  bool OutsideMargins() const { return grid_->y > grid_->bottom || grid_->y < grid_->top; }
  void ResetRow(int row, bool respect_protected);
  void EraseColumns(int row, int begin, int end, bool clear_wrap, bool respect_protected);
  void EraseInDisplay(int what, bool respect_protected);
  void EraseInLine(int what, bool respect_protected);
  void ShiftColumns(int at, int64_t count, bool insert);
  void SetMargins(const Params& params);
  void SetCursorShape(int shape);

  // emulator_modes.cc
  void SetAnsiModes(const Params& params, bool on);
  void SetPrivateModes(const Params& params, bool on);
  bool SetPrivateMode(int mode, bool on);
  void SetMouse(int mode, bool on);
  void SwitchGrid(bool to_alternate);
  void RequestAnsiMode(int32_t mode);
  void RequestPrivateMode(int32_t mode);
  void DeviceStatus(int what, bool is_private);
  void Checksum(const Params& params);
  void Reply(std::string_view bytes);

  // emulator_sgr.cc
  void SelectRendition(const Params& params);
  void ResetRendition();
  bool SelectFlag(int32_t what);
  bool SelectColor(int32_t what);
  void SetUnderline(int32_t style);
  int ExtractColor(const Params& params, int at);

  // emulator_osc.cc
  void SetTitle(const std::string& title);
  void SetHyperlink(std::string_view payload);
  void SetWorkingDirectory(std::string_view uri);
  void SetMark(std::string_view payload);
  void SetClipboard(std::string_view payload);
  void IndexedColors(std::string_view payload);
  void SpecialColors(std::string_view payload, int first);
  void RestoreColors(std::string_view payload);
  void ReplyColor(int index);

  // Given.
  const Screen::Options options_;
  Screen::Listener* const listener_;  // may be null
  // State.
  Parser parser_;
  StyleTable styles_;
  Grid normal_;
  Grid alternate_;
  Grid* grid_;  // one of the two
  Modes modes_;
  Charsets charsets_;
  Palette palette_;
  Style pen_;
  JoinState join_;
  uint32_t cluster_ = 0;  // grown by the cluster being printed, or 0
  std::u32string dropped_;
  std::string raw_title_;
  std::string title_;
  std::string working_directory_;
};

}  // namespace atrium::screen

#endif  // ATRIUM_TERMINAL_SCREEN_EMULATOR_H_
