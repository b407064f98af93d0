// The offline agent's pure parts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "common/str_cat.h"
#include "control/agent/offline/commands.h"
#include "control/agent/offline/endpointer.h"
#include "control/agent/offline/recognizer.h"
#include "control/agent/offline/resampler.h"
#include "control/agent/offline/voice.h"

namespace atrium::agent {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

class CommandsTest : public testing::Test {
 protected:
  CommandsTest() { commands_.SetTabs({"shell", "build logs", "zsh: ~/Src_2"}); }

  std::string Grammar() const {
    return commands_.Grammar([](const std::string& word) {
      return word == "shell" || word == "build" || word == "logs";
    });
  }
  std::optional<Act> Spoken(const std::string& text) const {
    return commands_.Spoken(text, absl::UnixEpoch());
  }
  Act Typed(const std::string& text) const { return commands_.Typed(text, absl::UnixEpoch()); }

  Commands commands_;
};

TEST_F(CommandsTest, N13TheGrammarHasTheTabsWhoseWordsAreKnown) {
  EXPECT_THAT(Grammar(), HasSubstr("| shell"));
  EXPECT_THAT(Grammar(), HasSubstr("| build logs"));
  EXPECT_THAT(Grammar(), HasSubstr("tab one |"));
  EXPECT_THAT(Grammar(), Not(HasSubstr("zsh")));
}

TEST_F(CommandsTest, S12ATitleCannotChangeTheGrammar) {
  commands_.SetTabs({"x>; public <all> = rm"});
  const std::string grammar = commands_.Grammar([](const std::string&) { return true; });
  EXPECT_THAT(grammar, HasSubstr("x public all rm"));
  EXPECT_THAT(grammar, Not(HasSubstr("<all>")));
}

TEST_F(CommandsTest, N13WhatIsSaidAloudNeedsTheWakeWord) {
  EXPECT_FALSE(Spoken("list the tabs"));
  EXPECT_FALSE(Spoken("the computer lists the tabs"));
  EXPECT_FALSE(Spoken("computers list the tabs"));
  EXPECT_FALSE(Spoken(""));
  ASSERT_TRUE(Spoken("computer list the tabs"));
  EXPECT_EQ(Spoken("Okay, computer: list the tabs, please.")->tool, "list_tabs");
}

TEST_F(CommandsTest, N13EverySpokenActHasItsTool) {
  const struct {
    const char* said;
    const char* tool;
    json arguments;
  } cases[] = {
      {"computer open a new tab", "open_tab", json::object()},
      {"computer open a tab called tests", "open_tab", {{"title", "tests"}}},
      {"computer close tab two", "close_tab", {{"tab", "build logs"}}},
      {"computer close build logs", "close_tab", {{"tab", "build logs"}}},
      {"computer rename shell to server", "rename_tab", {{"tab", "shell"}, {"title", "server"}}},
      {"computer read the last line of shell", "read_tab", {{"tab", "shell"}, {"lines", 1}}},
      {"computer read the last lines of tab 2", "read_tab", {{"tab", "build logs"}, {"lines", 5}}},
      {"computer git status", "run_command", {{"command", "git status"}}},
      {"computer run the tests in shell please",
       "run_command",
       {{"command", "make test"}, {"tab", "shell"}}},
  };
  for (const auto& one : cases) {
    const auto act = Spoken(one.said);
    ASSERT_TRUE(act) << one.said;
    EXPECT_EQ(act->tool, one.tool) << one.said;
    EXPECT_EQ(json::parse(act->arguments), one.arguments) << one.said;
  }
  EXPECT_THAT(Spoken("computer close tab nine")->say, HasSubstr("no tab"));
}

TEST_F(CommandsTest, S12SpeechRunsNoCommandOfItsOwnWords) {
  for (const char* said : {"computer run rm -rf /", "computer rename shell", "computer"}) {
    const auto act = Spoken(said);
    ASSERT_TRUE(act) << said;
    EXPECT_EQ(act->tool, "") << said;
  }
}

TEST_F(CommandsTest, L2WhatIsSaidToItAndNotUnderstoodIsAskedBack) {
  for (const char* said : {"computer", "okay computer", "computer sing a song please"}) {
    const auto act = Spoken(said);
    ASSERT_TRUE(act) << said;
    EXPECT_THAT(act->say, HasSubstr("did not understand")) << said;
  }
  // What is said among people is not.
  for (const char* said : {"", "sing a song", "what time is it", "computers"}) {
    EXPECT_FALSE(Spoken(said)) << said;
  }
}

TEST_F(CommandsTest, L2TypedCommandsAreTakenExactly) {
  Act act = Typed("run echo 'A  B' | tee ~/x in build logs");
  EXPECT_EQ(act.tool, "run_command");
  EXPECT_EQ(json::parse(act.arguments),
            (json{{"command", "echo 'A  B' | tee ~/x"}, {"tab", "build logs"}}));
  act = Typed("run grep x in y");
  EXPECT_EQ(json::parse(act.arguments), (json{{"command", "grep x in y"}}));
  EXPECT_EQ(Typed("list the tabs").tool, "list_tabs");
  EXPECT_THAT(Typed("what time is it").say, HasSubstr("It is "));
  EXPECT_THAT(Typed("gibberish").say, HasSubstr("did not understand"));
  EXPECT_THAT(Typed("").say, HasSubstr("did not understand"));
}

TEST_F(CommandsTest, P13ReportsWhatATerminalSaid) {
  const auto report = [&](const char* tool, const json& answer) {
    return commands_.Report(tool, "{}", answer.dump());
  };
  EXPECT_EQ(report("list_tabs", {{"tabs", {"a"}}}), "There is 1 tab: a.");
  EXPECT_EQ(report("list_tabs", {{"tabs", {"a", "b"}}}), "There are 2 tabs: a, b.");
  EXPECT_EQ(report("list_tabs", {{"tabs", json::array()}}), "There are no tabs.");
  EXPECT_EQ(report("open_tab", {{"opened", "x"}}), "I opened x.");
  EXPECT_EQ(report("read_tab", {{"untrusted_terminal_text", "ok"}}), "It says: ok");
  EXPECT_EQ(report("read_tab", {{"untrusted_terminal_text", ""}}), "It shows nothing.");
  EXPECT_EQ(report("run_command", {{"error", "A person denied it"}}), "A person denied it.");
  EXPECT_EQ(report("run_command", {{"untrusted_terminal_text", "exit code 2\n1\n2\n3\n4\n5"}}),
            "exit code 2. 3. 4. 5.");
  EXPECT_EQ(commands_.Report("run_command", "{}", "no JSON"), "Done.");
}

// A tone in 16-bit PCM.
std::vector<int16_t> Tone(double hz, int rate, double seconds, double amplitude) {
  std::vector<int16_t> samples(static_cast<size_t>(rate * seconds));
  for (size_t i = 0; i < samples.size(); ++i) {
    samples[i] =
        static_cast<int16_t>(amplitude * std::sin(2 * M_PI * hz * static_cast<double>(i) / rate));
  }
  return samples;
}

double Power(const std::vector<int16_t>& samples) {
  double sum = 0;
  for (const int16_t sample : samples) sum += static_cast<double>(sample) * sample;
  return samples.empty() ? 0 : sum / static_cast<double>(samples.size());
}

// How much of `samples` is at `hz`, as an amplitude.
double AmplitudeAt(const std::vector<int16_t>& samples, double hz, int rate) {
  double re = 0, im = 0;
  for (size_t i = 0; i < samples.size(); ++i) {
    const double angle = 2 * M_PI * hz * static_cast<double>(i) / rate;
    re += samples[i] * std::cos(angle);
    im += samples[i] * std::sin(angle);
  }
  return 2 * std::hypot(re, im) / static_cast<double>(samples.size());
}

TEST(ResamplerTest, N13ATonePassesWithItsLengthPowerAndPitch) {
  const std::vector<int16_t> in = Tone(440, 24000, 1, 10000);
  Resampler resampler(24000, 16000);
  const std::vector<int16_t> out = resampler.Process(in.data(), in.size());
  EXPECT_NEAR(static_cast<double>(out.size()), 16000, 32);
  EXPECT_NEAR(Power(out) / Power(in), 1, 0.02);
  EXPECT_NEAR(AmplitudeAt(out, 440, 16000), 10000, 200);
}

TEST(ResamplerTest, WhatTheLowerRateCannotHoldIsTakenOut) {
  const std::vector<int16_t> in = Tone(11000, 24000, 1, 10000);
  Resampler resampler(24000, 16000);
  EXPECT_LT(Power(resampler.Process(in.data(), in.size())), Power(in) / 1000);
}

TEST(ResamplerTest, HoweverTheInputIsSplitTheOutputIsTheSame) {
  const std::vector<int16_t> in = Tone(440, 22050, 0.5, 10000);
  Resampler whole(22050, 24000), split(22050, 24000);
  const std::vector<int16_t> expected = whole.Process(in.data(), in.size());
  std::vector<int16_t> out;
  for (size_t at = 0, n = 1; at < in.size(); at += n, n = n * 7 % 1009 + 1) {
    const auto piece = split.Process(&in[at], std::min(n, in.size() - at));
    out.insert(out.end(), piece.begin(), piece.end());
  }
  EXPECT_EQ(out, expected);
}

// Something that a voice detector takes for a voice: a buzz with the formants of
// a vowel, waxing and waning four times a second.
std::vector<int16_t> Vowel(double seconds) {
  constexpr int kRate = 16000;
  std::vector<int16_t> samples(static_cast<size_t>(kRate * seconds));
  for (size_t i = 0; i < samples.size(); ++i) {
    const double t = static_cast<double>(i) / kRate;
    double sum = 0;
    for (int k = 1; k <= 24; ++k) {
      const double hz = 130.0 * k;
      double gain = 0.02;
      for (const double formant : {700.0, 1200.0, 2600.0}) {
        gain += std::exp(-std::pow((hz - formant) / 150, 2));
      }
      sum += gain * std::sin(2 * M_PI * hz * t + k);
    }
    samples[i] = static_cast<int16_t>(2500 * sum * (0.7 + 0.3 * std::sin(2 * M_PI * 4 * t)));
  }
  return samples;
}

class EndpointerTest : public testing::Test, public Endpointer::Listener {
 protected:
  void OnBegin(int64_t at_ms) override { begins_.push_back(at_ms); }
  void OnEnd(int64_t at_ms, std::vector<int16_t> utterance) override {
    ends_.push_back(at_ms);
    utterances_.push_back(std::move(utterance));
  }
  void Silence(double seconds) {
    endpointer_.Process(std::vector<int16_t>(static_cast<size_t>(16000 * seconds)));
  }

