// V5, R15: decoder and ring together, on a network that loses packets and brings them
// late: what the mixer hears.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "media/frame_ring.h"
#include "media/voice_decoder.h"
#include "tests/media/opus_tone.h"

namespace atrium::media {
namespace {

struct Heard {
  int frames = 0;
  int silent = 0;   // Nothing, or next to nothing.
  int deepest = 0;  // The ring, in samples.
};

class VoiceLossTest : public testing::Test {
 protected:
  VoiceLossTest() {
    ring_.set_filler([this](bool deepen) { return decoder_.MakeUp(deepen); });
  }
  // A minute, of which packet i comes in the middle of tick `at(i)`; never if that is
  // negative.
  template <typename At>
  Heard Minute(At at) {
    std::multimap<int, int> arrivals;
    for (int i = 0; i < kPackets; ++i) {
      if (const int tick = at(i); tick >= 0) arrivals.emplace(tick, i);
    }
    Heard heard;
    Frame frame;
    for (int tick = 0; tick < kPackets; ++tick) {
      for (auto [it, end] = arrivals.equal_range(tick); it != end; ++it) {
        const std::string& packet = packets_[static_cast<size_t>(it->second % kTone)];
        decoder_.Take(static_cast<uint16_t>(it->second),
                      {reinterpret_cast<const uint8_t*>(packet.data()), packet.size()});
      }
      const bool any = ring_.Pop(&frame);
      heard.frames += any;
      heard.deepest = std::max(heard.deepest, static_cast<int>(ring_.depth()));
      if (tick < 5) continue;
      heard.silent += !any || Loudness(frame) < 500;
    }
    return heard;
  }
  // Root of the mean square; the tone's is 5,660, what Opus makes up a third of that.
  static double Loudness(const Frame& frame) {
    double sum = 0;
    for (const int16_t sample : frame) sum += static_cast<double>(sample) * sample;
    return std::sqrt(sum / kFrameSamples);
  }
  Heard Losing(double share) {
    std::mt19937 random(1);
    return Minute([&](int i) {
      return i > 0 && std::uniform_real_distribution<>(0, 1)(random) < share ? -1 : i;
    });
  }

  static constexpr int kPackets = 3000, kTone = 500;
  const std::vector<std::string> packets_ = OpusTone(kTone);
  FrameRing ring_;
  VoiceDecoder decoder_{
      [this](std::span<const int16_t> pcm) { ring_.Push(pcm.data(), pcm.size()); }};
};

TEST_F(VoiceLossTest, NothingIsMadeUpWhereNothingIsLost) {
  const Heard heard = Losing(0);
  EXPECT_EQ(heard.silent, 0);
  EXPECT_EQ(decoder_.figures().concealed + decoder_.figures().repaired, 0);
  EXPECT_LE(heard.deepest, static_cast<int>(kFrameSamples));
}

TEST_F(VoiceLossTest, APacketLostNowAndThenIsNotHeard) {
  const Heard heard = Losing(0.002);
  EXPECT_EQ(heard.silent, 0);
  EXPECT_EQ(heard.frames, kPackets);
  EXPECT_GE(decoder_.figures().concealed, 1);
  EXPECT_LE(heard.deepest, static_cast<int>(kFrameSamples)) << "for which nobody waits";
}

TEST_F(VoiceLossTest, WhereMuchIsLostItIsRepairedFromWhatFollows) {
  for (const double share : {0.01, 0.05, 0.1}) {
    SCOPED_TRACE(share);
    const auto before = decoder_.figures();
    const Heard heard = Losing(share);
    EXPECT_LE(heard.silent, 3 + 4 * kPackets * share * share) << "bursts may be";
    EXPECT_LE(heard.deepest, 3 * static_cast<int>(kFrameSamples));
    if (share < 0.05) continue;
    EXPECT_GT(decoder_.figures().repaired - before.repaired, kPackets * share / 2);
  }
}

TEST_F(VoiceLossTest, APacketThatIsLateIsHeardAllTheSame) {
  // Each fortieth comes a tick late, behind nothing and before the next.
  const Heard heard = Minute([](int i) { return i % 40 == 20 ? i + 1 : i; });
  EXPECT_EQ(heard.silent, 0);
  EXPECT_LE(heard.deepest, 3 * static_cast<int>(kFrameSamples));
}

TEST_F(VoiceLossTest, WhoStopsIsSilentSoonAndGoesOnAtOnce) {
  const Heard heard = Minute([](int i) { return i % 100 < 50 ? i : -1; });
  // Of each two seconds one, and not much of it goes on.
  EXPECT_GE(heard.silent, kPackets / 2 - kPackets / 100 * 5);
  EXPECT_LE(heard.silent, kPackets / 2 + kPackets / 100 * 3);
}

}  // namespace
}  // namespace atrium::media
