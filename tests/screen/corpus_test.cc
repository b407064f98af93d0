// The fuzzer's harness over a seeded corpus, under any compiler.
#include <gtest/gtest.h>

#include <iterator>
#include <random>
#include <string>

#include "tests/screen/screen_harness.h"

namespace atrium::screen {
namespace {

constexpr const char* kPieces[] = {"hello",
                                   "x",
                                   "the quick brown fox jumps",
                                   "\r\n",
                                   "\n",
                                   "\r",
                                   "\b",
                                   "\t",
                                   "\x0e",
                                   "\x0f",
                                   "\u4f60\u597d",
                                   "e\u0301",
                                   "\U0001f468\u200d\U0001f469",
                                   "\U0001f1e9\U0001f1ea",
                                   "\u2764\ufe0f",
                                   "\x1b[31m",
                                   "\x1b[4:3m",
                                   "\x1b[58;5;9m",
                                   "\x1b[0m",
                                   "\x1b[48;2;1;2;3m",
                                   "\x1b[1;7m",
                                   "\x1b[24m",
                                   "\x1b]8;;http://a/\x1b\\",
                                   "\x1b]8;id=x;http://b/\x1b\\",
                                   "\x1b]8;;\x1b\\",
                                   "\x1b]2;title\x07",
                                   "\x1b[2;5H",
                                   "\x1b[H",
                                   "\x1b[9A",
                                   "\x1b[3B",
                                   "\x1b[99C",
                                   "\x1b[2D",
                                   "\x1b[J",
                                   "\x1b[1J",
                                   "\x1b[2J",
                                   "\x1b[3J",
                                   "\x1b[K",
                                   "\x1b[1K",
                                   "\x1b[2K",
                                   "\x1b[3@",
                                   "\x1b[2P",
                                   "\x1b[4X",
                                   "\x1b[L",
                                   "\x1b[2M",
                                   "\x1b[S",
                                   "\x1b[T",
                                   "\x1b[5b",
                                   "\x1b[2;4r",
                                   "\x1b[r",
                                   "\x1b[3g",
                                   "\x1bH",
                                   "\x1b[1\"q",
                                   "\x1b[?1J",
                                   "\x1b"
                                   "7",
                                   "\x1b"
                                   "8",
                                   "\x1bM",
                                   "\x1b"
                                   "D",
                                   "\x1b#8",
                                   "\x1b[!p",
                                   "\x1b(0",
                                   "\x1b)A",
                                   "\x1b[4h",
                                   "\x1b[4l",
                                   "\x1b[20h",
                                   "\x1b[?6h",
                                   "\x1b[?6l",
                                   "\x1b[?7l",
                                   "\x1b[?7h",
                                   "\x1b[?45h",
                                   "\x1b[?1049h",
                                   "\x1b[?1049l",
                                   "\x1b[?47h",
                                   "\x1b[?47l",
                                   "\x1b[?25l",
                                   "\x1b[?1000h",
                                   "\x1b[?2004h",
                                   "\x1b[5 q",
                                   "\x1b[ @",
                                   "\x1b[2'}",
                                   "\x1b[",
                                   "\x1b]",
                                   "\x1bP$q",
                                   "\xe4\xbd",
                                   "\xf0\x9f",
                                   "\x1b]4;1;#fff\x07"};

std::string RandomInput(uint32_t seed) {
  std::mt19937 random(seed);
  std::string input;
  for (int i = 0; i < 3; ++i) input += static_cast<char>(random());
  for (int steps = 5 + static_cast<int>(random() % 60); steps > 0; --steps) {
    const uint32_t kind = random() % 16;
    if (kind == 0) {
      input += {static_cast<char>(0xe0), static_cast<char>(random()), static_cast<char>(random())};
    } else if (kind <= 3) {
      input += '\xff';
    } else {
      std::string bytes = kPieces[random() % std::size(kPieces)];
      if (random() % 32 == 0) bytes = std::string(1, static_cast<char>(random()));
      input += static_cast<char>(bytes.size() - 1);
      input += bytes;
    }
  }
  return input;
}

TEST(CorpusTest, RestoredScreensEqualTheirOriginals) {
  for (uint32_t seed = 0; seed < 20000; ++seed) {
    ASSERT_EQ(CheckScreen(RandomInput(seed)), "") << "seed " << seed;
  }
}

TEST(CorpusTest, ArbitraryBytesBreakNothing) {
  for (uint32_t seed = 0; seed < 2000; ++seed) {
    std::mt19937 random(seed);
    std::string input(random() % 2000, '\0');
    for (char& c : input) c = static_cast<char>(random());
    ASSERT_EQ(CheckScreen(input), "") << "seed " << seed;
  }
}

}  // namespace
}  // namespace atrium::screen
