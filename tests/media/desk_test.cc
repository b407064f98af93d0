#include "media/desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>

#include "tests/media/tones.h"

namespace atrium::media {
namespace {

using atrium::v1::Conversation;

// Counts what it gets.
class Ears final : public FrameSink {
 public:
  void Push(GstBuffer* opus) override {
    std::lock_guard<std::mutex> lock(mu_);
    got_.push_back(opus);
    pts_.push_back(GST_BUFFER_PTS(opus));
    changed_.notify_all();
  }
  bool WaitFor(size_t frames) {
    std::unique_lock<std::mutex> lock(mu_);
    return changed_.wait_for(lock, std::chrono::seconds(30), [&] { return got_.size() >= frames; });
  }
  std::vector<GstClockTime> pts() {
    std::lock_guard<std::mutex> lock(mu_);
    return pts_;
  }

 private:
  std::mutex mu_;
  std::condition_variable changed_;
  std::vector<const void*> got_;
  std::vector<GstClockTime> pts_;
};

class DeskTest : public testing::Test {
 protected:
  DeskTest() {
    gst_init(nullptr, nullptr);
    for (int i = 0; i < 10; ++i) {
      ears_.push_back(std::make_shared<Ears>());
      rings_.push_back(std::make_shared<FrameRing>());
      seats_.push_back({.id = i + 1,
                        .participant = "p" + std::to_string(i),
                        .in = rings_.back(),
                        .out = ears_.back()});
    }
  }
  // `speakers` say a tone each, for some frames.
  void Run(int frames, std::vector<size_t> speakers) {
    for (int n = 0; n < frames; ++n, ++frame_) {
      for (size_t s : speakers) {
        const Frame tone = ToneFrame(200 + 150 * static_cast<double>(s), 5000);
        rings_[s]->Push(tone.data(), tone.size());
      }
      desk_->Tick(frame_, static_cast<GstClockTime>(frame_ * kFrameNanos));
      // As slowly as the workers are, so that nothing is dropped.
      for (size_t i = 0; i < ears_.size(); ++i) {
        if (seats_[i].deafened) continue;
        ++expected_[i];
        ASSERT_TRUE(ears_[i]->WaitFor(expected_[i]));
      }
    }
  }
  std::optional<AgentPort::RoomFrame> LastRoomFrame() {
    std::optional<AgentPort::RoomFrame> last;
    while (auto frame = desk_->port().TakeRoomFrame()) last = std::move(frame);
    return last;
  }

