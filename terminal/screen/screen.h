// The server's copy of a terminal: what a page's renderer shows after the same
// bytes, cell by cell, and the bytes that make a fresh renderer show it.
#ifndef ATRIUM_TERMINAL_SCREEN_SCREEN_H_
#define ATRIUM_TERMINAL_SCREEN_SCREEN_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "terminal/screen/style.h"

namespace atrium::screen {

class Emulator;

enum class MouseProtocol { kNone, kX10, kVt200, kDrag, kAny };
enum class MouseEncoding { kDefault, kSgr, kSgrPixels };
enum class CursorShape { kUnset, kBlock, kUnderline, kBar };

// Modes, named after what they do; the numbers are DECSET's unless ANSI is said.
struct Modes {
  bool insert = false;                   // ANSI 4
  bool newline = false;                  // ANSI 20; a reset does not end it
  bool application_cursor_keys = false;  // 1
  bool origin = false;                   // 6
  bool wraparound = true;                // 7
  bool reverse_wraparound = false;       // 45
  bool application_keypad = false;       // 66
  bool send_focus = false;               // 1004
  bool bracketed_paste = false;          // 2004
  bool synchronized_output = false;      // 2026
  bool cursor_hidden = false;            // 25; a reset does not end it
  std::optional<bool> cursor_blink;      // 12, once set or reset
  MouseProtocol mouse_protocol = MouseProtocol::kNone;
  MouseEncoding mouse_encoding = MouseEncoding::kDefault;
  CursorShape cursor_shape = CursorShape::kUnset;  // DECSCUSR
  std::optional<bool> cursor_shape_blink;
  bool operator==(const Modes&) const = default;
};

struct Cursor {
  int row = 0;
  int column = 0;  // the number of columns while a wrap is pending
  bool operator==(const Cursor&) const = default;
};

struct CellView {
  std::string text;  // UTF-8; empty for a blank cell or the right half of a wide one
  int width = 1;     // 0, 1 or 2
  Style style;
  std::string_view link_uri;  // valid until the next Write
  std::string_view link_id;
};

// Shell integration, OSC 133.
struct Mark {
  enum class Kind { kPromptStart, kCommandStart, kOutputStart, kCommandEnd };
  Kind kind = Kind::kPromptStart;
  std::optional<int> exit_code;  // of kCommandEnd, where the shell said it
  int64_t line = 0;              // see Screen::first_line_number
  int column = 0;
  // Of kOutputStart: `cmdline_url=`, percent-decoded, valid UTF-8 without control
  // characters but line feeds and tabs, at most kMaxCommandTextBytes.
  std::string text;
  std::string key;  // `atrium=`, as it was sent: whoever set it up knows it
};

// The marks that stand on one line, of each kind the latest.
struct LineMarks {
  bool prompt = false;     // kPromptStart
  bool output = false;     // kOutputStart
  bool end = false;        // kCommandEnd
  int16_t exit_code = -1;  // of kCommandEnd, 0-255; -1 where it is not known

  bool any() const { return prompt || output || end; }
  void Add(const Mark& mark);
  // Takes in the marks of a line that comes later.
  void Merge(const LineMarks& later);
  bool operator==(const LineMarks&) const = default;
};

struct SerializeOptions {
  // Lines of scrollback to include; all of them when negative. With fewer than
  // all, the renderer differs from the others' in what a later resize pulls
  // back onto the screen and in where an older saved cursor restores to.
  int scrollback_lines = -1;
  // Begins by ending whatever the renderer was in the middle of and resetting
  // it. Without it the renderer must be freshly made.
  bool reset = true;
};

// Not thread-safe, no I/O, never blocks. The target is xterm.js 6.0.0 with
// @xterm/addon-unicode-graphemes 0.4.0 active, options as in
// tests/screen/renderer.mjs.
//
// What it holds is bounded by limits.h, whatever the output is: scrollback by
// lines and bytes, strings by their payload limits, a cell by 64 code points
// (the page holds its renderer's cells to the same).
class Screen {
 public:
  struct Options {
    int columns = 80;
    int rows = 24;
    int scrollback_lines = 10000;
    bool answer_checksum_queries = false;  // DECRQCRA, for test suites only
    // Fixed answers to colour queries, 0xrrggbb.
    uint32_t foreground = 0xffffff;
    uint32_t background = 0x000000;
    uint32_t cursor = 0xffffff;
  };

