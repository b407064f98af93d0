// Pictures of screens, from real VP8.
#include "media/still.h"

#include <gmock/gmock.h>
#include <gst/rtp/gstrtpbuffer.h>
#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "media/limits.h"
#include "media/look.h"
#include "tests/media/pictures.h"
#include "tests/support/manual_loop.h"

namespace atrium::media {
namespace {

using atrium::media::v1::TakeStillRequest;
using atrium::media::v1::TakeStillResponse;
using Bytes = std::vector<uint8_t>;

TEST(Vp8Test, KeyFramesAreKnownByTheirFirstPacket) {
  EXPECT_TRUE(BeginsKeyFrame(Bytes{0x10, 0x00}));
  EXPECT_FALSE(BeginsKeyFrame(Bytes{0x10, 0x01})) << "it needs others";
  EXPECT_FALSE(BeginsKeyFrame(Bytes{0x00, 0x00})) << "not the first packet";
  EXPECT_FALSE(BeginsKeyFrame(Bytes{0x11, 0x00})) << "not the first partition";
  EXPECT_TRUE(BeginsKeyFrame(Bytes{0x90, 0x80, 0x7f, 0x00})) << "a short id";
  EXPECT_TRUE(BeginsKeyFrame(Bytes{0x90, 0x80, 0x81, 0x02, 0x00})) << "a long id";
  EXPECT_FALSE(BeginsKeyFrame(Bytes{0x90, 0x80, 0x81, 0x02, 0x01}));
  EXPECT_TRUE(BeginsKeyFrame(Bytes{0x90, 0xf0, 0x81, 0x02, 0x05, 0x21, 0x00})) << "all of them";
  for (const Bytes& cut : {Bytes{}, Bytes{0x10}, Bytes{0x90}, Bytes{0x90, 0x80}}) {
    EXPECT_FALSE(BeginsKeyFrame(cut));
  }
}

// A key frame's first packet that claims to be so wide and high.
Bytes FirstOf(int width, int height) {
  return {0x10,
          0x10,
          0x02,
          0x00,
          0x9d,
          0x01,
          0x2a,
          static_cast<uint8_t>(width),
          static_cast<uint8_t>(width >> 8),
          static_cast<uint8_t>(height),
          static_cast<uint8_t>(height >> 8)};
}

TEST(Vp8Test, L6_AKeyFrameIsPutTogetherOfAllItsPacketsAndOfNoOthers) {
  KeyFrameCollector collector;
  EXPECT_FALSE(collector.Take(9, true, Bytes{0x10, 0x01, 7})) << "a picture that needs others";
  EXPECT_FALSE(collector.Take(10, false, FirstOf(320, 240)));
  EXPECT_FALSE(collector.Take(11, false, Bytes{0x00, 1, 2}));
  const auto frame = collector.Take(12, true, Bytes{0x80, 0x80, 0x05, 3});
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->width, 320);
  EXPECT_EQ(frame->height, 240);
  EXPECT_EQ(frame->bytes.substr(10), std::string({1, 2, 3}));
  EXPECT_FALSE(collector.Take(13, true, Bytes{0x00, 1})) << "nothing began";
}

TEST(Vp8Test, L6_AKeyFrameOfWhichSomethingIsLostIsNone) {
  KeyFrameCollector collector;
  collector.Take(65534, false, FirstOf(320, 240));
  EXPECT_FALSE(collector.Take(0, true, Bytes{0x00, 1}));
  collector.Take(65535, false, FirstOf(320, 240));
  EXPECT_TRUE(collector.Take(0, true, Bytes{0x00, 1})) << "numbers begin anew";
  collector.Take(1, false, FirstOf(320, 240));
  collector.Take(2, false, Bytes{0x90});
  EXPECT_FALSE(collector.Take(3, true, Bytes{0x00, 1})) << "cut short";
}

TEST(Vp8Test, S18_WhatClaimsToBeHugeIsNeverDecoded) {
  KeyFrameCollector collector;
  for (const auto& [width, height] :
       {std::pair{16383, 16383}, {4097, 4096}, {0, 240}, {320, 0}, {16383, 1025}}) {
    EXPECT_FALSE(collector.Take(1, true, FirstOf(width, height))) << width << "x" << height;
  }
  EXPECT_TRUE(collector.Take(1, true, FirstOf(4096, 4096)));
  Bytes no_code = FirstOf(320, 240);
  no_code[4] = 0;
  EXPECT_FALSE(collector.Take(2, true, no_code));
  EXPECT_FALSE(collector.Take(2, true, Bytes{0x10, 0x00})) << "no header";
  // Nor what never ends.
  const Bytes packet(60000, 0x00);
  collector.Take(1, false, FirstOf(320, 240));
  uint16_t sequence = 2;
  for (size_t sent = 0; sent <= limits::kStillKeyFrameBytes; sent += packet.size() - 1) {
    collector.Take(sequence++, false, packet);
  }
  EXPECT_FALSE(collector.Take(sequence, true, packet));
}

TEST(LookTest, L6_ACodersNoiseLooksTheSameAndAWordDoesNot) {
  Bytes screen(640 * 360, 40);
  const Luma luma{screen.data(), 640, 640, 360};
  const std::string before = LookOf(luma);
  for (size_t i = 0; i < screen.size(); ++i) screen[i] += static_cast<uint8_t>(i % 3);
  EXPECT_TRUE(LooksSame(before, LookOf(luma)));
  // A word of eight letters, somewhat brighter.
  for (int y = 200; y < 210; ++y) {
    for (int x = 300; x < 340; ++x) screen[static_cast<size_t>(y * 640 + x)] += 60;
  }
  EXPECT_FALSE(LooksSame(before, LookOf(luma)));
}
TEST(LookTest, L6_AnotherSizeLooksDifferent) {
  const Bytes screen(640 * 360, 40);
  const std::string look = LookOf({screen.data(), 640, 640, 360});
  EXPECT_FALSE(LooksSame(look, LookOf({screen.data(), 640, 639, 360})));
  EXPECT_TRUE(
      LooksSame(look, LookOf({screen.data() + 1, 640, 640, 359}).replace(0, 4, look, 0, 4)));
  const std::string tiny = LookOf({screen.data(), 640, 1, 1});
  EXPECT_TRUE(LooksSame(tiny, tiny));
}
TEST(LookTest, S18_WhatIsNoLookLooksLikeNothing) {
  const Bytes screen(64 * 36, 40);
  const std::string look = LookOf({screen.data(), 64, 64, 36});
  EXPECT_FALSE(LooksSame("", ""));
  EXPECT_FALSE(LooksSame(look, look.substr(1)));
  EXPECT_FALSE(LooksSame(look, look + "x"));
}

// What shows, as far as Forward knows.
class Shows final : public Forward::Source {
 public:
  void AskForKeyFrame() override { ++asked; }
  int asked = 0;
};

class StillTest : public testing::Test {
 protected:
  StillTest() { gst_init(nullptr, nullptr); }
  void SetUp() override { Show(1); }

