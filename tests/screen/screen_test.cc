// What sequences do, in the renderer's sense; oracle.mjs checks the rest.
#include "terminal/screen/screen.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace atrium::screen {
namespace {

using ::testing::ElementsAre;

class Recorder : public Screen::Listener {
 public:
  void OnTitle(std::string_view title) override { titles.emplace_back(title); }
  void OnBell() override { ++bells; }
  void OnWorkingDirectory(std::string_view path) override { paths.emplace_back(path); }
  void OnMark(const Mark& mark) override { marks.push_back(mark); }
  std::vector<std::string> titles;
  std::vector<std::string> paths;
  std::vector<Mark> marks;
  int bells = 0;
};

class ScreenTest : public ::testing::Test {
 protected:
  Screen& Make(int columns, int rows, int scrollback = 100) {
    screen_ = std::make_unique<Screen>(Screen::Options{columns, rows, scrollback}, &news_);
    return *screen_;
  }

  Recorder news_;
  std::unique_ptr<Screen> screen_;
};

TEST_F(ScreenTest, TextGoesToTheCursorAndScrollsAtTheBottom) {
  Screen& screen = Make(10, 2);
  screen.Write("one\r\ntwo\r\nthree");
  EXPECT_EQ(screen.ScreenText(), "two\nthree\n");
  EXPECT_EQ(screen.ScrollbackText(5), "one\n");
  EXPECT_EQ(screen.cursor(), (Cursor{1, 5}));
}

TEST_F(ScreenTest, AWrapIsPendingUntilTheNextCharacter) {
  Screen& screen = Make(4, 2);
  screen.Write("abcd");
  EXPECT_EQ(screen.cursor(), (Cursor{0, 4}));
  screen.Write("e");
  EXPECT_EQ(screen.cursor(), (Cursor{1, 1}));
  EXPECT_TRUE(screen.LineWrapped(1));
  EXPECT_EQ(screen.LastLines(2), "abcde\n");
}

TEST_F(ScreenTest, WideCharactersTakeTwoCellsAndWrapWhole) {
  Screen& screen = Make(3, 2);
  screen.Write("a\u4f60\u597d");
  EXPECT_EQ(screen.CellAt(0, 1).width, 2);
  EXPECT_EQ(screen.CellAt(0, 2).width, 0);
  EXPECT_EQ(screen.CellAt(1, 0).text, "\u597d");
}

TEST_F(ScreenTest, ClustersShareACell) {
  Screen& screen = Make(20, 2);
  screen.Write("e\u0301\U0001f468\u200d\U0001f469\u200d\U0001f467\U0001f1e9\U0001f1eax");
  EXPECT_EQ(screen.CellAt(0, 0).text, "e\u0301");
  EXPECT_EQ(screen.CellAt(0, 1).text, "\U0001f468\u200d\U0001f469\u200d\U0001f467");
  EXPECT_EQ(screen.CellAt(0, 3).text, "\U0001f1e9\U0001f1ea");
  EXPECT_EQ(screen.CellAt(0, 5).text, "x");
}

TEST_F(ScreenTest, AVariationSelectorWidensItsCharacter) {
  Screen& screen = Make(10, 1);
  screen.Write("\u2764\ufe0f");
  EXPECT_EQ(screen.CellAt(0, 0).width, 2);
  EXPECT_EQ(screen.cursor().column, 2);
}

TEST_F(ScreenTest, CharactersMaySpanWrites) {
  Screen& screen = Make(10, 1);
  for (char c : std::string("\u2026\U0001f642\u00e9")) screen.Write({&c, 1});
  EXPECT_EQ(screen.LineText(0), "\u2026\U0001f642\u00e9");
}

TEST_F(ScreenTest, MalformedUtf8Vanishes) {
  Screen& screen = Make(20, 1);
  screen.Write(
      "a\xff\xc3(b\xe2\x82z\xed\xa0\x80\xf4\x90\x80\x80\xef\xbb\xbf"
      "c");
  EXPECT_EQ(screen.LineText(0), "a(bzc");
}

TEST_F(ScreenTest, SequencesMaySpanWrites) {
  Screen& screen = Make(20, 2);
  for (char c : std::string("\x1b[1;38;5;200mx\x1b]2;ti\x07")) screen.Write({&c, 1});
  EXPECT_EQ(screen.CellAt(0, 0).style.fg, kBold | kColorPalette | 200u);
  EXPECT_EQ(screen.title(), "ti");
}

TEST_F(ScreenTest, DirectColourHasTwoForms) {
  Screen& screen = Make(20, 1);
  screen.Write("\x1b[38;2;1;2;3;48:2::4:5:6;58:5:7;4:3mx");
  const Style style = screen.CellAt(0, 0).style;
  EXPECT_EQ(style.fg, kUnderline | kColorRgb | 0x010203u);
  EXPECT_EQ(style.bg, kExtended | kColorRgb | 0x040506u);
  EXPECT_EQ(style.underline_color, kColorPalette | 7u);
  EXPECT_EQ(style.underline, UnderlineStyle::kCurly);
}

TEST_F(ScreenTest, ErasingKeepsTheBackground) {
  Screen& screen = Make(4, 1);
  screen.Write("abcd\x1b[44m\x1b[2G\x1b[K");
  EXPECT_EQ(screen.LineText(0), "a");
  EXPECT_EQ(screen.CellAt(0, 3).style.bg, kColorAnsi | 4u);
}

TEST_F(ScreenTest, MarginsKeepTheRestStill) {
  Screen& screen = Make(5, 4);
  screen.Write("1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[3;1H\n5\x1b[2;1H\x1bM6");
  EXPECT_EQ(screen.ScreenText(), "1\n6\n3\n4\n");
}

TEST_F(ScreenTest, TheAlternateScreenLeavesTheOtherAlone) {
  Screen& screen = Make(5, 2);
  screen.Write("ab\x1b[?1049hXY");
  EXPECT_TRUE(screen.alternate());
  EXPECT_EQ(screen.LineText(0), "  XY");
  screen.Write("\x1b[?1049l");
  EXPECT_EQ(screen.LineText(0), "ab");
  EXPECT_EQ(screen.cursor(), (Cursor{0, 2}));
}

TEST_F(ScreenTest, LineDrawingAndRepetition) {
  Screen& screen = Make(10, 1);
  screen.Write("\x1b(0lq\x1b[3bk\x1b(Bq");
  EXPECT_EQ(screen.LineText(0), "\u250c\u2500\u2500\u2500\u2500\u2510q");
}

TEST_F(ScreenTest, TabStopsAndInsertMode) {
  Screen& screen = Make(12, 1);
  screen.Write("\x1b[3g\x1b[4G\x1bH\r\tx\x1b[1G\x1b[4hab");
  EXPECT_EQ(screen.LineText(0), "ab   x");
}

TEST_F(ScreenTest, ModesAreReported) {
  Screen& screen = Make(10, 2);
  screen.Write("\x1b[?1;1003;1006;2004;2026h\x1b[?25l\x1b[6 q");
  EXPECT_TRUE(screen.application_cursor_keys());
  EXPECT_TRUE(screen.bracketed_paste());
  EXPECT_EQ(screen.modes().mouse_protocol, MouseProtocol::kAny);
  EXPECT_EQ(screen.modes().mouse_encoding, MouseEncoding::kSgr);
  EXPECT_TRUE(screen.modes().synchronized_output);
  EXPECT_TRUE(screen.modes().cursor_hidden);
  EXPECT_EQ(screen.modes().cursor_shape, CursorShape::kBar);
}

TEST_F(ScreenTest, TitlesArriveWithoutControlsAndReordering) {
  Make(10, 1).Write("\x1b]0;a\u202eb\u200bc\x07\x1b]2;d\x1b\\\a");
  EXPECT_THAT(news_.titles, ElementsAre("abc", "d"));
  EXPECT_EQ(news_.bells, 1);
}

TEST_F(ScreenTest, WorkingDirectoriesAreDecoded) {
  Make(10, 1).Write("\x1b]7;file://host/a%20b\x07\x1b]7;file://host/a%0ab\x07\x1b]7;nonsense\x07");
  EXPECT_THAT(news_.paths, ElementsAre("/a b"));
}

TEST_F(ScreenTest, MarksNameTheirLine) {
  Screen& screen = Make(10, 2);
  screen.Write(
      "\x1b]133;A\x07$ \x1b]133;B\x07ls\r\n\x1b]133;C\x07out\r\nmore\r\n\x1b]133;D;3\x07$");
  ASSERT_EQ(news_.marks.size(), 4u);
  EXPECT_EQ(news_.marks[1].column, 2);
  EXPECT_EQ(news_.marks[3].exit_code, 3);
  EXPECT_EQ(screen.TextOfLines(news_.marks[2].line, news_.marks[3].line), "out\nmore\n");
  EXPECT_EQ(screen.first_line_number(), 0);
  EXPECT_EQ(screen.screen_line_number(), 2);
}

TEST_F(ScreenTest, LineNumbersGoOnWhenTheScrollbackIsFull) {
  Screen& screen = Make(10, 2, 3);
  for (int i = 0; i < 10; ++i) screen.Write("line " + std::to_string(i) + "\r\n");
  EXPECT_EQ(screen.scrollback_size(), 3);
  EXPECT_EQ(screen.first_line_number(), 6);
  EXPECT_EQ(screen.TextOfLines(0, 8), "line 6\nline 7\n");
}

TEST_F(ScreenTest, LinksBelongToCells) {
  Screen& screen = Make(10, 1);
  screen.Write("\x1b]8;id=7;https://example.com/\x1b\\x\x1b]8;;\x1b\\y");
  EXPECT_EQ(screen.CellAt(0, 0).link_uri, "https://example.com/");
  EXPECT_EQ(screen.CellAt(0, 0).link_id, "7");
  EXPECT_EQ(screen.CellAt(0, 1).link_uri, "");
}

}  // namespace
}  // namespace atrium::screen
