// Writes a terminal's state as the bytes that produce it in a fresh renderer.
#ifndef ATRIUM_TERMINAL_SCREEN_SERIALIZER_H_
#define ATRIUM_TERMINAL_SCREEN_SERIALIZER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "terminal/screen/emulator.h"
#include "terminal/screen/screen.h"

namespace atrium::screen {

// Writes escape sequences and keeps track of what they did to the renderer's
// pen and join state.
class PenWriter {
 public:
  explicit PenWriter(const Emulator& emulator) : emulator_(emulator) {}

  std::string& out() { return out_; }
  // Something that is not printing: it ends the cluster printed last.
  void Control(std::string_view bytes);
  // CSI with numbers.
  void Csi(int a, char final);
  void Csi(int a, int b, char final);

  // So that printing looks like `style`.
  void SetPen(const Style& style);
  bool Shows(const Style& style) const { return pen_.Visible() == style; }
  // So that erasing leaves `style`, which is a background or nothing.
  void SetErase(const Style& style);
  // The pen as it is in every respect. May use the saved cursor.
  void SetPenExactly(const Style& pen);
  // The part of a pen that DECSC saves. May use the saved cursor.
  void SetSavedPen(uint32_t fg, uint32_t bg);
  // By DECRC, which brings back `fg` and `bg` alone: for pens that nothing else
  // makes. The saved cursor must hold these and be one CanRestoreWith allows.
  void RestoreWith(uint32_t fg, uint32_t bg, const Style& pen);
  // DECRC for its other effects; the pen is reset.
  void RestoreOther();
  static bool CanRestoreWith(uint32_t fg, uint32_t bg, const Style& pen);

  // Prints a cell's text with the pen as it is. `charset` is what the renderer
  // maps ASCII by. False when that does not give this cell.
  bool PrintText(Cell cell, const Charset* charset = nullptr);
  void PrintRaw(std::string_view ascii);
  const JoinState& join() const { return join_; }

  // Whether the saved cursor was used since this was last asked.
  bool TakeSaves() { return std::exchange(saves_, false); }

  static bool IsErase(const Style& style);
  static bool IsConsistent(const Style& style);

 private:
  void Reset();
  void SetFlags(uint32_t fg, uint32_t bg, bool may_reset);
  void SetLink(uint32_t link);
  void SetUnderline(const Style& style);
  void Sgr(std::string_view parameters);

  // Given.
  const Emulator& emulator_;
  // State.
  std::string out_;
  Style pen_;
  JoinState join_;
  bool saves_ = false;
};

class Serializer {
 public:
  Serializer(const Emulator& emulator, const SerializeOptions& options);

  std::string Run();
  // Whether what Run() returned makes exactly this state; see Screen::Serialize.
  bool exact() const { return exact_; }

 private:
  // serializer_lines.cc
  void DrawLines(const Grid& grid, int first);
  void BeginWrappedFirst(const Grid& grid);
  void NextLine(const Grid& grid, int index);
  void WrapInto(const Line& line, const Line& next);
  void DrawMarks(const LineMarks& marks);
  void DrawCells(const Line& line, bool bottom);
  int DrawText(const Line& line, int column);
  int DrawAscii(const Line& line, int column);
  int DrawBlanks(const Line& line, int column, int end);
  void DrawStyledBlank(int column, const Style& style);
  void DrawStyledLastBlank(const Line& line);
  void DrawOrphan(const Line& line, int column);
  int DrawHalf(const Line& line, int column);
  void ClearFrom(int column);
  void MoveTo(int column);
  void MoveTo(int row, int column);
  void ScrollsWith(const Style& style);
  void UsePen(const Style& style);

  // serializer.cc
  void Palette();
  void Title();
  void Grids();
  void AlternateSaved();
  void Preroll(const Grid& grid, int first);
  void SaveDuring(const Grid& grid, int index);
  void Save(const Grid& grid, int row);
  void FinishGrid(const Grid& grid);
  void SwitchModes();
  void LateModes();
  bool RestorePen();
  void Designate();
  void CharacterSets();
  void Position(bool keep_pen);
  bool PendingByPrinting();
  bool PrintAfterHalf(int column, const Charset* charset);
  bool PendingByErasing();
  void Bounce();
  void LastPrint();
  void LastDropped();
  const Style& StyleOf(Cell cell) const { return emulator_.styles().Get(cell.style); }

  // Given.
  const Emulator& emulator_;
  const SerializeOptions options_;
  // State.
  PenWriter pen_;
  const int columns_;
  const int rows_;
  const Grid* drawn_ = nullptr;
  int row_ = 0;                // of the renderer's cursor, while drawing lines
  int x_ = 0;                  // its column, columns_ while a wrap is pending
  Style base_;                 // how the unwritten rest of the row looks
  bool last_drawn_ = false;    // the row's last cell, ahead of the others
  int clear_history_at_ = -1;  // the line that begins when junk above must go
  int64_t saved_line_ = 0;     // of the grid being drawn, counted from its first
  int64_t saved_base_ = 0;     // the line its screen begins at
  bool saved_done_ = false;    // the cursor saved there is in place
  bool exact_ = true;
};

}  // namespace atrium::screen

#endif  // ATRIUM_TERMINAL_SCREEN_SERIALIZER_H_
