// Shell marks and the lines that they stand on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "terminal/screen/limits.h"
#include "terminal/screen/screen.h"

namespace atrium::screen {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr char kPrompt[] = "\x1b]133;A\x1b\\$ \x1b]133;B\x1b\\";

// As "line kinds": C, D with its code, A.
std::vector<std::pair<int, std::string>> Told(const Screen& screen) {
  std::vector<std::pair<int, std::string>> told;
  for (const auto& [line, marks] : screen.Marks()) {
    std::string text;
    if (marks.output) text += "C";
    if (marks.end) text += "D" + std::to_string(marks.exit_code);
    if (marks.prompt) text += "A";
    told.emplace_back(line, text);
  }
  return told;
}
std::string Command(const std::string& text, const std::string& output, int code) {
  return kPrompt + text + "\r\n\x1b]133;C\x1b\\" + output + "\x1b]133;D;" + std::to_string(code) +
         "\x1b\\";
}

class Heard : public Screen::Listener {
 public:
  void OnMark(const Mark& mark) override { marks.push_back(mark); }
  std::vector<Mark> marks;
};

TEST(MarksTest, N7ACommandsTextAndKeyAreRead) {
  Heard heard;
  Screen screen({20, 5, 50}, &heard);
  screen.Write("\x1b]133;C;cmdline_url=echo%20a%3bb%0Ac;atrium=key;x=y\x07");
  screen.Write("\x1b]133;D;7;atrium=other\x07\x1b]133;D;atrium=z\x07\x1b]133;Cx\x07\x1b]133;\x07");
  ASSERT_EQ(heard.marks.size(), 3u);
  EXPECT_EQ(heard.marks[0].text, "echo a;b\nc");
  EXPECT_EQ(heard.marks[0].key, "key");
  EXPECT_EQ(heard.marks[1].exit_code, 7);
  EXPECT_EQ(heard.marks[1].key, "other");
  EXPECT_FALSE(heard.marks[2].exit_code.has_value());
  EXPECT_EQ(heard.marks[2].key, "z");
}

TEST(MarksTest, S23ACommandsTextIsCleanAndBounded) {
  Heard heard;
  Screen screen({20, 5, 50}, &heard);
  screen.Write("\x1b]133;C;cmdline_url=a%1b%07%c3%28%e2%80%aeb%zz%;atrium=" +
               std::string(500, 'k') + "\x07");
  EXPECT_EQ(heard.marks.at(0).text.find('\x1b'), std::string::npos);
  EXPECT_EQ(heard.marks.at(0).text.find("\u202e"), std::string::npos);
  EXPECT_EQ(heard.marks.at(0).text.find('\xc3'), std::string::npos) << "broken UTF-8";
  EXPECT_LE(heard.marks.at(0).key.size(), kMaxMarkKeyBytes);
  screen.Write("\x1b]133;C;cmdline_url=" + std::string(60000, 'x') + "\x07");
  EXPECT_EQ(heard.marks.at(1).text.size(), kMaxCommandTextBytes);
}

TEST(MarksTest, N2MarksStayWithTheirLinesThroughScrollingAndTrimming) {
  Screen screen({20, 3, 6}, nullptr);
  screen.Write(Command("one", "1\r\n", 1) + Command("two", "", 2) + kPrompt);
  EXPECT_THAT(Told(screen),
              ElementsAre(Pair(0, "A"), Pair(1, "C"), Pair(2, "D1A"), Pair(3, "CD2A")));
  screen.Write("\r\n\r\n\r\n\r\n\r\n\r\n");
  EXPECT_THAT(Told(screen), ElementsAre(Pair(0, "C"), Pair(1, "D1A"), Pair(2, "CD2A")))
      << "the oldest line went, with its mark";
  screen.Write("\r\n\r\n\r\n\r\n\r\n\r\n");
  EXPECT_THAT(Told(screen), IsEmpty());
}

TEST(MarksTest, N2MarksStayWithTheirTextThroughReflow) {
  Screen screen({20, 6, 50}, nullptr);
  screen.Write(Command("a line of forty-one characters, all of it", "out\r\n", 0) + kPrompt + "x");
  EXPECT_THAT(Told(screen), ElementsAre(Pair(0, "A"), Pair(3, "C"), Pair(4, "D0A")));
  screen.Resize(10, 6);
  EXPECT_THAT(Told(screen), ElementsAre(Pair(0, "A"), Pair(5, "C"), Pair(6, "D0A")));
  screen.Resize(60, 6);
  EXPECT_THAT(Told(screen), ElementsAre(Pair(0, "A"), Pair(1, "C"), Pair(2, "D0A")));
}

TEST(MarksTest, N2AMarkInTheMiddleOfAWrappedLineKeepsItsPlaceInTheText) {
  Screen screen({10, 6, 50}, nullptr);
  screen.Write("0123456789abcdefghij" + std::string(kPrompt) + "ls\r\nout\r\n");
  EXPECT_THAT(Told(screen), ElementsAre(Pair(1, "A")));
  screen.Resize(5, 6);
  EXPECT_THAT(Told(screen), ElementsAre(Pair(2, "A")));
  screen.Resize(40, 6);
  EXPECT_THAT(Told(screen), ElementsAre(Pair(0, "A")));
}

TEST(MarksTest, N2WhatIsErasedLosesItsMarks) {
  Screen screen({20, 4, 50}, nullptr);
  screen.Write(Command("one", "1\r\n", 0) + kPrompt);
  screen.Write("\x1b[H\x1b[2J\x1b[3J" + std::string(kPrompt));
  EXPECT_THAT(Told(screen), ElementsAre(Pair(0, "A")));
  screen.Write(
      "\x1b"
      "c");
  EXPECT_THAT(Told(screen), IsEmpty());
}

TEST(MarksTest, N2FullScreenProgramsLeaveNoMarks) {
  Screen screen({20, 4, 50}, nullptr);
  screen.Write(std::string(kPrompt) + "\x1b[?1049h" + Command("inside", "x", 0) + "\x1b[?1049l");
  EXPECT_THAT(Told(screen), ElementsAre(Pair(0, "A")));
}

}  // namespace
}  // namespace atrium::screen