  void Show(int64_t id) {
    source_ = std::make_shared<Shows>();
    forward_->SetSource(id, source_);
  }
  void Send(int64_t id, const std::vector<GRef<GstBuffer>>& packets) {
    for (const auto& packet : packets) forward_->Push(id, packet.get());
  }
  void Ask(TakeStillRequest request = {}) {
    request.set_capture("sessions/s1/captures/a");
    answer_.reset();
    still_->Take(request, [this](auto answer) { answer_ = std::move(answer); });
  }
  // Until it is answered, which other threads work on.
  const absl::StatusOr<TakeStillResponse>& Answer() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!answer_ && std::chrono::steady_clock::now() < deadline) {
      loop_.RunPosted();
      std::this_thread::yield();
    }
    if (!answer_) answer_ = absl::UnknownError("no answer");
    return *answer_;
  }

  ManualLoop loop_;
  WorkQueue reaper_{"reaper"}, pictures_{"pictures"};
  std::shared_ptr<Forward> forward_ =
      std::make_shared<Forward>([this] { return loop_.Monotonic(); });
  std::shared_ptr<Shows> source_;
  std::optional<absl::StatusOr<TakeStillResponse>> answer_;
  std::unique_ptr<Still> still_ =
      std::make_unique<Still>(Still::Context{&loop_, &reaper_, &pictures_}, forward_);
};

TEST_F(StillTest, L6_IsAJpegOfTheNextKeyFrameWhichIsAskedFor) {
  const auto white = ShowPictures("white", 640, 360, 3);
  Send(1, white);
  loop_.Advance(absl::Seconds(1));
  const int before = source_->asked;
  TakeStillRequest request;
  request.set_max_side(320);
  Ask(request);
  EXPECT_EQ(source_->asked, before + 1);
  // It may have been lost.
  loop_.Advance(limits::kKeyFrameSpacing);
  EXPECT_EQ(source_->asked, before + 2);
  Send(1, ShowPictures("black", 640, 360));
  ASSERT_TRUE(Answer().ok()) << Answer().status();
  EXPECT_EQ(Answer()->width(), 320);
  EXPECT_EQ(Answer()->height(), 180);
  const Seen seen = Look(Answer()->jpeg());
  EXPECT_EQ(seen.width, 320);
  EXPECT_EQ(seen.height, 180);
  EXPECT_LT(seen.brightness, 30);
  loop_.Advance(absl::Seconds(1));
  EXPECT_EQ(source_->asked, before + 2) << "it came";
}

