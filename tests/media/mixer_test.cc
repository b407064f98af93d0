#include "media/mixer.h"

#include <gtest/gtest.h>

#include "tests/media/tones.h"

namespace atrium::media {
namespace {

// Multiples of 50 Hz are whole in a frame, so tones do not leak into each other.
constexpr double kHertz[] = {200, 350, 500, 650, 800, 950};

class MixerTest : public testing::Test {
 protected:
  // `amplitudes[i]` is what input i+1 says at kHertz[i]; 0 is digital silence.
  void Take(std::vector<double> amplitudes, const Frame* agent = nullptr) {
    frames_.clear();
    for (size_t i = 0; i < amplitudes.size(); ++i) {
      frames_.push_back(ToneFrame(kHertz[i], amplitudes[i]));
    }
    std::vector<Mixer::Input> inputs;
    for (size_t i = 0; i < amplitudes.size(); ++i) {
      inputs.push_back({static_cast<int64_t>(i + 1), &frames_[i]});
    }
    mixer_.Take(inputs, agent);
  }

  Mixer mixer_;
  std::vector<Frame> frames_;
};

TEST_F(MixerTest, V6_TheAgentHearsAllWhoSpeakAtOnce) {
  Take({2000, 2000, 2000, 2000, 2000, 2000});
  for (double hertz : kHertz) EXPECT_NEAR(ToneIn(mixer_.All(), hertz), 2000, 50) << hertz;
}

TEST_F(MixerTest, N5_TheAgentDoesNotHearTheWithheldAndPeopleDo) {
  const Frame ann = ToneFrame(kHertz[0], 3000), bob = ToneFrame(kHertz[1], 3000);
  mixer_.Take({{.id = 1, .frame = &ann, .withheld = true}, {.id = 2, .frame = &bob}}, nullptr);
  EXPECT_EQ(mixer_.All(), bob);
  EXPECT_NEAR(ToneIn(mixer_.Mix(true, 2), kHertz[0]), 3000, 30);
  EXPECT_TRUE(mixer_.levels()[0].mixed);
}

TEST_F(MixerTest, V6_PeopleHearTheLoudestFour) {
  Take({1000, 5000, 2000, 4000, 3000, 500});
  const Frame heard = mixer_.Mix(true, 0);
  for (int i : {1, 2, 3, 4}) EXPECT_GT(ToneIn(heard, kHertz[i]), 1900) << i;
  for (int i : {0, 5}) EXPECT_LT(ToneIn(heard, kHertz[i]), 20) << i;
}

TEST_F(MixerTest, V6_AVolumeIsForPeopleAndTheAgentHearsTheVoiceAsItCame) {
  const Frame ann = ToneFrame(kHertz[0], 3000), bob = ToneFrame(kHertz[1], 3000);
  for (const auto& [percent, heard] : {std::pair{50, 1500.0}, {200, 6000.0}, {0, 0.0}}) {
    for (int i = 0; i < 2; ++i) {
      mixer_.Take({{.id = 1, .frame = &ann, .volume_percent = percent}, {.id = 2, .frame = &bob}},
                  nullptr);
    }
    EXPECT_NEAR(ToneIn(mixer_.Mix(true, 0), kHertz[0]), heard, 30) << percent;
    EXPECT_NEAR(ToneIn(mixer_.Mix(true, 2), kHertz[0]), heard, 30) << percent;
    EXPECT_NEAR(ToneIn(mixer_.Mix(true, 0), kHertz[1]), 3000, 30) << percent;
    EXPECT_EQ(mixer_.Mix(true, 1), bob) << "nobody hears themselves, at any volume";
    EXPECT_NEAR(ToneIn(mixer_.All(), kHertz[0]), 3000, 30) << percent;
    EXPECT_NEAR(mixer_.levels()[0].dbfs, mixer_.levels()[1].dbfs, 0.5) << percent;
  }
}

TEST_F(MixerTest, V6_AtAHundredPercentAVoiceIsHeardToTheBit) {
  const Frame ann = ToneFrame(kHertz[0], 3000);
  const auto take = [&](int percent) {
    mixer_.Take({{.id = 1, .frame = &ann, .volume_percent = percent}}, nullptr);
  };
  take(100);
  EXPECT_EQ(mixer_.Mix(true, 0), ann);
  take(70);
  take(100);
  take(100);
  EXPECT_EQ(mixer_.Mix(true, 0), ann);
}

TEST_F(MixerTest, V6_WhoIsTurnedOffSharesTheOthersMixAndTakesNobodysPlace) {
  for (size_t i = 0; i < 5; ++i) frames_.push_back(ToneFrame(kHertz[i], i == 0 ? 9000 : 3000));
  std::vector<Mixer::Input> inputs;
  for (size_t i = 0; i < 5; ++i) inputs.push_back({static_cast<int64_t>(i + 1), &frames_[i]});
  inputs[0].volume_percent = 0;
  mixer_.Take(inputs, nullptr);
  EXPECT_FALSE(mixer_.levels()[0].mixed);
  for (size_t i = 1; i < 5; ++i) EXPECT_TRUE(mixer_.levels()[i].mixed) << i;
  // Of more than may be mixed, the loudest as people hear them.
  inputs[0].volume_percent = 10;
  for (int i = 0; i < 60; ++i) mixer_.Take(inputs, nullptr);
  EXPECT_FALSE(mixer_.levels()[0].mixed);
  inputs[0].volume_percent = 100;
  for (int i = 0; i < 2; ++i) mixer_.Take(inputs, nullptr);
  EXPECT_TRUE(mixer_.levels()[0].mixed);
}

TEST_F(MixerTest, V6_AVolumeThatIsChangedMovesWithoutAClick) {
  Frame steady;
  steady.fill(8000);
  int before = 8000;
  for (const int percent : {100, 0, 200, 50, 0, 100}) {
    mixer_.Take({{.id = 1, .frame = &steady, .volume_percent = percent}}, nullptr);
    const Frame heard = mixer_.Mix(true, 0);
    for (const int16_t sample : heard) {
      EXPECT_LE(std::abs(sample - before), 40) << percent;
      before = sample;
    }
    EXPECT_NEAR(before, 80 * percent, 1);
  }
}

TEST_F(MixerTest, NobodyHearsThemselves) {
  Take({3000, 3000});
  const Frame first = mixer_.Mix(true, 1), second = mixer_.Mix(true, 2);
  EXPECT_LT(ToneIn(first, kHertz[0]), 5);
  EXPECT_NEAR(ToneIn(first, kHertz[1]), 3000, 30);
  EXPECT_NEAR(ToneIn(second, kHertz[0]), 3000, 30);
  EXPECT_LT(ToneIn(second, kHertz[1]), 5);
}

TEST_F(MixerTest, NobodyHearsThemselvesWhileTheyAreFadedOutOfTheMix) {
  Take({3000, 3000, 3000, 3000, 100});
  Take({3000, 3000, 3000, 3000, 30000});
  for (int i = 0; i < 60; ++i) {
    Take({3000, 3000, 3000, 3000, 30000});
    for (int64_t id = 1; id <= 5; ++id) {
      if (!mixer_.levels()[static_cast<size_t>(id - 1)].mixed) continue;
      EXPECT_LT(ToneIn(mixer_.Mix(true, id), kHertz[id - 1]), 1500) << id << " in turn " << i;
    }
  }
  EXPECT_TRUE(mixer_.levels()[4].mixed);
}

TEST_F(MixerTest, V7_TheAgentIsInEveryMixButNotInWhatItHearsItself) {
  const Frame agent = ToneFrame(1500, 4000);
  Take({3000, 3000}, &agent);
  EXPECT_NEAR(ToneIn(mixer_.Mix(true, 1), 1500), 4000, 40);
  EXPECT_NEAR(ToneIn(mixer_.Mix(false, 0), 1500), 4000, 40);
  EXPECT_LT(ToneIn(mixer_.Mix(false, 0), kHertz[0]), 5);
  EXPECT_LT(ToneIn(mixer_.All(), 1500), 5);
}

TEST_F(MixerTest, NoiseBelowTheGateIsNotMixedForPeople) {
  Take({60});  // -58 dBFS.
  EXPECT_FALSE(mixer_.levels()[0].mixed);
  EXPECT_LT(ToneIn(mixer_.Mix(true, 0), kHertz[0]), 1);
  EXPECT_NEAR(ToneIn(mixer_.All(), kHertz[0]), 60, 2);
}

TEST_F(MixerTest, TheGateStaysOpenThroughAShortPause) {
  Take({5000});
  for (int i = 0; i < 15; ++i) Take({0});
  EXPECT_TRUE(mixer_.levels()[0].mixed);
  for (int i = 0; i < 10; ++i) Take({0});
  EXPECT_FALSE(mixer_.levels()[0].mixed);
}

TEST_F(MixerTest, WhoIsHeardStaysHeardUnlessAnotherIsClearlyLouder) {
  Take({3000, 3000, 3000, 3000, 0});
  Take({3000, 3000, 3000, 3000, 4000});
  EXPECT_FALSE(mixer_.levels()[4].mixed);
  Take({3000, 3000, 3000, 3000, 9000});
  EXPECT_TRUE(mixer_.levels()[4].mixed);
}

TEST_F(MixerTest, SpeechTakesSixtyMillisecondsToCount) {
  Take({8000});
  EXPECT_FALSE(mixer_.levels()[0].speaking);
  Take({8000});
  Take({8000});
  EXPECT_TRUE(mixer_.levels()[0].speaking);
}

TEST_F(MixerTest, LevelsAreInDecibelsBelowFullScale) {
  Take({32767, 0});
  EXPECT_NEAR(mixer_.levels()[0].dbfs, -3.01, 0.05);
  EXPECT_EQ(mixer_.levels()[1].dbfs, kFloorDbfs);
}

TEST_F(MixerTest, R36_FullScaleVoicesDoNotWrapAround) {
  Take({32767, 32767, 32767, 32767, 32767, 32767});
  int32_t sum[kFrameSamples] = {};
  for (const Frame& frame : frames_) {
    for (size_t i = 0; i < kFrameSamples; ++i) sum[i] += frame[i];
  }
  const Frame all = mixer_.All();
  for (size_t i = 0; i < kFrameSamples; ++i) {
    if (std::abs(sum[i]) > 1000) {
      EXPECT_EQ(all[i] > 0, sum[i] > 0) << i;
    }
  }
}

TEST_F(MixerTest, WhoSendsNothingStallsNobody) {
  const Frame frame = ToneFrame(kHertz[1], 3000);
  mixer_.Take({{1, nullptr}, {2, &frame}}, nullptr);
  EXPECT_NEAR(ToneIn(mixer_.All(), kHertz[1]), 3000, 30);
  EXPECT_NEAR(ToneIn(mixer_.Mix(true, 1), kHertz[1]), 3000, 30);
}

}  // namespace
}  // namespace atrium::media
