// How a Realtime server is addressed and read; whose voice it is given.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "control/agent/echo.h"
#include "control/agent/floor.h"
#include "control/agent/history.h"
#include "control/agent/profiles.h"
#include "control/agent/realtime_address.h"
#include "control/agent/realtime_events.h"
#include "control/agent/responses.h"
#include "control/limits.h"

namespace atrium::control {
namespace {

using atrium::v1::FloorPolicy;
using nlohmann::json;
using testing::HasSubstr;

// Addresses.

TEST(RealtimeAddressTest, L16EveryServerIsAddressedAsItWants) {
  const RealtimeOptions openai{
      .url = "wss://api.openai.com/v1/realtime", .model = "gpt-realtime-2.1", .key = "sk"};
  EXPECT_EQ(SocketUrlOf(openai), "wss://api.openai.com/v1/realtime?model=gpt-realtime-2.1");
  EXPECT_EQ(SecretsUrlOf(openai), "https://api.openai.com/v1/realtime/client_secrets");
  EXPECT_EQ(KeyHeaderOf(openai), std::pair(std::string("Authorization"), std::string("Bearer sk")));
  RealtimeOptions azure{.url = "wss://mine.openai.azure.com/openai/v1/realtime", .model = "a b", .key = "k"};
  EXPECT_EQ(SocketUrlOf(azure), "wss://mine.openai.azure.com/openai/v1/realtime?model=a%20b");
  EXPECT_EQ(SecretsUrlOf(azure), "https://mine.openai.azure.com/openai/v1/realtime/client_secrets");
  EXPECT_EQ(KeyHeaderOf(azure), std::pair(std::string("api-key"), std::string("k")));
  azure.url = "wss://mine.openai.azure.us/openai/v1/realtime?api-version=x";
  EXPECT_EQ(SocketUrlOf(azure), "wss://mine.openai.azure.us/openai/v1/realtime?api-version=x&model=a%20b");
  EXPECT_EQ(SecretsUrlOf(azure),
            "https://mine.openai.azure.us/openai/v1/realtime/client_secrets?api-version=x");
  EXPECT_EQ(KeyHeaderOf(azure).first, "api-key");
  const RealtimeOptions local{.url = "ws+unix:/run/agent.sock", .model = "m"};
  EXPECT_EQ(UnixPathOf(local.url), "/run/agent.sock");
  EXPECT_EQ(SocketUrlOf(local), "ws://localhost/v1/realtime?model=m");
  EXPECT_EQ(KeyHeaderOf(local).first, "");
}

TEST(RealtimeAddressTest, S15AHostThatOnlyLooksLikeAzureGetsNoAzureKey) {
  for (const char* url : {"wss://evil.com/.azure.com", "wss://evil.com/?x=y.azure.com",
                          "wss://azure.com.evil.com/v1/realtime"}) {
    EXPECT_EQ(KeyHeaderOf({.url = url, .key = "k"}).first, "Authorization") << url;
  }
}

// What is read.

TEST(RealtimeEventsTest, L3UsageIsReadWithAndWithoutDetails) {
  ResponseEnd end = realtime::EndOf(
      {{"status", "completed"},
       {"usage",
        {{"input_tokens", 30},
         {"output_tokens", 12},
         {"input_token_details", {{"text_tokens", 10}, {"audio_tokens", 20}, {"cached_tokens", 5}}},
         {"output_token_details", {{"text_tokens", 2}, {"audio_tokens", 10.0}}}}}});
  EXPECT_TRUE(end.completed);
  EXPECT_EQ(end.usage.input_text, 10);
  EXPECT_EQ(end.usage.input_audio, 20);
  EXPECT_EQ(end.usage.cached, 5);
  EXPECT_EQ(end.usage.output_audio, 10);
  end = realtime::EndOf({{"status", "cancelled"}, {"usage", {{"input_tokens", 30}, {"output_tokens", -1}}}});
  EXPECT_FALSE(end.completed);
  EXPECT_EQ(end.usage.input_text, 30);
  EXPECT_EQ(end.usage.output_text, 0);
  EXPECT_EQ(realtime::EndOf(json::object()).usage.input_text, 0);
  EXPECT_EQ(realtime::EndOf({{"usage", nullptr}, {"status", 7}}).problem, "");
}

TEST(RealtimeEventsTest, L16WhatIsNoLongerSetIsTakenBackFromAServerThatMerges) {
  using realtime::TranscriptionOf;
  EXPECT_EQ(TranscriptionOf({}, {}), json::object()) << "a server may not know the fields";
  EXPECT_EQ(TranscriptionOf({.transcription_model = "m", .language = "de"}, {}),
            json({{"model", "m"}, {"language", "de"}}));
  EXPECT_EQ(TranscriptionOf({.transcription_model = "m"}, {.model = true, .language = true}),
            json({{"model", "m"}, {"language", nullptr}}));
  EXPECT_EQ(TranscriptionOf({}, {.model = true}), json({{"model", nullptr}}));
}

TEST(RealtimeEventsTest, S22WhatATranscriptionUsedIsRead) {
  const ProviderUsage used = realtime::UsageOf(
      {{"type", "tokens"},
       {"total_tokens", 22},
       {"input_tokens", 13},
       {"input_token_details", {{"text_tokens", 3}, {"audio_tokens", 10}}},
       {"output_tokens", 9}});
  EXPECT_EQ(used.input_text, 3);
  EXPECT_EQ(used.input_audio, 10);
  EXPECT_EQ(used.output_text, 9);
  EXPECT_EQ(realtime::UsageOf({{"type", "duration"}, {"seconds", 3}}).input_text, 0);
}

TEST(RealtimeEventsTest, R12WhatCannotBeMendedNamesItsRemedy) {
  for (const char* code : {"insufficient_quota", "invalid_api_key", "account_deactivated",
                           "billing_hard_limit_reached"}) {
    EXPECT_TRUE(realtime::IsFinal(code));
    EXPECT_THAT(realtime::RemedyFor(code, "x"), HasSubstr(":")) << code;
  }
  EXPECT_FALSE(realtime::IsFinal("rate_limit_exceeded"));
  EXPECT_EQ(realtime::RemedyFor("rate_limit_exceeded", "Slow down"), "Slow down");
  const ResponseEnd end = realtime::EndOf(
      {{"status", "failed"},
       {"status_details", {{"type", "failed"}, {"error", {{"code", "insufficient_quota"}}}}}});
  EXPECT_THAT(end.problem, HasSubstr("add credit"));
}

TEST(RealtimeEventsTest, V1NamesOfTheBetaAreRead) {
  EXPECT_EQ(realtime::GaName("response.audio.delta"), "response.output_audio.delta");
  EXPECT_EQ(realtime::GaName("response.text.done"), "response.output_text.done");
  EXPECT_EQ(realtime::GaName("conversation.item.created"), "conversation.item.added");
  EXPECT_EQ(realtime::GaName("response.done"), "response.done");
}

TEST(RealtimeEventsTest, R12AHandshakeThatIsRefusedNamesARemedy) {
  EXPECT_THAT(realtime::RemedyForHttp(404), testing::HasSubstr("check --provider and --model"));
  EXPECT_THAT(realtime::RemedyForHttp(429), testing::HasSubstr("raise the limit"));
  EXPECT_EQ(realtime::RemedyForHttp(503), "HTTP 503");
}

// One answer at a time.

TEST(ResponsesTest, N5WhatWaitsIsAskedOnceAndABusyServersAnswerCounts) {
  Responses responses;
  responses.Want(Responses::Cause::kSpeech);
  EXPECT_TRUE(responses.Next());
  responses.Want(Responses::Cause::kSpeech);
  responses.Want(Responses::Cause::kSpeech);
  EXPECT_FALSE(responses.Next());
  responses.OnStarted("r1");
  responses.OnDone("another");
  EXPECT_FALSE(responses.Next());
  responses.OnDone("r1");
  EXPECT_TRUE(responses.Next());
  EXPECT_FALSE(responses.Next());
  // The server began one by itself just before it refused ours.
  responses.OnStarted("r2");
  responses.OnRefused(true);
  EXPECT_FALSE(responses.wanted());
  responses.OnDone("r2");
  EXPECT_FALSE(responses.Next());
  EXPECT_FALSE(responses.answers_by_itself());
  responses.OnStarted("r3");
  EXPECT_TRUE(responses.answers_by_itself());
}

TEST(ResponsesTest, N5WhatIsGivenUpIsNeitherOwedNorAskedAgain) {
  Responses responses;
  EXPECT_FALSE(responses.Withdraw()) << "nothing is under way";
  responses.Want(Responses::Cause::kSpeech);
  responses.Want(Responses::Cause::kText);
  responses.Want(Responses::Cause::kTool);
  EXPECT_TRUE(responses.Next());
  EXPECT_EQ(responses.cause(), Responses::Cause::kText);
  EXPECT_TRUE(responses.Withdraw());
  EXPECT_FALSE(responses.Withdraw()) << "once";
  responses.OnStarted("r1");
  EXPECT_TRUE(responses.withdrawn());
  responses.OnDone("r1");
  EXPECT_FALSE(responses.withdrawn());
  for (const bool refused : {true, false}) {
    responses.Want(Responses::Cause::kSpeech);
    EXPECT_TRUE(responses.Next());
    EXPECT_TRUE(responses.Withdraw());
    if (refused) {
      responses.OnRefused(true);
    } else {
      EXPECT_FALSE(responses.Lose(true));
    }
    EXPECT_FALSE(responses.Next());
    EXPECT_FALSE(responses.under_way());
  }
  // What waited behind it is owed all the same.
  responses.Want(Responses::Cause::kSpeech);
  EXPECT_TRUE(responses.Next());
  responses.Withdraw();
  responses.Want(Responses::Cause::kText);
  EXPECT_TRUE(responses.Lose(true));
  EXPECT_TRUE(responses.Next());
  EXPECT_FALSE(responses.withdrawn());
}

TEST(HistoryTest, R13WhatCameSinceIsKnownAsFarAsItIsKept) {
  History history;
  for (int i = 0; i < 70; ++i) history.Add({HistoryItem::Role::kUser, std::to_string(i)});
  EXPECT_EQ(history.All().size(), limits::kHistoryItems);
  EXPECT_EQ(history.Since(68).size(), 2u);
  EXPECT_EQ(history.Since(68)[0].text, "68");
  EXPECT_EQ(history.Since(0).size(), limits::kHistoryItems);
  EXPECT_TRUE(history.Since(70).empty());
}

// Profiles.

TEST(ProfilesTest, L3AreReadAndMistakesNamed) {
  const auto profiles = ParseProfiles(
      R"([{"id":"ops","instructions":"Be careful."},{"id":"notes","display_name":"Notes","mode":"text"}])");
  ASSERT_TRUE(profiles.ok()) << profiles.status();
  EXPECT_EQ((*profiles)[0].display_name, "ops");
  EXPECT_EQ((*profiles)[1].mode, atrium::v1::Conversation::TEXT);
  EXPECT_EQ(FindProfile(*profiles, "")->id, "ops");
  EXPECT_EQ(FindProfile(*profiles, "none"), nullptr);
  const auto hears =
      ParseProfiles(R"([{"id":"a","language":"de","transcription_model":"whisper-1"}])");
  ASSERT_TRUE(hears.ok()) << hears.status();
  EXPECT_EQ((*hears)[0].language, "de");
  EXPECT_EQ((*hears)[0].transcription_model, "whisper-1");
  for (const char* bad : {"", "{}", "[]", "[1]", R"([{"id":"A"}])", R"([{"display_name":"x"}])",
                          R"([{"id":"a"},{"id":"a"}])", R"([{"id":"a","mode":"song"}])",
                          R"([{"id":"a","language":"German"}])", R"([{"id":"a","language":"DE"}])",
                          R"([{"id":"a","voice":1}])", R"([{"id":"a","prompt":"x"}])"}) {
    EXPECT_FALSE(ParseProfiles(bad).ok()) << bad;
  }
}

// Whom it listens to.

class FloorTest : public testing::Test {
 protected:
  void Set(FloorPolicy::Mode mode,
           FloorPolicy::Interruption interruption = FloorPolicy::EVERYBODY) {
    FloorPolicy policy;
    policy.set_mode(mode);
    policy.set_interruption(interruption);
    floor_.Set(policy);
  }
  Floor floor_{[](const std::string& speaker) { return speaker == "owner"; }};
};

TEST_F(FloorTest, N5InAnOpenRoomEverybodyIsHeard) {
  EXPECT_TRUE(floor_.Passes({{"ann", -20.f}, {"bob", -40.f}}));
  EXPECT_TRUE(floor_.Passes({}));
  EXPECT_FALSE(floor_.NeedsName());
}

TEST_F(FloorTest, N5ItHearsWhoHoldsTheTalkKeyAndNoFrameOfAnybodyElse) {
  Set(FloorPolicy::PUSH_TO_TALK);
  EXPECT_FALSE(floor_.MayBeHeard("ann"));
  EXPECT_FALSE(floor_.Passes({{"ann", -20.f}}));
  floor_.SetTalking("ann", true);
  EXPECT_TRUE(floor_.MayBeHeard("ann"));
  EXPECT_FALSE(floor_.MayBeHeard("bob"));
  EXPECT_TRUE(floor_.Passes({}));
  EXPECT_TRUE(floor_.Passes({{"ann", -20.f}}));
  EXPECT_FALSE(floor_.Passes({{"ann", -20.f}, {"bob", -49.f}}));
  EXPECT_FALSE(floor_.Passes({{"ann", -40.f}, {"bob", -20.f}}));
  floor_.SetTalking("ann", false);
  EXPECT_FALSE(floor_.Passes({{"ann", -20.f}}));
}

TEST_F(FloorTest, N5ItHearsTheOwnersAlone) {
  Set(FloorPolicy::HOST_ONLY);
  EXPECT_TRUE(floor_.Passes({{"owner", -20.f}}));
  EXPECT_TRUE(floor_.Passes({}));
  EXPECT_FALSE(floor_.Passes({{"owner", -20.f}, {"ann", -49.f}}));
  EXPECT_FALSE(floor_.Passes({{"ann", -20.f}}));
}

TEST_F(FloorTest, N5WhoMayInterrupt) {
  EXPECT_TRUE(floor_.MayInterrupt({}));
  Set(FloorPolicy::OPEN, FloorPolicy::OWNERS);
  EXPECT_TRUE(floor_.MayInterrupt({"ann", "owner"}));
  EXPECT_FALSE(floor_.MayInterrupt({"ann"}));
  EXPECT_FALSE(floor_.MayInterrupt({}));
  Set(FloorPolicy::OPEN, FloorPolicy::NOBODY);
  EXPECT_FALSE(floor_.MayInterrupt({"owner"}));
}

TEST_F(FloorTest, N5ItsNameIsAWord) {
  for (const char* text : {"computer, what now", "Okay Computer", "hey, AGENT!"}) {
    EXPECT_TRUE(Floor::Names(text)) << text;
  }
  for (const char* text : {"", "computers are slow", "agents", "let us compute", "reagent"}) {
    EXPECT_FALSE(Floor::Names(text)) << text;
  }
}

// Its own voice.

// A voice: harmonics of a pitch that wanders, syllables, breath.
std::vector<double> VoiceOf(unsigned seed, double pitch, double seconds) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> any(-1, 1);
  std::vector<double> out(static_cast<size_t>(seconds * 24000));
  double phase = 0, drift = 0, rate = 4 + any(random);
  for (size_t i = 0; i < out.size(); ++i) {
    if (i % 2400 == 0) drift = 0.15 * any(random);
    phase += 2 * M_PI * pitch * (1 + drift) / 24000;
    double sum = 0.2 * any(random);
    for (int k = 1; k < 12; ++k) sum += std::sin(k * phase + k * k) / k;
    out[i] = 3000 * sum * (0.6 + 0.4 * std::sin(2 * M_PI * rate * static_cast<double>(i) / 24000));
  }
  return out;
}
std::string PcmOf(const std::vector<double>& voice, size_t from, size_t to) {
  std::vector<int16_t> samples;
  for (size_t i = from; i < to; ++i) {
    samples.push_back(static_cast<int16_t>(std::clamp(voice[i], -32768.0, 32767.0)));
  }
  return {reinterpret_cast<const char*>(samples.data()), samples.size() * 2};
}
// What comes back of it: later, softer, dulled by a room, with noise.
std::vector<double> Returned(const std::vector<double>& voice, size_t delay) {
  std::mt19937 random(7);
  std::normal_distribution<double> noise(0, 60);
  std::vector<double> out(voice.size());
  for (size_t i = delay + 1200; i < voice.size(); ++i) {
    out[i] = 0.25 * (voice[i - delay] + voice[i - delay - 1]) / 2 +
             0.06 * voice[i - delay - 480] + 0.04 * voice[i - delay - 1200] + noise(random);
  }
  return out;
}

TEST(EchoTest, N5ItsOwnVoiceIsKnownWhenItComesBack) {
  const std::vector<double> voice = VoiceOf(1, 120, 3);
  for (const size_t delay_ms : {0, 80, 200, 400, 800}) {
    const std::vector<double> back = Returned(voice, delay_ms * 24);
    Echo echo;
    for (size_t at = 0; at + 2400 <= 48000; at += 2400) {
      echo.AddPlayed(PcmOf(voice, at, at + 2400));
      echo.AddHeard(PcmOf(back, at, at + 2400));
    }
    for (const int64_t ms : {150, 250, 400}) EXPECT_TRUE(echo.Echoes(ms)) << delay_ms << " " << ms;
  }
}

TEST(EchoTest, N5SomebodyElseIsNoEcho) {
  const std::vector<double> voice = VoiceOf(1, 120, 3);
  for (unsigned seed = 2; seed < 12; ++seed) {
    const std::vector<double> other = VoiceOf(seed, 95 + 11 * seed, 3);
    const std::vector<double> back = Returned(voice, 2400);
    Echo alone, both;
    for (size_t at = 0; at + 2400 <= 48000; at += 2400) {
      std::vector<double> mixed(other.begin() + at, other.begin() + at + 2400);
      for (size_t i = 0; i < mixed.size(); ++i) mixed[i] += 0.5 * back[at + i];
      alone.AddPlayed(PcmOf(voice, at, at + 2400));
      both.AddPlayed(PcmOf(voice, at, at + 2400));
      alone.AddHeard(PcmOf(other, at, at + 2400));
      both.AddHeard(PcmOf(mixed, 0, mixed.size()));
    }
    EXPECT_FALSE(alone.Echoes(300)) << seed;
    EXPECT_FALSE(both.Echoes(300)) << seed;
  }
}

TEST(EchoTest, N5AnEchoIsKnownBetweenTheLagsThatAreLookedAtFirst) {
  for (unsigned seed = 1; seed < 7; ++seed) {
    const std::vector<double> voice = VoiceOf(seed, 90 + 25 * seed, 3);
    for (size_t delay = 2411; delay < 24000; delay += 2411) {
      const std::vector<double> back = Returned(voice, delay);
      Echo echo;
      echo.AddPlayed(PcmOf(voice, 0, 48000));
      echo.AddHeard(PcmOf(back, 0, 48000));
      for (const int64_t ms : {150, 283, 400}) {
        EXPECT_TRUE(echo.Echoes(ms)) << seed << " " << delay << " " << ms;
      }
    }
  }
}

TEST(EchoTest, N5ALookIsNoBurdenOnTheLoop) {
  const std::vector<double> voice = VoiceOf(1, 120, 3), other = VoiceOf(2, 190, 3);
  for (const int64_t ms : {0, 150, 400, 60'000}) {
    Echo echo;
    echo.AddPlayed(PcmOf(voice, 0, voice.size()));
    echo.AddHeard(PcmOf(other, 0, other.size()));
    EXPECT_FALSE(echo.Echoes(ms));
    EXPECT_GT(echo.multiply_adds(), 0);
    EXPECT_LE(echo.multiply_adds(), static_cast<int64_t>(limits::kEchoMultiplyAdds)) << ms;
  }
}

TEST(EchoTest, SilenceIsNoEcho) {
  Echo echo;
  EXPECT_FALSE(echo.Echoes(300));
  echo.AddPlayed(PcmOf(VoiceOf(1, 120, 1), 0, 24000));
  echo.AddHeard(std::string(48000, '\0'));
  EXPECT_FALSE(echo.Echoes(300));
}

}  // namespace
}  // namespace atrium::control
