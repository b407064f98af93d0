#include "media/frame_ring.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "media/limits.h"

namespace atrium::media {
namespace {

class FrameRingTest : public testing::Test {
 protected:
  void Push(int frames) {
    for (int i = 0; i < frames; ++i) {
      const std::vector<int16_t> frame(kFrameSamples, static_cast<int16_t>(++pushed_));
      ring_.Push(frame.data(), frame.size());
    }
  }
  // The number of the frame; 0 if none came.
  int Pop() {
    Frame frame;
    return ring_.Pop(&frame) ? frame[kFrameSamples - 1] : 0;
  }

  FrameRing ring_;
  int pushed_ = 0;
};

TEST_F(FrameRingTest, BeginsWithTheNewestFrameOfABurst) {
  Push(8);
  EXPECT_EQ(Pop(), 8);
}
TEST_F(FrameRingTest, GivesFramesInOrder) {
  Push(1);
  for (int i = 1; i < 100; ++i) {
    EXPECT_EQ(Pop(), i);
    Push(1);
  }
}
TEST_F(FrameRingTest, IsSilentWhileNothingComesAndBeginsAnew) {
  Push(1);
  EXPECT_EQ(Pop(), 1);
  EXPECT_EQ(Pop(), 0);
  EXPECT_EQ(ring_.dry_count(), 1);
  Push(2);
  EXPECT_NE(Pop(), 0);
}
TEST_F(FrameRingTest, IsDeeperOnceItRanDry) {
  Push(1);
  Pop();
  Pop();
  Push(1);
  EXPECT_EQ(Pop(), 0);  // Waits for 5 ms more than a frame.
  Push(1);
  EXPECT_NE(Pop(), 0);
  EXPECT_EQ(ring_.depth(), 120u);
}
TEST_F(FrameRingTest, TrimsSlowlyWhatIsNeverNeeded) {
  Push(1);
  Pop();
  Push(5);  // 100 ms that will stay.
  for (int i = 0; i < 50 * 30; ++i) {
    Push(1);
    ASSERT_NE(Pop(), 0);
  }
  EXPECT_LE(ring_.depth(), kFrameSamples);
}
TEST_F(FrameRingTest, IsNoDeeperForWhoeverStoppedAndGoesOn) {
  for (int i = 0; i < 20; ++i) {
    Push(1);
    ASSERT_NE(Pop(), 0);
    for (int rest = 0; rest < 20; ++rest) ASSERT_EQ(Pop(), 0);
  }
  Push(1);
  EXPECT_EQ(Pop(), pushed_) << "at once";
}
// A microphone whose clock is fast or slow against ours, for an hour.
class DriftTest : public testing::TestWithParam<int> {};
TEST_P(DriftTest, R24_AnHourOfAClockThatDriftsNeverGrowsTheDelay) {
  constexpr int kFrames = 3600 * 50;
  constexpr size_t kMost = 2 * kFrameSamples;  // 40 ms.
  const double per_frame = static_cast<double>(kFrameSamples) * (1 + GetParam() * 1e-6);
  FrameRing ring;
  Frame frame{};
  double due = 0;
  int64_t sent = 0, heard = 0, tail = 0;
  size_t deepest = 0;
  for (int i = 0; i < kFrames; ++i) {
    // What the microphone has said by now, in packets of 20 ms.
    due += per_frame;
    while (static_cast<double>(sent + static_cast<int64_t>(kFrameSamples)) <= due) {
      ring.Push(frame.data(), frame.size());
      sent += static_cast<int64_t>(kFrameSamples);
    }
    heard += ring.Pop(&frame) ? 1 : 0;
    deepest = std::max(deepest, ring.depth());
    if (i >= kFrames - 500) tail = std::max(tail, static_cast<int64_t>(ring.depth()));
  }
  EXPECT_LE(deepest, kMost) << "at some time";
  EXPECT_LE(tail, static_cast<int64_t>(kMost)) << "at the end";
  EXPECT_GE(heard, kFrames - 200) << "silence now and then, at most";
}
INSTANTIATE_TEST_SUITE_P(Ppm, DriftTest, testing::Values(-100, -20, 0, 20, 100),
                         [](const auto& info) {
                           const int ppm = info.param;
                           return (ppm < 0 ? "Slow" : "Fast") + std::to_string(std::abs(ppm));
                         });

TEST_F(FrameRingTest, R36_NeverHoldsMoreThanItsBound) {
  Push(1000);
  EXPECT_LE(ring_.depth(), limits::kRingSamples);
}

}  // namespace
}  // namespace atrium::media
