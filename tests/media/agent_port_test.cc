#include "media/agent_port.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/media/tones.h"

namespace atrium::media {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Played = AgentPort::Played;

class AgentPortTest : public testing::Test {
 protected:
  AgentPortTest() { port_.Open(); }

  absl::Status Speak(std::string_view utterance, int64_t position, int64_t count,
                     bool last = false) {
    return port_.Speak(utterance, position, Pcm(position, count), last);
  }
  // Samples that name their position.
  static std::string Pcm(int64_t position, int64_t count) {
    std::string bytes;
    for (int64_t i = position; i < position + count; ++i) {
      bytes += static_cast<char>(i & 0xff);
      bytes += static_cast<char>((i >> 8) & 0x7f);
    }
    return bytes;
  }
  // Plays up to `frames`; returns the samples.
  std::vector<int16_t> Play(int frames) {
    std::vector<int16_t> heard;
    Frame frame;
    for (int i = 0; i < frames; ++i) {
      if (port_.Play(&frame)) heard.insert(heard.end(), frame.begin(), frame.end());
    }
    return heard;
  }
  Played Last() {
    const std::vector<Played> played = port_.TakePlayed();
    return played.empty() ? Played{} : played.back();
  }

  AgentPort port_;
};

TEST_F(AgentPortTest, SaysWhatItWasGivenWhateverThePieces) {
  for (int64_t at = 0; at < 4800; at += 37) {
    ASSERT_TRUE(Speak("u", at, std::min<int64_t>(37, 4800 - at), at + 37 >= 4800).ok());
  }
  const std::vector<int16_t> heard = Play(10);
  ASSERT_EQ(heard.size(), 4800u);
  for (int i = 0; i < 4800; ++i) ASSERT_EQ(heard[static_cast<size_t>(i)], i);
  EXPECT_EQ(Last(), (Played{"u", 4800, true}));
}

TEST_F(AgentPortTest, TellsEveryHundredMillisecondsAndAtTheEnd) {
  ASSERT_TRUE(Speak("u", 0, 6000, true).ok());
  Play(20);
  EXPECT_THAT(port_.TakePlayed(), ElementsAre(Played{"u", 2400, false}, Played{"u", 4800, false},
                                              Played{"u", 6000, true}));
}

TEST_F(AgentPortTest, R1_ResumesAtTheLastPlayedSample) {
  ASSERT_TRUE(Speak("u", 48000, 960, true).ok());
  const std::vector<int16_t> heard = Play(5);
  ASSERT_EQ(heard.size(), 960u);
  EXPECT_EQ(heard[0], 48000 & 0x7fff);
  EXPECT_EQ(Last(), (Played{"u", 48960, true}));
}

TEST_F(AgentPortTest, WhatIsSentAgainIsNotSaidAgain) {
  ASSERT_TRUE(Speak("u", 0, 960).ok());
  Play(1);
  ASSERT_TRUE(Speak("u", 0, 1440, true).ok());
  const std::vector<int16_t> heard = Play(9);
  ASSERT_EQ(heard.size(), 960u);
  EXPECT_EQ(heard[0], 480);
  EXPECT_EQ(heard[959], 1439);
}

TEST_F(AgentPortTest, FlushDropsTheRestAtOnceAndTellsWhereItWasCut) {
  ASSERT_TRUE(Speak("u", 0, 7200).ok());
  Play(3);
  port_.Flush("u");
  EXPECT_THAT(Play(5), IsEmpty());
  EXPECT_EQ(Last(), (Played{"u", 1440, true}));
}

TEST_F(AgentPortTest, APieceThatComesAfterTheFlushIsNotSaid) {
  ASSERT_TRUE(Speak("u", 0, 960).ok());
  Play(1);
  port_.Flush("u");
  port_.TakePlayed();
  ASSERT_TRUE(Speak("u", 960, 960).ok());
  EXPECT_THAT(Play(5), IsEmpty());
  EXPECT_EQ(Last(), (Played{"u", 480, true}));
}

TEST_F(AgentPortTest, AFlushThatComesBeforeThePiecesHolds) {
  port_.Flush("u");
  EXPECT_EQ(Last(), (Played{"u", 0, true}));
  ASSERT_TRUE(Speak("u", 0, 960).ok());
  EXPECT_THAT(Play(3), IsEmpty());
}

TEST_F(AgentPortTest, FlushOfOneUtteranceLeavesTheNext) {
  ASSERT_TRUE(Speak("a", 0, 960).ok());
  ASSERT_TRUE(Speak("b", 0, 480, true).ok());
  port_.Flush("a");
  EXPECT_EQ(Play(3).size(), 480u);
  EXPECT_EQ(Last(), (Played{"b", 480, true}));
}

TEST_F(AgentPortTest, ANextUtteranceEndsOneThatWasNotFinished) {
  ASSERT_TRUE(Speak("a", 0, 600).ok());
  ASSERT_TRUE(Speak("b", 0, 480, true).ok());
  EXPECT_EQ(Play(4).size(), 3 * kFrameSamples);
  EXPECT_THAT(port_.TakePlayed(), ElementsAre(Played{"a", 600, true}, Played{"b", 480, true}));
}

TEST_F(AgentPortTest, PartOfAFrameWaitsForItsRestButNotForEver) {
  ASSERT_TRUE(Speak("u", 0, 100).ok());
  EXPECT_THAT(Play(4), IsEmpty());
  EXPECT_EQ(Play(1).size(), kFrameSamples);
}

TEST_F(AgentPortTest, TheEndMayComeWithoutSamples) {
  ASSERT_TRUE(Speak("u", 0, 480).ok());
  Play(1);
  EXPECT_THAT(port_.TakePlayed(), IsEmpty());
  ASSERT_TRUE(Speak("u", 480, 0, true).ok());
  Play(1);
  EXPECT_EQ(Last(), (Played{"u", 480, true}));
}

TEST_F(AgentPortTest, RefusesGapsAndWhatIsFarAheadOfItsCredit) {
  ASSERT_TRUE(Speak("u", 0, 480).ok());
  EXPECT_EQ(Speak("u", 960, 480).code(), absl::StatusCode::kOutOfRange);
  EXPECT_TRUE(Speak("u", 480, 24000).ok());
  EXPECT_EQ(Speak("u", 24480, 24000).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(port_.Speak("u", 24480, "odd", false).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(port_.Speak("", 0, "", false).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(port_.Speak("u", -1, "", false).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(AgentPortTest, R4_ANewStreamLearnsHowFarTheUtteranceIsAndGoesOn) {
  ASSERT_TRUE(Speak("u", 0, 4800).ok());
  Play(2);
  port_.Close();
  Play(1);
  port_.Open();
  EXPECT_EQ(Last(), (Played{"u", 1440, false}));
  ASSERT_TRUE(Speak("u", 960, 4320, true).ok());
  EXPECT_EQ(Play(20).size(), 3840u);
  EXPECT_EQ(Last(), (Played{"u", 5280, true}));
}

TEST_F(AgentPortTest, KeepsTheNewestTwoHundredMillisecondsOfTheRoom) {
  for (int i = 0; i < 25; ++i) port_.GiveRoomFrame({.position = i * 480});
  for (int i = 15; i < 25; ++i) EXPECT_EQ(port_.TakeRoomFrame()->position, i * 480);
  EXPECT_FALSE(port_.TakeRoomFrame());
}

TEST_F(AgentPortTest, KeepsNothingForNobody) {
  port_.Close();
  port_.GiveRoomFrame({});
  EXPECT_FALSE(port_.TakeNews());
  EXPECT_FALSE(port_.TakeRoomFrame());
}

}  // namespace
}  // namespace atrium::media
