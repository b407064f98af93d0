#include "media/voice_decoder.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "media/frame.h"
#include "tests/media/opus_tone.h"
#include "tests/media/tones.h"

namespace atrium::media {
namespace {

constexpr int kPackets = 40;

// V5, R15: what the network does to a voice.
class VoiceDecoderTest : public testing::Test {
 protected:
  void Take(int i) { TakeAs(static_cast<uint16_t>(first_ + i), packets_[static_cast<size_t>(i)]); }
  void TakeAs(uint16_t sequence, const std::string& packet) {
    decoder_.Take(sequence, {reinterpret_cast<const uint8_t*>(packet.data()), packet.size()});
  }
  void TakeAll(std::vector<int> order) {
    for (int i : order) Take(i);
  }
  // Whole frames that came so far.
  size_t frames() const { return pcm_.size() / kFrameSamples; }
  // Of the tone, in a frame.
  double Loudness(size_t frame) const {
    return ToneIn(pcm_.data() + frame * kFrameSamples, kFrameSamples, kOpusToneHertz);
  }

  uint16_t first_ = 65530;  // Wraps soon.
  const std::vector<std::string> packets_ = OpusTone(kPackets);
  std::vector<int16_t> pcm_;
  VoiceDecoder decoder_{
      [this](std::span<const int16_t> pcm) { pcm_.insert(pcm_.end(), pcm.begin(), pcm.end()); }};
};

TEST_F(VoiceDecoderTest, DecodesEachPacketAsItComes) {
  for (int i = 0; i < kPackets; ++i) {
    Take(i);
    EXPECT_EQ(frames(), static_cast<size_t>(i) + 1);
  }
  EXPECT_EQ(decoder_.figures().decoded, kPackets);
  for (size_t i = 2; i < frames(); ++i) EXPECT_NEAR(Loudness(i), 8000, 800) << i;
}

TEST_F(VoiceDecoderTest, PutsPacketsInOrderAndTakesEachOnce) {
  std::vector<int16_t> straight;
  for (int i = 0; i < 8; ++i) Take(i);
  std::swap(straight, pcm_);
  first_ = 1000;  // Far away: begins anew, but with what the decoder still knows.
  VoiceDecoder fresh(
      [this](std::span<const int16_t> pcm) { pcm_.insert(pcm_.end(), pcm.begin(), pcm.end()); });
  for (int i : {0, 1, 3, 2, 2, 1, 4, 6, 5, 7}) {
    const std::string& packet = packets_[static_cast<size_t>(i)];
    fresh.Take(static_cast<uint16_t>(i),
               {reinterpret_cast<const uint8_t*>(packet.data()), packet.size()});
  }
  EXPECT_EQ(pcm_, straight);
  EXPECT_EQ(fresh.figures().late, 2);
  EXPECT_EQ(fresh.figures().concealed + fresh.figures().repaired, 0);
}

TEST_F(VoiceDecoderTest, RepairsALostPacketFromTheNextOne) {
  TakeAll({0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  Take(11);
  EXPECT_EQ(frames(), 10u) << "the missing one may still come";
  Take(12);
  EXPECT_EQ(frames(), 13u);
  EXPECT_EQ(decoder_.figures().repaired, 1);
  EXPECT_EQ(decoder_.figures().concealed, 0);
  for (size_t i = 9; i < 13; ++i) EXPECT_NEAR(Loudness(i), 8000, 2500) << i;
  Take(10);
  EXPECT_EQ(frames(), 13u) << "it is said once";
  EXPECT_EQ(decoder_.figures().late, 1);
}

TEST_F(VoiceDecoderTest, ConcealsAGapAndLeavesALongOneSilent) {
  TakeAll({0, 1, 2, 3, 4, 5, 9, 10});
  EXPECT_EQ(frames(), 11u) << "three are made up, as long as they were";
  EXPECT_EQ(decoder_.figures().concealed, 2);
  EXPECT_EQ(decoder_.figures().repaired, 1);
  TakeAll({35, 36});
  EXPECT_EQ(frames(), 18u) << "five are made up, not 24";
}

TEST_F(VoiceDecoderTest, GoesOnWithWhoeverBeginsAnew) {
  TakeAll({0, 1, 2, 4});
  for (int i = 5; i < 15; ++i) TakeAs(static_cast<uint16_t>(30000 + i), packets_[5]);
  EXPECT_EQ(frames(), 13u) << "at once, and what waited is gone";
  EXPECT_EQ(decoder_.figures().concealed + decoder_.figures().repaired, 0);
}

TEST_F(VoiceDecoderTest, MakesUpWhatIsMissedAtOnceAndThenKnowsWhatItStandsFor) {
  TakeAll({0, 1, 2, 3, 4, 5, 6, 7});
  EXPECT_FALSE(decoder_.MakeUp(false));
  EXPECT_EQ(frames(), 9u);
  Take(9);
  EXPECT_EQ(frames(), 10u) << "8 was made up: 9 follows at once";
  Take(8);
  EXPECT_EQ(decoder_.figures().late, 1);
  EXPECT_FALSE(decoder_.MakeUp(false));
  Take(10);
  EXPECT_EQ(frames(), 12u) << "it was only late: it is said behind what was made up";
  EXPECT_FALSE(decoder_.MakeUp(true));
  Take(12);
  EXPECT_EQ(frames(), 13u) << "made up beside: 11 is still missing";
  EXPECT_TRUE(decoder_.MakeUp(false)) << "needed now: 11 is repaired by 12";
  EXPECT_EQ(frames(), 15u);
  EXPECT_EQ(decoder_.figures().repaired, 1);
  for (size_t i = 8; i < 15; ++i) EXPECT_GT(Loudness(i), 2500) << i;
}

// S18: whatever a packet holds.
TEST_F(VoiceDecoderTest, MakesUpWhatCannotBeDecoded) {
  TakeAll({0, 1, 2});
  TakeAs(static_cast<uint16_t>(first_ + 3), "");
  TakeAs(static_cast<uint16_t>(first_ + 4), std::string(1, '\xff'));
  TakeAs(static_cast<uint16_t>(first_ + 5), std::string(1400, '\xff'));
  Take(6);
  EXPECT_EQ(frames(), 7u);
  uint32_t random = 1;
  for (int i = 0; i < 20000; ++i) {
    random = random * 1664525 + 1013904223;
    std::string packet(random >> 20 & 0x7f, static_cast<char>(random >> 8));
    if (!packet.empty()) packet[0] = static_cast<char>(random >> 16);
    TakeAs(static_cast<uint16_t>(i * 3 / 2), packet);
    if (pcm_.size() > 1'000'000) pcm_.clear();
  }
}

}  // namespace
}  // namespace atrium::media
