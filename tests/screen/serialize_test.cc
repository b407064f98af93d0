// Serialize, by what a Screen made from it does next (N2, M4).
#include <gtest/gtest.h>

#include <string>

#include "terminal/screen/screen.h"

namespace atrium::screen {
namespace {

// Splits `bytes` everywhere: the first part goes to one Screen, whose snapshot
// makes another, and both take the rest.
void ExpectSplitsEqual(const std::string& bytes, int columns = 12, int rows = 4) {
  const Screen::Options options{columns, rows, 50};
  Screen whole(options, nullptr);
  whole.Write(bytes);
  for (size_t k = 0; k <= bytes.size(); ++k) {
    Screen first(options, nullptr);
    first.Write(bytes.substr(0, k));
    bool exact = false;
    const std::string snapshot = first.Serialize({}, &exact);
    EXPECT_TRUE(exact) << "split at " << k;
    Screen second(options, nullptr);
    second.Write(snapshot);
    ASSERT_EQ(second.DebugState(), first.DebugState()) << "split at " << k;
    ASSERT_EQ(second.Marks(), first.Marks()) << "split at " << k;
    second.Write(bytes.substr(k));
    ASSERT_EQ(second.DebugState(), whole.DebugState()) << "split at " << k;
    ASSERT_EQ(second.Marks(), whole.Marks()) << "split at " << k;
    EXPECT_EQ(second.title(), whole.title());
  }
}

TEST(SerializeTest, N2MarksOfCommands) {
  ExpectSplitsEqual(
      "\x1b]133;A\x07$ \x1b]133;B\x07ls a long one\r\n\x1b]133;C\x07out that wraps around\r\n"
      "\x1b]133;D;3\x07\x1b]133;A\x07$ "
      "\x1b]133;B\x07true\r\n\x1b]133;C\x07\x1b]133;D\x07\x1b]133;A\x07"
      "$ \x1b[?1049h\x1b]133;A\x07full\x1b[?1049l\x1b]133;B\x07x\r\n\r\ny");
}

TEST(SerializeTest, N2TextWrapsAndScrollback) {
  ExpectSplitsEqual("one\r\ntwo is longer than the width of it\r\n\r\nthree\r\nfour\r\nfive\tsix");
}

TEST(SerializeTest, N2SplitCharactersAndClusters) {
  ExpectSplitsEqual(
      "\u2026\U0001f642e\u0301\U0001f468\u200d\U0001f469\u2764\ufe0f\u4f60\u597d\u4f60\u597d\u4f60"
      "\u597d!");
}

TEST(SerializeTest, N2PendingWrapAndRepetition) {
  ExpectSplitsEqual("abcdefghijkl\x1b[31m\x1b[mm\u4f60\x1b[3b\x1b[1;12Hx\x1b[2bY");
}

TEST(SerializeTest, N2Colours) {
  ExpectSplitsEqual(
      "\x1b[1;31mA\x1b[4:3;58:2::1:2:3mB\x1b[0;48;5;17m\x1b[KC\x1b[7;38;2;9;8;7mD\x1b[m\x1b[2\"qE");
}

TEST(SerializeTest, N2LinksTitleAndColoursOfThePalette) {
  ExpectSplitsEqual(
      "\x1b]2;the title\x07\x1b]8;;http://a/\x1b\\link\x1b]8;;\x1b\\ \x1b]4;3;#123456\x07.");
}

TEST(SerializeTest, N2BothScreensWithMarginsTabsAndSavedCursors) {
  ExpectSplitsEqual(
      "shell\r\n\x1b[3g\x1b[5G\x1bH\x1b[2;3r\x1b[2;2H\x1b[32m\x1b"
      "7\x1b[m\x1b[?1049h\x1b[2J\x1b[H"
      "alt\x1b[2;4r\x1b[?6h\x1b[2;2Hx\x1b"
      "7\x1b[H\x1b"
      "8y\x1b[?6l\x1b[?1049l\x1b"
      "8\tz");
}

TEST(SerializeTest, N2CharacterSetsAndModes) {
  ExpectSplitsEqual(
      "\x1b(0lqk\x0e\x1b)A#\x0f\x1b[4hins\x1b[1;2Hx\x1b[4l\x1b[?7labcdefghijklmnop\x1b[?7h\x1b[?1;"
      "66;1002;1006;"
      "2004h\x1b[?25l\x1b[3 q\x1b[20h\nx");
}

TEST(SerializeTest, N2StringsCutInTheMiddle) {
  ExpectSplitsEqual(
      "\x1bP1;2|data\x1b\\\x1b_app\x1b\\\x1b]52;c;aGk=\x07\x1b[1;2:3;4m\x1b[?1;2$p\x1b#8");
}

TEST(SerializeTest, M4ShortScrollbackIsTheLastOfIt) {
  Screen screen(Screen::Options{10, 2, 50}, nullptr);
  for (int i = 0; i < 20; ++i) screen.Write("line " + std::to_string(i) + "\r\n");
  SerializeOptions options;
  options.scrollback_lines = 3;
  Screen late(Screen::Options{10, 2, 50}, nullptr);
  late.Write(screen.Serialize(options));
  EXPECT_EQ(late.ScrollbackText(50), "line 16\nline 17\nline 18\n");
  EXPECT_EQ(late.ScreenText(), screen.ScreenText());
}

TEST(SerializeTest, M4ASnapshotReplacesWhateverWasThere) {
  Screen screen(Screen::Options{10, 2, 50}, nullptr);
  screen.Write("x\x1b[31my");
  Screen late(Screen::Options{10, 2, 50}, nullptr);
  late.Write("old\x1b[?1049h\x1b(0\x1b[20h\x1b[4hstuff\x1b]2;unfinished");
  late.Write(screen.Serialize());
  EXPECT_EQ(late.DebugState(), screen.DebugState());
  EXPECT_EQ(late.title(), "");
}

}  // namespace
}  // namespace atrium::screen
