// Writes a terminal's state as the bytes that produce it in a fresh renderer.
#ifndef ATRIUM_TERMINAL_SCREEN_SERIALIZER_H_
#define ATRIUM_TERMINAL_SCREEN_SERIALIZER_H_

#include <cstdint>
#include <string>
#include <string_view>

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
  // So that erasing leaves `style`, which is a background or nothing.
  void SetErase(const Style& style);
  // The pen as it is in every respect. May use the saved cursor.
  void SetPenExactly(const Style& pen);
  // The part of a pen that DECSC saves. May use the saved cursor.
  void SetSavedPen(uint32_t fg, uint32_t bg);
  const Style& pen() const { return pen_; }

  // Prints a cell's text with the pen as it is. `charset` is what the renderer
  // maps ASCII by. False when that does not give this cell.
  bool PrintText(Cell cell, const Charset* charset = nullptr);
  void PrintRaw(std::string_view ascii);
  const JoinState& join() const { return join_; }

  static bool IsErase(const Style& style);
  static bool IsConsistent(const Style& style);

 private:
  void SetFlags(uint32_t fg, uint32_t bg);
  void SetLink(uint32_t link);
  void SetUnderline(const Style& style);
  void Sgr(std::string_view parameters);

  // Given.
  const Emulator& emulator_;
  // State.
  std::string out_;
  Style pen_;
  JoinState join_;
};

class Serializer {
 public:
  Serializer(const Emulator& emulator, const SerializeOptions& options);

  std::string Run();

 private:
  // serializer_lines.cc
  void DrawLines(const Grid& grid, int first);
  void BeginWrappedFirst(const Grid& grid);
  void NextLine(const Grid& grid, int index);
  void WrapInto(const Line& line, const Line& next);
  void DrawCells(const Line& line, bool bottom);
  int DrawText(const Line& line, int column);
  int DrawBlanks(const Line& line, int column, int end);
  void DrawStyledBlank(int column, const Style& style);
  void DrawStyledLastBlank(const Line& line);
  void DrawOrphan(const Line& line, int column);
  int DrawHalf(const Line& line, int column);
  void ClearFrom(int column);
  void MoveTo(int column);
  void MoveTo(int row, int column);
  void ScrollsWith(const Style& style);

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
  void CharacterSets();
  void Position();
  bool PendingByPrinting();
  bool PendingByErasing();
  void Bounce();
  void LastPrint();
  const Style& StyleOf(Cell cell) const { return emulator_.styles().Get(cell.style); }

  // Given.
  const Emulator& emulator_;
  const SerializeOptions options_;
  // State.
  PenWriter pen_;
  int columns_;
  int rows_;
  int row_ = 0;            // of the renderer's cursor, while drawing lines
  int x_ = 0;              // its column, columns_ while a wrap is pending
  Style base_;             // how the unwritten rest of the row looks
  int clear_history_at_ = -1;  // the line that begins when junk above must go
  int64_t saved_line_ = 0;     // of the grid being drawn, counted from its first
  bool saved_done_ = false;
};

}  // namespace atrium::screen

#endif  // ATRIUM_TERMINAL_SCREEN_SERIALIZER_H_
