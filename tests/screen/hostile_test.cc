// Output that means harm: S7 (bounds), S8 (clipboard), S9 (answers), and what
// made another emulator crash.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "terminal/screen/limits.h"
#include "terminal/screen/screen.h"

namespace atrium::screen {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Recorder : public Screen::Listener {
 public:
  void OnReply(std::string_view bytes) override { replies.emplace_back(bytes); }
  void OnTitle(std::string_view title) override { titles.emplace_back(title); }
  void OnClipboardSet(std::string_view base64) override { clipboard.emplace_back(base64); }
  std::vector<std::string> replies;
  std::vector<std::string> titles;
  std::vector<std::string> clipboard;
};

std::string Repeat(std::string_view text, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) all += text;
  return all;
}

class HostileTest : public ::testing::Test {
 protected:
  Recorder news_;
  Screen screen_{Screen::Options{80, 24, 1000}, &news_};
};

TEST_F(HostileTest, S7ManyParametersAreIgnoredBeyond32) {
  for (size_t count : {17u, 32u, 33u, 1000u, 100000u}) {
    screen_.Write("\x1b[" + Repeat("1;", count) + "31m");
    screen_.Write("\x1b[" + Repeat(":1", count) + "m");
  }
  screen_.Write("\x1b[0;31mx");
  EXPECT_EQ(screen_.CellAt(0, 0).style.fg, kColorAnsi | 1u);
}

TEST_F(HostileTest, S7EnormousNumbersAreClamped) {
  const std::string huge(100, '9');
  for (char final = 0x40; final < 0x7f; ++final) {
    screen_.Write("\x1b[" + huge + ";" + huge + std::string(1, final));
    screen_.Write("\x1b[?" + huge + std::string(1, final));
    screen_.Write("\x1b[" + huge + " " + std::string(1, final));
  }
  screen_.Write(
      "\x1b"
      "c\x1b[" +
      huge + ";" + huge + "Hx");
  EXPECT_EQ(screen_.CellAt(23, 79).text, "x");
}

TEST_F(HostileTest, S7ShrinkingUnderMarginsKeepsTheCursorInside) {
  screen_.Write("\x1b[10;24r\x1b[?6h\x1b[24;80H");
  screen_.Resize(5, 3);
  screen_.Write("\x1b[99;99Habc\n\n\x1bM\x1b[5L\x1b[5M\x1b[5S\x1b[5T");
  EXPECT_LT(screen_.cursor().row, 3);
  screen_.Resize(1000, 500);
  screen_.Write("\x1b[500;1000Hx");
  EXPECT_EQ(screen_.CellAt(499, 999).text, "x");
}

TEST_F(HostileTest, R29SizesAreClamped) {
  screen_.Resize(65535, 65535);
  EXPECT_EQ(screen_.columns(), kMaxColumns);
  EXPECT_EQ(screen_.rows(), kMaxRows);
  screen_.Resize(-5, 0);
  EXPECT_EQ(screen_.columns(), kMinColumns);
  EXPECT_EQ(screen_.rows(), kMinRows);
  screen_.Write("\x1b[?1049habc\u4f60\u597d\n\n\x1b[?1049l");
}