  // News from inside Write(); arguments are valid during the call only. A
  // listener must not call back into the Screen except to read it.
  class Listener {
   public:
    virtual ~Listener() = default;
    // The answer to a query, for the program. Made of fixed text and numbers.
    virtual void OnReply(std::string_view bytes) {}
    // Printable text, at most kMaxTitleBytes.
    virtual void OnTitle(std::string_view title) {}
    virtual void OnBell() {}
    // OSC 7: an absolute path, percent-decoded, without control characters.
    virtual void OnWorkingDirectory(std::string_view path) {}
    virtual void OnMark(const Mark& mark) {}
    // OSC 52 wants to set the clipboard. Reading it is never answered.
    virtual void OnClipboardSet(std::string_view base64) {}
  };

  // The listener may be null; otherwise it outlives the Screen.
  Screen(Options options, Listener* listener);
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  // Takes output of the program, split anywhere.
  void Write(std::string_view bytes);

  // Takes a new size, clamped to 2..1000 by 1..500. True when a renderer that
  // is in this state and resizes itself ends up in the same state again; false
  // when it may not, and the caller must send a snapshot with the resize.
  bool Resize(int columns, int rows);

  // Bytes that put a renderer of the same size into this state, so that it may
  // go on with the output from here. May end inside a sequence or a character.
  //
  // *exact is set to false where no bytes do so in every respect. That takes
  // several rare things at once, such as a wide character dropped at the margin
  // with autowrap off, or a wrap pending on a cell that was scrolled away in the
  // alternate buffer; a caller that can wait tries again after more output.
  std::string Serialize(const SerializeOptions& options = {}, bool* exact = nullptr) const;

  int columns() const;
  int rows() const;
  Cursor cursor() const;
  const Modes& modes() const;
  bool alternate() const;
  bool application_cursor_keys() const { return modes().application_cursor_keys; }
  bool bracketed_paste() const { return modes().bracketed_paste; }
  // As given by the program, cleaned; see Listener.
  const std::string& title() const;
  const std::string& working_directory() const;

  // Rows count from the top of the screen, columns from the left. Rows below zero
  // are the scrollback's, -1 its newest.
  CellView CellAt(int row, int column) const;
  // Text without trailing blanks.
  std::string LineText(int row) const;
  // Whether the row continues the one above it.
  bool LineWrapped(int row) const;
  // All rows, each ended by a line feed, without blank rows at the end.
  std::string ScreenText() const;

  // Lines of scrollback held now, and the text of the last `lines` of them.
  int scrollback_size() const;
  std::string ScrollbackText(int lines) const;
  // The last `lines` lines of scrollback and screen up to the last one with
  // text. Lines the terminal wrapped are joined.
  std::string LastLines(int lines) const;

  // Lines have numbers that grow from 0 and stay while the width does: the
  // oldest line held has first_line_number(), row r has screen_line_number()+r.
  int64_t first_line_number() const;
  int64_t screen_line_number() const;
  // The marks of the normal screen and its scrollback that are held, by their
  // line's place counted from the oldest line held.
  std::vector<std::pair<int, LineMarks>> Marks() const;
  // Text of lines [begin, end) as far as they are held, wrapped lines joined.
  std::string TextOfLines(int64_t begin, int64_t end) const;

  size_t memory_bytes() const;

  // For tests and dumps: everything a renderer would show or act on later, one
  // fact a line.
  std::string DebugState() const;

 private:
  // Owned.
  std::unique_ptr<Emulator> emulator_;
};

}  // namespace atrium::screen

#endif  // ATRIUM_TERMINAL_SCREEN_SCREEN_H_