TEST_F(StillTest, L6_WhileNothingComesTheSamePictureServesAndNoKeyFrameIsAskedFor) {
  Ask();
  Send(1, ShowPictures("white", 320, 240));
  ASSERT_TRUE(Answer().ok());
  EXPECT_EQ(Answer()->width(), 320) << "it is not made larger";
  TakeStillRequest request;
  request.set_signature(Answer()->signature());
  const int before = source_->asked;
  loop_.Advance(absl::Seconds(2));
  Ask(request);
  ASSERT_TRUE(Answer().ok());
  EXPECT_EQ(Answer()->jpeg(), "");
  EXPECT_EQ(Answer()->width(), 320);
  request.clear_signature();
  Ask(request);
  ASSERT_TRUE(Answer().ok());
  EXPECT_GT(Look(Answer()->jpeg()).brightness, 220);
  EXPECT_EQ(source_->asked, before);
  // Then something comes.
  const auto more = ShowPictures("white", 320, 240, 1);
  Send(1, {more.back()});
  loop_.Advance(absl::Seconds(2));
  Ask(request);
  EXPECT_EQ(source_->asked, before + 1);
}

TEST_F(StillTest, L6_OneOfAnotherSourceIsNotServedFromTheFirst) {
  Ask();
  Send(1, ShowPictures("white", 320, 240));
  ASSERT_TRUE(Answer().ok());
  Show(2);
  Ask();
  Send(2, ShowPictures("black", 320, 240));
  ASSERT_TRUE(Answer().ok());
  EXPECT_LT(Look(Answer()->jpeg()).brightness, 30);
}

TEST_F(StillTest, L6_WithoutAPictureItSaysWhy) {
  Ask();
  TakeStillRequest second;
  std::optional<absl::Status> refused;
  still_->Take(second, [&](const auto& answer) { refused = answer.status(); });
  EXPECT_EQ(refused->code(), absl::StatusCode::kResourceExhausted);
  loop_.Advance(limits::kStillWait);
  EXPECT_EQ(Answer().status().code(), absl::StatusCode::kDeadlineExceeded);
  second.set_max_side(-1);
  Ask(second);
  EXPECT_EQ(Answer().status().code(), absl::StatusCode::kInvalidArgument);
  forward_->SetSource(0, nullptr);
  Ask();
  EXPECT_EQ(Answer().status().code(), absl::StatusCode::kNotFound);
  Show(3);
  Ask();
  still_.reset();
  EXPECT_EQ(Answer().status().code(), absl::StatusCode::kNotFound);
}

TEST_F(StillTest, V9_TenSecondsAfterTheLastRequestNothingOfItIsLeft) {
  const auto white = ShowPictures("white", 320, 240);
  Ask();
  Send(1, white);
  ASSERT_TRUE(Answer().ok());
  loop_.Advance(absl::Seconds(6));
  Ask();
  ASSERT_TRUE(Answer().ok());
  loop_.Advance(absl::Seconds(6));
  EXPECT_TRUE(forward_->has_tap());
  loop_.Advance(absl::Seconds(4));
  EXPECT_FALSE(forward_->has_tap());
  // And it begins anew.
  Ask();
  Send(1, white);
  EXPECT_TRUE(Answer().ok()) << Answer().status();
}

TEST_F(StillTest, S18_R25_DamagedPicturesAreSurvived) {
  std::mt19937 random(11);
  const auto good = ShowPictures("smpte", 160, 120);
  for (int round = 0; round < 60; ++round) {
    Ask();
    std::vector<GRef<GstBuffer>> bad;
    for (const auto& packet : good) {
      GstBuffer* copy = gst_buffer_copy_deep(packet.get());
      GstMapInfo map;
      gst_buffer_map(copy, &map, GST_MAP_READWRITE);
      // Behind the RTP header and, mostly, what says how large it is.
      for (int n = 0; n < 8; ++n)
        map.data[12 + random() % (map.size - 12)] = static_cast<uint8_t>(random());
      gst_buffer_unmap(copy, &map);
      bad.push_back(GRef<GstBuffer>::Adopt(copy));
    }
    Send(1, bad);
    // Answered or not: time passes, and a whole one is taken again.
    for (int i = 0; i < 200; ++i) loop_.RunPosted(), std::this_thread::yield();
    loop_.Advance(limits::kStillWait);
    ASSERT_TRUE(answer_);
  }
  Ask();
  Send(1, good);
  ASSERT_TRUE(Answer().ok()) << Answer().status();
  EXPECT_EQ(Look(Answer()->jpeg()).width, 160);
}

}  // namespace
}  // namespace atrium::media
