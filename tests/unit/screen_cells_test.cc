// Screens as cells.
#include "terminal/screen_cells.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "terminal/limits.h"

namespace atrium::terminal {
namespace {

using atrium::v1::CellStyle;
using atrium::v1::ReadScreenResponse;

ReadScreenResponse Read(const std::string& bytes, int columns = 10, int rows = 3,
                        int scrollback = 0) {
  screen::Screen screen({columns, rows, 20000}, nullptr);
  screen.Write(bytes);
  return ScreenCells(screen, scrollback);
}
std::string TextOf(const atrium::v1::ScreenRow& row) {
  std::string text;
  for (const auto& cell : row.cells()) text += cell.text().empty() ? " " : cell.text();
  return text;
}
CellStyle StyleOf(const ReadScreenResponse& screen, int row, int cell) {
  return screen.styles(screen.rows(row).cells(cell).style());
}

TEST(ScreenCellsTest, N7CellsHoldGraphemesWithTheirWidths) {
  const ReadScreenResponse screen = Read("a \u4f60e\u0301\U0001f468\u200d\U0001f469!  ");
  ASSERT_EQ(screen.rows_size(), 3);
  const auto& row = screen.rows(0);
  ASSERT_EQ(row.cells_size(), 6) << TextOf(row);
  EXPECT_EQ(row.cells(1).text(), "");
  EXPECT_EQ(row.cells(2).text(), "\u4f60");
  EXPECT_EQ(row.cells(2).width(), 2);
  EXPECT_EQ(row.cells(3).text(), "e\u0301");
  EXPECT_EQ(row.cells(3).width(), 1);
  EXPECT_EQ(row.cells(4).text(), "\U0001f468\u200d\U0001f469");
  EXPECT_EQ(screen.rows(1).cells_size(), 0);
  EXPECT_EQ(screen.styles_size(), 1);
  EXPECT_EQ(screen.cursor_column(), 10) << "a wrap is pending";
}

TEST(ScreenCellsTest, N7LooksAreSaid) {
  const ReadScreenResponse screen = Read(
      "\x1b[1;3;4;7;31;48;2;1;2;3ma\x1b[0;2;5;8;9;38;5;200;102mb\x1b[0;4:3mc\x1b[0;4:2md\x1b[me"
      "\x1b[1;3;4;7;31;48;2;1;2;3mf");
  const CellStyle a = StyleOf(screen, 0, 0), b = StyleOf(screen, 0, 1);
  EXPECT_TRUE(a.bold() && a.italic() && a.inverse());
  EXPECT_FALSE(a.dim() || a.blink() || a.invisible() || a.strikethrough());
  EXPECT_EQ(a.underline(), 1);
  EXPECT_EQ(a.foreground(), 2u);
  EXPECT_EQ(a.background(), 0x1010203u);
  EXPECT_TRUE(b.dim() && b.blink() && b.invisible() && b.strikethrough());
  EXPECT_EQ(b.foreground(), 201u);
  EXPECT_EQ(b.background(), 11u);
  EXPECT_EQ(StyleOf(screen, 0, 2).underline(), 3);
  EXPECT_EQ(StyleOf(screen, 0, 3).underline(), 2);
  EXPECT_EQ(screen.rows(0).cells(4).style(), 0) << "the plain one is the first";
  EXPECT_EQ(screen.rows(0).cells(5).style(), screen.rows(0).cells(0).style());
  EXPECT_EQ(screen.styles_size(), 5);
}

TEST(ScreenCellsTest, N7ColouredBlanksStayAndPlainOnesGo) {
  const ReadScreenResponse screen = Read("ab   \r\n\x1b[44m\x1b[K\x1b[m");
  EXPECT_EQ(screen.rows(0).cells_size(), 2);
  EXPECT_EQ(screen.rows(1).cells_size(), 10);
}

TEST(ScreenCellsTest, N7ScrollbackComesFirstAndWrapsAreSaid) {
  const ReadScreenResponse screen = Read("one\r\n0123456789abcdefghijkl\r\nx\r\ny\r\nz", 10, 3, 3);
  ASSERT_EQ(screen.rows_size(), 6);
  EXPECT_EQ(TextOf(screen.rows(0)), "0123456789");
  EXPECT_TRUE(screen.rows(0).wrapped());
  EXPECT_TRUE(screen.rows(1).wrapped());
  EXPECT_FALSE(screen.rows(2).wrapped());
  EXPECT_EQ(TextOf(screen.rows(2)), "kl");
  EXPECT_EQ(TextOf(screen.rows(5)), "z");
  EXPECT_EQ(Read("one\r\ntwo", 10, 3, 1000).rows_size(), 3);
}

TEST(ScreenCellsTest, N7ModesOfTheKeyboardAndTheScreenAreSaid) {
  EXPECT_FALSE(Read("x").application_cursor_keys());
  EXPECT_FALSE(Read("x").alternate_screen());
  const ReadScreenResponse screen = Read("\x1b]2;vi\x07\x1b[?1h\x1b[?1049h\x1b[2;3Hx");
  EXPECT_TRUE(screen.application_cursor_keys());
  EXPECT_TRUE(screen.alternate_screen());
  EXPECT_EQ(screen.title(), "vi");
  EXPECT_EQ(screen.cursor_row(), 1);
  EXPECT_EQ(screen.cursor_column(), 3);
}

TEST(ScreenCellsTest, N7HalvesOfWideCharactersKeepTheColumns) {
  for (const char* bytes : {"\u4f60\u597d\x1b[2Dx\x1b[10G#", "\u4f60\u597d\x1b[3Dx\x1b[10G#",
                            "ab\u4f60\x1b[2D\x1b[@\x1b[10G#", "\x1b[?7l\x1b[9G\u4f60#"}) {
    int columns = 0;
    const ReadScreenResponse screen = Read(bytes);
    for (const auto& cell : screen.rows(0).cells()) columns += cell.width();
    EXPECT_EQ(columns, 10) << bytes;
    EXPECT_EQ(screen.rows(0).cells().rbegin()->text(), "#") << bytes;
  }
}

TEST(ScreenCellsTest, S17AnAnswerIsBounded) {
  std::string lines;
  for (int i = 0; i < 3000; ++i) lines += "\x1b[" + std::to_string(i % 7 + 31) + "mline\r\n";
  const ReadScreenResponse screen = Read(lines, 1000, 3, 10000);
  EXPECT_EQ(screen.rows_size(), limits::kScreenCells / 1000);
  EXPECT_EQ(TextOf(screen.rows(screen.rows_size() - 2)), "line");
}

}  // namespace
}  // namespace atrium::terminal
