#include "media/frame_ring.h"

#include <gtest/gtest.h>

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
TEST_F(FrameRingTest, R36_NeverHoldsMoreThanItsBound) {
  Push(1000);
  EXPECT_LE(ring_.depth(), limits::kRingSamples);
}

}  // namespace
}  // namespace atrium::media