  Fanout fanout_{2};
  std::vector<atrium::v1::AudioLevels> levels_;
  std::shared_ptr<Desk> desk_ = std::make_shared<Desk>(
      &fanout_, 1,
      Desk::Hooks{[] {}, [this](atrium::v1::AudioLevels levels) { levels_.push_back(levels); }});
  std::vector<std::shared_ptr<Ears>> ears_;
  std::vector<std::shared_ptr<FrameRing>> rings_;
  std::vector<Desk::Seat> seats_;
  std::map<size_t, size_t> expected_;
  int64_t frame_ = 1;
};

TEST_F(DeskTest, V7_TheAgentsVoiceIsEncodedOnceForEverybody) {
  desk_->SetSeats(Conversation::AGENT_ONLY, seats_);
  ASSERT_TRUE(desk_->port().Speak("u", 0, TonePcm(600, 8000, 0, 4800), true).ok());
  Run(10, {0, 1});
  EXPECT_EQ(fanout_.encoded_count(), 10);
}
TEST_F(DeskTest, V7_OnlyWhoSpeaksHasAnEncodeOfTheirOwn) {
  desk_->SetSeats(Conversation::EVERYBODY, seats_);
  Run(5, {});
  EXPECT_EQ(fanout_.encoded_count(), 5);
  Run(5, {0, 1});
  EXPECT_EQ(fanout_.encoded_count(), 5 + 5 * 3);
}
TEST_F(DeskTest, V6_WhoIsTurnedOffSharesTheEncodeOfAllAndIsNamedToTheAgent) {
  desk_->port().Open();
  seats_[0].volume_percent = 0;
  desk_->SetSeats(Conversation::EVERYBODY, seats_);
  Run(5, {0});
  EXPECT_EQ(fanout_.encoded_count(), 5);
  const auto frame = LastRoomFrame();
  ASSERT_EQ(frame->voices.size(), 1u);
  EXPECT_GT(ToneIn(frame->pcm, 200), 3000);
}
TEST_F(DeskTest, R36_NeverMoreThanFiveEncodesHoweverManySpeak) {
  desk_->SetSeats(Conversation::EVERYBODY, seats_);
  Run(5, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  EXPECT_EQ(fanout_.encoded_count(), 5 * 5);
}
TEST_F(DeskTest, V6_AllVoicesReachTheAgentWithTheirNames) {
  desk_->port().Open();
  desk_->SetSeats(Conversation::EVERYBODY, seats_);
  Run(3, {0, 1, 2, 3, 4, 5});
  const auto frame = LastRoomFrame();
  ASSERT_TRUE(frame);
  ASSERT_EQ(frame->voices.size(), 6u);
  for (size_t s = 0; s < 6; ++s) {
    EXPECT_EQ(frame->voices[s].participant, "p" + std::to_string(s));
    EXPECT_NEAR(frame->voices[s].dbfs, -19.3, 0.3);
    EXPECT_GT(ToneIn(frame->pcm, 200 + 150 * static_cast<double>(s)), 3000);
  }
}
TEST_F(DeskTest, V7_FramesKeepTheirOrderAndTheClocksTime) {
  desk_->SetSeats(Conversation::EVERYBODY, seats_);
  Run(20, {0});
  const auto pts = ears_[0]->pts();
  for (size_t i = 1; i < pts.size(); ++i) EXPECT_EQ(pts[i] - pts[i - 1], 20000000u);
}
TEST_F(DeskTest, V8_NothingOfTheMutedIsHeardByAnybody) {
  desk_->port().Open();
  seats_[0].muted = true;
  desk_->SetSeats(Conversation::EVERYBODY, seats_);
  Run(3, {0});
  const auto frame = LastRoomFrame();
  EXPECT_TRUE(frame->voices.empty());
  EXPECT_LT(ToneIn(frame->pcm, 200), 1);
  EXPECT_EQ(fanout_.encoded_count(), 3);
  // And what was said while muted is not heard later.
  seats_[0].muted = false;
  desk_->SetSeats(Conversation::EVERYBODY, seats_);
  Run(1, {});
  EXPECT_LT(ToneIn(LastRoomFrame()->pcm, 200), 1);
}
TEST_F(DeskTest, N5_FromTheNextFrameOnNothingOfTheWithheldReachesTheAgent) {
  desk_->port().Open();
  desk_->SetSeats(Conversation::EVERYBODY, seats_);
  Run(3, {0, 1});
  EXPECT_EQ(LastRoomFrame()->voices.size(), 2u);
  seats_[0].withheld = true;
  desk_->SetSeats(Conversation::EVERYBODY, seats_);
  Run(1, {0, 1});
  auto frame = LastRoomFrame();
  ASSERT_EQ(frame->voices.size(), 1u);
  EXPECT_EQ(frame->voices[0].participant, "p1");
  EXPECT_LT(ToneIn(frame->pcm, 200), 1);
  EXPECT_GT(ToneIn(frame->pcm, 350), 3000);
  // People still hear both: each who speaks has a mix of their own, the others share one.
  EXPECT_EQ(fanout_.encoded_count(), 4 * 3);
  // And what was said while withheld is not heard later.
  seats_[0].withheld = false;
  desk_->SetSeats(Conversation::EVERYBODY, seats_);
  Run(1, {1});
  EXPECT_LT(ToneIn(LastRoomFrame()->pcm, 200), 1);
}
TEST_F(DeskTest, V8_TheDeafenedGetNothing) {
  seats_[0].deafened = true;
  desk_->SetSeats(Conversation::EVERYBODY, seats_);
  Run(5, {1});
  EXPECT_TRUE(ears_[0]->pts().empty());
  EXPECT_EQ(ears_[1]->pts().size(), 5u);
}
TEST_F(DeskTest, V5_WhoeverComesGetsASilentFrameAtOnceInThePlaceOfTheOneThatItMissed) {
  const auto all = std::exchange(seats_, {seats_[0]});
  desk_->SetSeats(Conversation::EVERYBODY, {all[0]});
  desk_->Tick(5, 5 * kFrameNanos);
  ASSERT_TRUE(ears_[0]->WaitFor(1));
  std::vector<Desk::Seat> seats = {all[0], all[1], all[2]};
  seats[2].deafened = true;
  desk_->SetSeats(Conversation::EVERYBODY, seats);
  ASSERT_TRUE(ears_[1]->WaitFor(1)) << "before the next tick";
  desk_->SetSeats(Conversation::EVERYBODY, seats);
  desk_->Tick(6, 6 * kFrameNanos);
  ASSERT_TRUE(ears_[1]->WaitFor(2));
  EXPECT_EQ(ears_[1]->pts(), (std::vector<GstClockTime>{5 * kFrameNanos, 6 * kFrameNanos}));
  EXPECT_EQ(ears_[0]->pts(), ears_[1]->pts()) << "whoever was there misses and gets nothing";
  EXPECT_TRUE(ears_[2]->pts().empty());
}
TEST_F(DeskTest, LevelsAreToldTenTimesASecondAndOnceMoreWhenNobodyIsAudible) {
  desk_->SetSeats(Conversation::EVERYBODY, seats_);
  Run(50, {3});
  EXPECT_EQ(levels_.size(), 10u);
  EXPECT_EQ(levels_.back().levels(0).speaker(), "p3");
  EXPECT_TRUE(levels_.back().levels(0).speaking());
  Run(100, {});
  ASSERT_FALSE(levels_.empty());
  EXPECT_EQ(levels_.back().levels_size(), 0);
  EXPECT_LT(levels_.size(), 20u);
}
TEST_F(DeskTest, TheAgentHasALevelToo) {
  desk_->SetSeats(Conversation::EVERYBODY, seats_);
  ASSERT_TRUE(desk_->port().Speak("u", 0, TonePcm(600, 8000, 0, 4800), true).ok());
  Run(10, {});
  ASSERT_FALSE(levels_.empty());
  EXPECT_EQ(levels_[0].levels(0).speaker(), "agent");
}

}  // namespace
}  // namespace atrium::media
