#include "media/fanout.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

#include "media/voice_decoder.h"
#include "tests/media/tones.h"

namespace atrium::media {
namespace {

// Decodes what it gets, as a listener would.
class Listener final : public FrameSink {
 public:
  void Push(GstBuffer* opus) override {
    std::lock_guard<std::mutex> lock(mu_);
    GstMapInfo map;
    gst_buffer_map(opus, &map, GST_MAP_READ);
    decoder_.Take(sequence_++, {map.data, map.size});
    gst_buffer_unmap(opus, &map);
    wake_.notify_one();
  }
  // Waits for so many frames.
  std::vector<int16_t> Frames(size_t count) {
    std::unique_lock<std::mutex> lock(mu_);
    wake_.wait_for(lock, std::chrono::seconds(30),
                   [&] { return pcm_.size() >= count * kFrameSamples; });
    return pcm_;
  }

 private:
  std::mutex mu_;
  std::condition_variable wake_;
  std::vector<int16_t> pcm_;
  uint16_t sequence_ = 0;
  VoiceDecoder decoder_{
      [this](std::span<const int16_t> pcm) { pcm_.insert(pcm_.end(), pcm.begin(), pcm.end()); }};
};

// V7: nobody hears that a silence was encoded once.
TEST(FanoutTest, V7_ASilenceThatLastsIsEncodedOnceAndWhatFollowsSoundsAsItShould) {
  constexpr int kTone = 20, kSilence = 200;
  gst_init(nullptr, nullptr);
  Fanout fanout(1);
  const auto listener = std::make_shared<Listener>();
  size_t sent = 0;
  const auto send = [&](const Frame& pcm) {
    fanout.Send(1, sent * kFrameNanos, {{.encode = 0, .pcm = pcm, .to = {listener}}});
    listener->Frames(++sent);  // One at a time, so that none is dropped.
  };
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < kTone; ++i) {
      send(ToneFrame(300, 8000, static_cast<int64_t>(sent) * static_cast<int64_t>(kFrameSamples)));
    }
    for (int i = 0; i < kSilence; ++i) send(Frame{});
  }
  const std::vector<int16_t> heard = listener->Frames(sent);
  ASSERT_EQ(heard.size(), sent * kFrameSamples);
  EXPECT_EQ(fanout.encoded_count(), 3 * (kTone + 25));
  for (size_t i = 0; i < sent; ++i) {
    const size_t place = i % (kTone + kSilence);
    const int16_t* frame = heard.data() + i * kFrameSamples;
    if (place >= 2 && place < kTone) {
      EXPECT_NEAR(ToneIn(frame, kFrameSamples, 300), 8000, 1000) << i;
    } else if (place >= kTone + 2) {
      for (size_t s = 0; s < kFrameSamples; ++s) ASSERT_LT(std::abs(frame[s]), 30) << i;
    }
  }
}

}  // namespace
}  // namespace atrium::media