  std::vector<int64_t> begins_, ends_;
  std::vector<std::vector<int16_t>> utterances_;
  Endpointer endpointer_{this};
};

TEST_F(EndpointerTest, N13FindsAnUtteranceWithALittleBeforeAndAfter) {
  Silence(1);
  endpointer_.Process(Vowel(1));
  Silence(2);
  ASSERT_EQ(begins_.size(), 1u);
  ASSERT_EQ(ends_.size(), 1u);
  EXPECT_NEAR(static_cast<double>(begins_[0]), 1000, 100);
  EXPECT_NEAR(static_cast<double>(ends_[0]), 2000, 300);
  EXPECT_GT(utterances_[0].size(), 16000u);
  EXPECT_LT(utterances_[0].size(), 16000u * 3);
}

TEST_F(EndpointerTest, SilenceIsNoUtterance) {
  Silence(10);
  EXPECT_TRUE(begins_.empty());
}

TEST_F(EndpointerTest, PiecesOfAnySizeAreTaken) {
  Silence(1);
  const std::vector<int16_t> vowel = Vowel(1);
  for (size_t at = 0; at < vowel.size(); at += 77) {
    endpointer_.Process({vowel.begin() + static_cast<int64_t>(at),
                         vowel.begin() + static_cast<int64_t>(std::min(at + 77, vowel.size()))});
  }
  Silence(2);
  EXPECT_EQ(ends_.size(), 1u);
}

TEST_F(EndpointerTest, WhatNeverEndsIsBounded) {
  for (int i = 0; i < 40; ++i) endpointer_.Process(Vowel(1));
  Silence(2);
  ASSERT_EQ(utterances_.size(), 1u);
  EXPECT_LE(utterances_[0].size(), 16000u * 15 + 160);
}

TEST(ReadingsTest, L2WhatTwoReadingsAgreeUponCountsAndOfThreeThatDifferItAsksBack) {
  const auto weigh = [](const std::vector<std::string>& readings) {
    const Heard heard = Weigh(readings);
    return heard.other.empty() ? heard.text : heard.text + " | " + heard.other;
  };
  EXPECT_EQ(weigh({"computer a", "computer a"}), "computer a");
  EXPECT_EQ(weigh({"computer a", "computer b", "computer b"}), "computer b");
  EXPECT_EQ(weigh({"", "computer b", ""}), "");
  EXPECT_EQ(weigh({"computer a", "okay computer a please"}), "computer a") << "no other command";
  EXPECT_EQ(weigh({"computer a", "computer b", "computer c"}), "computer a | computer b");
  EXPECT_EQ(weigh({"computer", "computer b", "computer c"}), "computer b | computer c");
  // Nothing is done, or asked of people who may not have spoken to it.
  EXPECT_EQ(weigh({"computer a", "computer b", ""}), "");
  EXPECT_EQ(weigh({"computer a", "computer", ""}), "");
}

TEST_F(CommandsTest, L2OfTwoThatItMayHaveHeardItAsksWhichUnlessTheyDoTheSame) {
  const auto act = commands_.Spoken(Heard{"computer close shell", "computer close tab two"}, {});
  ASSERT_TRUE(act);
  EXPECT_EQ(act->tool, "");
  EXPECT_THAT(act->say, HasSubstr("Did you mean: close shell, or: close tab two?"));
  const auto same = commands_.Spoken(Heard{"computer close shell", "computer close tab one"}, {});
  EXPECT_EQ(same->tool, "close_tab");
  EXPECT_EQ(commands_.Spoken(Heard{"computer list the tabs", ""}, {})->tool, "list_tabs");
  EXPECT_FALSE(commands_.Spoken(Heard{}, {}));
}

// The agent's own voice is heard by its own ear, with the silence of a muted
// microphone around it; at the same time it says something else `behind`, which is
// 20 dB below.
Heard SaidAndHeard(Voice* voice, Recognizer* recognizer, const std::string& text,
                   const std::string& behind = "") {
  class Ear final : public Endpointer::Listener {
   public:
    explicit Ear(Recognizer* recognizer) : recognizer_(recognizer) {}
    void OnBegin(int64_t) override {}
    void OnEnd(int64_t, std::vector<int16_t> utterance) override {
      Heard more = recognizer_->Recognize(utterance);
      heard.text += more.text;
      heard.other += more.other;
    }
    Heard heard;

   private:
    Recognizer* const recognizer_;
  } ear(recognizer);
  const std::string speech = voice->Speak(text);
  std::vector<int16_t> samples(12000 + speech.size() / 2 + 24000);
  std::memcpy(&samples[12000], speech.data(), speech.size());
  if (!behind.empty()) {
    const std::string other = voice->Speak(behind);
    std::vector<int16_t> quiet(other.size() / 2);
    std::memcpy(quiet.data(), other.data(), quiet.size() * 2);
    for (size_t i = 12000; i < 12000 + speech.size() / 2; ++i) {
      samples[i] = static_cast<int16_t>(samples[i] + quiet[i % quiet.size()] / 10);
    }
  }
  Resampler resampler(24000, 16000);
  Endpointer endpointer(&ear);
  for (size_t at = 0; at + 480 <= samples.size(); at += 480) {
    endpointer.Process(resampler.Process(&samples[at], 480));
  }
  return ear.heard;
}

TEST(RecognizerTest, L2_N13CommandsAreUnderstoodOutOfDigitalSilenceAndBesideAnotherVoice) {
  auto voice = Voice::Create();
  auto recognizer = Recognizer::Create();
  ASSERT_TRUE(voice.ok()) << voice.status();
  ASSERT_TRUE(recognizer.ok()) << recognizer.status();
  Commands commands;
  commands.SetTabs({"build", "logs"});
  const auto knows = [&](const std::string& word) { return (*recognizer)->Knows(word); };
  ASSERT_TRUE((*recognizer)->SetGrammar(commands.Grammar(knows)).ok());
  for (const char* text :
       {"what time is it", "list the tabs", "which tabs are open", "open a new tab",
        "close tab two", "git status", "close build", "show the date"}) {
    EXPECT_EQ(SaidAndHeard(voice->get(), recognizer->get(), StrCat("computer, ", text)).text,
              StrCat("computer ", text));
  }
  EXPECT_EQ(SaidAndHeard(voice->get(), recognizer->get(), "I think we should go home now").text,
            "");
  // To it, and nothing that it knows.
  EXPECT_EQ(SaidAndHeard(voice->get(), recognizer->get(), "computer, play some music for us").text,
            "computer");
  // While somebody talks in the background, too.
  for (const char* text : {"git status", "show the date", "list files", "rename tab one to server",
                           "show disk usage", "close build"}) {
    const Heard heard = SaidAndHeard(voice->get(), recognizer->get(), StrCat("computer, ", text),
                                     "well yes I am saying something too");
    EXPECT_TRUE(heard.text == StrCat("computer ", text) || !heard.other.empty())
        << text << " was taken for: " << heard.text;
  }
}

}  // namespace
}  // namespace atrium::agent