TEST_F(HostileTest, S7OneLargeWriteIsTakenWhole) {
  screen_.Write(Repeat("0123456789abcdef\x1b[31m\u4f60\r\n", 100'000));
  EXPECT_EQ(screen_.LineText(22), "0123456789abcdef\u4f60");
  EXPECT_EQ(screen_.scrollback_size(), 1000);
}

TEST_F(HostileTest, S7PayloadsPastTheirLimitAreIgnored) {
  screen_.Write("\x1b]2;" + std::string(kMaxOscUnits, 't') + "\x07");
  screen_.Write("\x1b]2;" + std::string(kMaxOscUnits + 1, 't') + "\x07");
  ASSERT_EQ(news_.titles.size(), 1u);
  EXPECT_EQ(news_.titles[0].size(), kMaxTitleBytes);
  screen_.Write("\x1b]52;c;" + std::string(kMaxClipboardUnits - 2, 'A') + "\x07");
  screen_.Write("\x1b]52;c;" + std::string(kMaxClipboardUnits, 'A') + "\x07");
  EXPECT_EQ(news_.clipboard.size(), 1u);
}

TEST_F(HostileTest, S7EndlessStringsStayWithinTheirLimit) {
  for (const char* start : {"\x1b]2;", "\x1b]52;c;", "\x1bPq", "\x1b_", "\x1b[", "\x1b["}) {
    Screen screen(Screen::Options{}, nullptr);
    screen.Write(start);
    for (int i = 0; i < 64; ++i) screen.Write(std::string(256 << 10, '1'));
    EXPECT_LT(screen.memory_bytes(), 8u << 20) << start + 1;
    EXPECT_LT(screen.Serialize().size(), 2u << 20) << start + 1;
  }
}

TEST_F(HostileTest, R28TenThousandCombiningMarksStayInOneCell) {
  screen_.Write("a" + Repeat("\u0301", 10'000) + "b");
  EXPECT_EQ(screen_.CellAt(0, 0).text, "a" + Repeat("\u0301", kMaxClusterCodePoints - 1));
  EXPECT_EQ(screen_.CellAt(0, 1).text, "b");
}

TEST_F(HostileTest, S7MemoryIsBoundedWhateverIsPrinted) {
  Screen screen(Screen::Options{1000, 500, 100'000}, nullptr);
  std::string bytes;
  for (int i = 0; i < 2'000'000; ++i) {
    const std::string n = std::to_string(i);
    bytes += "\x1b[38;2;" + std::to_string(i >> 16 & 255) + ";" + std::to_string(i >> 8 & 255) +
             ";" + std::to_string(i & 255) + "me\u0301";
    if (i % 64 == 0) bytes += "\x1b]8;;http://" + std::string(200, 'a') + n + "\x07";
  }
  screen.Write(bytes);
  EXPECT_LT(screen.memory_bytes(), 192u << 20);
}

// Numbers that are free are given out again, however long it goes on.
TEST_F(HostileTest, S7_R18EndlessAccentsAndColoursTakeNoMoreMemoryAndNoScrollback) {
  for (const bool colours : {false, true}) {
    Screen screen({.scrollback_lines = 1000}, nullptr);
    int turn = 0;
    for (int line = 0; line < 60'000; ++line) {
      std::string text;
      for (int i = 0; i < 40; ++i) {
        ++turn;
        const std::string n = std::to_string(turn % 256) + ";" + std::to_string(turn / 256 % 256);
        text += colours ? "\x1b[38;2;" + n + ";" + std::to_string(turn >> 16) + "mx" : "e\u0301";
      }
      screen.Write(text + "\r\n");
    }
    EXPECT_EQ(screen.scrollback_size(), 1000) << colours;
    EXPECT_LT(screen.memory_bytes(), 16u << 20) << colours;
  }
}

TEST_F(HostileTest, S7LinksPastTheirBudgetKeepTheirCells) {
  for (int i = 0; i < 500; ++i) {
    screen_.Write("\x1b]8;;http://" + std::string(60'000, 'a') + std::to_string(i) + "\x07x");
  }
  EXPECT_LT(screen_.memory_bytes(), 8u << 20);
  EXPECT_EQ(screen_.CellAt(6, 10).text, "x");
}

TEST_F(HostileTest, S8TheClipboardIsNeverRead) {
  screen_.Write("\x1b]52;c;?\x07\x1b]52;c;aGk=\x1b\\\x1b]52;c;no base64!\x07");
  EXPECT_THAT(news_.clipboard, ElementsAre("aGk="));
  EXPECT_THAT(news_.replies, IsEmpty());
}

TEST_F(HostileTest, S9QueriesHaveOneFixedAnswerEach) {
  screen_.Write("\x1b[c\x1b[>c\x1b[5n\x1b[2;3H\x1b[6n\x1b[?6n\x1b[?7$p\x1b[4$p\x1b[?9999$p");
  EXPECT_THAT(news_.replies,
              ElementsAre("\x1b[?1;2c", "\x1b[>0;276;0c", "\x1b[0n", "\x1b[2;3R", "\x1b[?2;3R",
                          "\x1b[?7;1$y", "\x1b[4;2$y", "\x1b[?9999;0$y"));
}

TEST_F(HostileTest, S9ColoursAreAnsweredWithFixedOnes) {
  screen_.Write("\x1b]4;1;#abcdef\x07\x1b]4;1;?\x07\x1b]10;#123456\x07\x1b]10;?;?\x07");
  EXPECT_THAT(news_.replies,
              ElementsAre("\x1b]4;1;rgb:cccc/0000/0000\x1b\\", "\x1b]10;rgb:ffff/ffff/ffff\x1b\\",
                          "\x1b]11;rgb:0000/0000/0000\x1b\\"));
}

TEST_F(HostileTest, S9NothingTheProgramWroteComesBack) {
  screen_.Write(
      "\x1b]2;EVIL\x07\x1b]1;EVIL\x07\x1b[20t\x1b[21t\x1bP$qEVIL\x1b\\\x1bP+q4556494c\x1b\\");
  screen_.Write("\x1b]4;EVIL;?\x07\x1b]10;EVIL\x07\x1b]52;EVIL;?\x07\x1b[?69;99$pEVIL\x05\x1bZ");
  screen_.Write(
      "\x1b[1;1;1;1;5;5*y\x1bP$q\"p\x1b\\\x1bP$qm\x1b\\\x1b]60;?\x07\x1b[>q\x1b[x\x1b[18t");
  for (const std::string& reply : news_.replies) EXPECT_EQ(reply.find("EVIL"), reply.npos);
  EXPECT_THAT(news_.replies, ElementsAre("\x1b[?69;0$y"));
}

TEST_F(HostileTest, ChecksumsAreAnsweredOnlyWhenAskedFor) {
  Screen::Options options;
  options.answer_checksum_queries = true;
  Screen screen(options, &news_);
  screen.Write("AB\x1b[7;1;1;1;1;2*y");
  EXPECT_THAT(news_.replies, ElementsAre("\x1bP7!~FF7D\x1b\\"));
}

TEST_F(HostileTest, CountsPastTheLimitDoNothing) {
  screen_.Write("a\x1b[8193b\x1b[H\x1b[2147483647L");
  EXPECT_EQ(screen_.LineText(0), "a");
  screen_.Write("\x1b[65535L");
  EXPECT_EQ(screen_.LineText(0), "");
}

}  // namespace
}  // namespace atrium::screen
