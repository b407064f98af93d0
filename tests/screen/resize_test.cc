// Resizing, and when it may be left to the renderer.
#include <gtest/gtest.h>

#include <string>

#include "terminal/screen/screen.h"

namespace atrium::screen {
namespace {

TEST(ResizeTest, NarrowingWrapsAndWideningJoinsAgain) {
  Screen screen(Screen::Options{10, 4, 100}, nullptr);
  screen.Write("0123456789\r\nabc\r\n");
  EXPECT_TRUE(screen.Resize(5, 4));
  EXPECT_EQ(screen.ScreenText(), "01234\n56789\nabc\n");
  EXPECT_TRUE(screen.LineWrapped(1));
  EXPECT_TRUE(screen.Resize(10, 4));
  EXPECT_EQ(screen.ScreenText(), "0123456789\nabc\n");
}

TEST(ResizeTest, TheLineOfTheCursorIsLeftToTheProgram) {
  Screen screen(Screen::Options{10, 4, 100}, nullptr);
  screen.Write("0123456789\r\n$ command");
  EXPECT_TRUE(screen.Resize(5, 4));
  EXPECT_EQ(screen.ScreenText(), "01234\n56789\n$ com\n");
}

TEST(ResizeTest, RowsComeBackFromTheScrollback) {
  Screen screen(Screen::Options{10, 3, 100}, nullptr);
  screen.Write("1\r\n2\r\n3\r\n4\r\n5");
  EXPECT_TRUE(screen.Resize(10, 5));
  EXPECT_EQ(screen.ScreenText(), "1\n2\n3\n4\n5\n");
  EXPECT_EQ(screen.cursor().row, 4);
}

TEST(ResizeTest, ClustersThatWouldBeRewrappedAskForASnapshot) {
  Screen screen(Screen::Options{10, 4, 100}, nullptr);
  screen.Write("01234567e\u0301\r\n");
  EXPECT_FALSE(screen.Resize(5, 4));
  EXPECT_EQ(screen.ScreenText(), "01234\n567e\u0301\n");
}

TEST(ResizeTest, AWideCharacterCutInHalfAsksForASnapshot) {
  Screen screen(Screen::Options{10, 4, 100}, nullptr);
  screen.Write("\x1b[?1049h\x1b[1;5H\u4f60");
  EXPECT_FALSE(screen.Resize(5, 4));
  EXPECT_EQ(screen.CellAt(0, 4).width, 1);
}

TEST(ResizeTest, TheSameSizeIsNothing) {
  Screen screen(Screen::Options{10, 4, 100}, nullptr);
  screen.Write("01234567e\u0301\r\n");
  EXPECT_TRUE(screen.Resize(10, 4));
}

}  // namespace
}  // namespace atrium::screen
