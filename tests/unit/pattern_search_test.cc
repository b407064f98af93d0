// Patterns in a program's output.
#include "terminal/pattern_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "terminal/limits.h"

namespace atrium::terminal {
namespace {

using Match = PatternSearch::Match;

// Feeds `pieces`, looking after each, as output that begins at `offset`.
std::optional<Match> Find(const std::string& pattern, const std::vector<std::string>& pieces,
                          int64_t offset = 0) {
  auto search = PatternSearch::Create(pattern, offset);
  EXPECT_TRUE(search.ok()) << search.status();
  for (const std::string& piece : pieces) {
    std::string_view rest = piece;
    while (!rest.empty()) {
      rest.remove_prefix((*search)->Take(rest));
      if (auto match = (*search)->Search()) return match;
    }
  }
  return std::nullopt;
}

TEST(PatternSearchTest, N7TextIsWhatPeopleRead) {
  const std::string output =
      "\x1b[1;31mERR\x1b[0mOR\x1b]0;title OR\x07: "
      "\x1b]8;;http://x\x1b\\link\x1b(B\x1bP1;2|dcs\x1b\\!\r\n"
      "\x1b[?2004l\rnext\tline\x08\x07\x7f";
  const auto match = Find("(?s).*", {output});
  ASSERT_TRUE(match);
  EXPECT_EQ(match->text, "ERROR: link!\nnext\tline");
}

TEST(PatternSearchTest, N7ALoneCarriageReturnBeginsALine) {
  EXPECT_EQ(Find("(?m)^ *50%$", {"10%\r 50%\r 90%"})->text, " 50%");
  EXPECT_EQ(Find("(?s).*", {"a\r\r\nb\r\n\rc"})->text, "a\nb\nc");
}

TEST(PatternSearchTest, N7AMatchIsFoundHoweverReadsCutIt) {
  const std::string output = "..\x1b[32mpass\x1b[mword\r\nfor \u00fcser: ";
  const auto whole = Find("password\nfor (\\w*\u00fcser): ", {output}, 1000);
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->text, "\u00fcser");
  EXPECT_EQ(whole->offset, 1000 + static_cast<int64_t>(output.size()));
  for (size_t one = 0; one <= output.size(); ++one) {
    for (size_t two = one; two <= output.size(); ++two) {
      const auto match =
          Find("password\nfor (\\w*\u00fcser): ",
               {output.substr(0, one), output.substr(one, two - one), output.substr(two)}, 1000);
      ASSERT_TRUE(match) << one << " " << two;
      ASSERT_EQ(match->text, whole->text);
      ASSERT_EQ(match->offset, whole->offset);
    }
  }
}

TEST(PatternSearchTest, N7TheOffsetIsJustBehindTheMatchInTheOutput) {
  const std::string output = "ab\x1b[1mcd\x1b[mef";
  EXPECT_EQ(Find("ab", {output}, 500)->offset, 502);
  EXPECT_EQ(Find("bc", {output}, 500)->offset, 507);
  EXPECT_EQ(Find("ef", {output}, 500)->offset, 513);
}

TEST(PatternSearchTest, N7AWindowSlidesAndNothingOfHalfItsSizeIsMissed) {
  const std::string needle(limits::kWaitWindowBytes / 2 - 1, 'n');
  for (size_t before : {size_t{0}, limits::kWaitWindowBytes - 5, limits::kWaitWindowBytes + 7,
                        3 * limits::kWaitWindowBytes - 20000, 9 * limits::kWaitWindowBytes}) {
    std::string output;
    while (output.size() < before) output += "line \x1b[3m\u4f60\x1b[m\r\n";
    const auto match = Find("n{100}n*N", {output + needle + "N", "\r\n"}, 77);
    ASSERT_TRUE(match) << before;
    EXPECT_EQ(match->offset, 77 + static_cast<int64_t>(output.size() + needle.size() + 1));
    EXPECT_EQ(match->text.size(), limits::kMatchBytes);
  }
}

TEST(PatternSearchTest, N7LinesAndWordsBeginWhereTheyDoThoughTheWindowSlid) {
  const std::string filler(3 * limits::kWaitWindowBytes, 'x');
  EXPECT_FALSE(Find("^x+y", {filler + "y"})) << "not the output's begin";
  EXPECT_FALSE(Find("(?m)^x+y", {filler + "y"}));
  EXPECT_FALSE(Find("\\bx+y", {filler + "y"}));
  EXPECT_TRUE(Find("(?m)^zy", {filler + "\nzy"}));
}

TEST(PatternSearchTest, N7ASearchGoesOnWhereAnotherEnded) {
  const std::string output = "one \x1b[1mtw\x1b]0;ti";
  auto search = *PatternSearch::Create("two three", 100);
  search->Take(output);
  EXPECT_FALSE(search->Search());
  EXPECT_EQ(search->resume_offset(), 100);
  auto empty = *PatternSearch::Create("x", 100);
  empty->Take("\x1b[1");
  EXPECT_EQ(empty->resume_offset(), 100) << "not in the middle of a sequence";
  empty->Take("m\x1b");
  EXPECT_EQ(empty->resume_offset(), 104);
}

TEST(PatternSearchTest, S23AMatchIsUtf8WhateverTheProgramWrote) {
  EXPECT_EQ(Find("a\\C+b", {"a\xff\xc3"
                            "b"})
                ->text,
            "a\ufffd\ufffd"
            "b");
  const std::string wide = std::string(limits::kMatchBytes - 1, 'x') + "\u4f60;";
  const std::string match = Find("x+.*;", {wide})->text;
  EXPECT_EQ(match.size(), limits::kMatchBytes - 1) << "no half of a character";
}

TEST(PatternSearchTest, S17WhatIsNotAPatternOrCostsTooMuchIsRefused) {
  for (const std::string& pattern :
       {std::string(), std::string("("), std::string("a{1000}{1000}"), std::string("a{1000}"),
        std::string("\xff"), std::string(limits::kPatternBytes + 1, 'x')}) {
    EXPECT_TRUE(absl::IsInvalidArgument(PatternSearch::Create(pattern, 0).status()))
        << pattern.substr(0, 20);
  }
}

TEST(PatternSearchTest, S17AnUnendedStringHoldsNothing) {
  auto search = *PatternSearch::Create("needle", 0);
  const std::string piece(1 << 20, 'x');
  search->Take("\x1b]0;");
  for (int i = 0; i < 10; ++i) EXPECT_EQ(search->Take(piece), piece.size());
  search->Take("\x18needle");
  EXPECT_TRUE(search->Search());
}

}  // namespace
}  // namespace atrium::terminal
