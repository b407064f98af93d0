// The talk with the agent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "common/errors.h"
#include "control/agent/conversation.h"
#include "control/limits.h"
#include "tests/support/fake_links.h"
#include "tests/support/fake_provider.h"
#include "tests/support/fake_room.h"
#include "tests/support/manual_loop.h"

namespace atrium::control {
namespace {

using Shape = atrium::v1::Conversation;
using atrium::v1::TimelineEntry;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

class ConversationTest : public testing::Test {
 protected:
  void Start() {
    talk_.Start([this](absl::Status status) { started_.push_back(status); });
    if (providers_.listener != nullptr) providers_.listener->OnReady(std::nullopt);
  }
  void Lose(bool final = false) {
    providers_.listener->OnLost(absl::UnavailableError("reset"), final);
    loop_.RunPosted();
  }
  Provider::Listener& agent() { return *providers_.listener; }
  ProviderTold& told() { return providers_.latest(); }
  // The agent says something aloud that takes a second.
  void Say(const std::string& response, const std::string& item, const std::string& text) {
    agent().OnResponseStarted(response);
    agent().OnSaying(response, item, text, false);
    agent().OnSpeech(response, item, std::string(48000, 'x'));
  }
  void Played(const std::string& item, int64_t position, bool ended = false) {
    atrium::media::v1::StreamAudioResponse::Played played;
    played.set_utterance(item);
    played.set_position(position);
    played.set_ended(ended);
    media_.audio_listener->OnPlayed(played);
  }
  void GoLive() {
    talk_.SetAnybodyLive(true);
    media_.audio_listener->OnAudioOpen();
  }
  void Room(int64_t position, int64_t samples, const std::string& who = "") {
    atrium::media::v1::StreamAudioResponse::Room room;
    room.set_position(position);
    room.set_pcm(std::string(static_cast<size_t>(samples) * 2, 'v'));
    if (!who.empty()) {
      room.add_voices()->set_participant(who);
      room.mutable_voices(0)->set_dbfs(-20);
    }
    media_.audio_listener->OnRoomAudio(room);
  }
  std::vector<std::string> History() {
    std::vector<std::string> texts;
    for (const HistoryItem& item : told().history) texts.push_back(item.text);
    return texts;
  }

  ManualLoop loop_;
  FakeMediaLink media_;
  FakeRoom room_;
  FakeProviderFactory providers_;
  Profiles profiles_ = {Profile(), {.id = "terse", .instructions = "One word.", .voice = "echo"}};
  Conversation talk_{&loop_, &providers_, &profiles_, &media_, &room_,
                     {.session = "sessions/main"}};
  std::vector<absl::Status> started_;
};

TEST_F(ConversationTest, V1StartingTwiceIsOneProviderSession) {
  talk_.Start([this](absl::Status status) { started_.push_back(status); });
  EXPECT_THAT(started_, IsEmpty());
  EXPECT_EQ(talk_.Shown().state(), Shape::CONNECTING);
  Start();
  EXPECT_EQ(started_.size(), 2u);
  EXPECT_EQ(providers_.sessions.size(), 1u);
  EXPECT_EQ(talk_.Shown().state(), Shape::ACTIVE);
  EXPECT_EQ(told().settings.instructions, "Be brief.");
}

TEST_F(ConversationTest, N5OneResponseAtATime) {
  Start();
  talk_.TextTurn("ann", "one");
  talk_.TextTurn("bob", "two");
  talk_.TextTurn("bob", "three");
  EXPECT_EQ(told().responses_asked, 1);
  agent().OnResponseStarted("r1");
  talk_.TextTurn("ann", "four");
  EXPECT_EQ(told().responses_asked, 1);
  agent().OnResponseDone("r1", {.completed = true});
  EXPECT_EQ(told().responses_asked, 2) << "what waited was asked more or less than once";
  agent().OnResponseStarted("r2");
  agent().OnResponseDone("r2", {.completed = true});
  EXPECT_EQ(told().responses_asked, 2);
  ASSERT_EQ(told().texts.size(), 4u);
  EXPECT_EQ(told().texts[1].text, "Dr. bob: two");
}

TEST_F(ConversationTest, N5AResponseThatIsRefusedAsOneIsUnderWayIsAskedForLater) {
  Start();
  talk_.TextTurn("ann", "one");
  agent().OnResponseRefused(absl::FailedPreconditionError("busy"), true);
  EXPECT_EQ(told().responses_asked, 1);
  agent().OnResponseDone("another", {.completed = true});
  EXPECT_EQ(told().responses_asked, 2);
}

TEST_F(ConversationTest, N5WhoeverSpeaksCutsTheAgentOffAtWhatWasHeard) {
  Start();
  GoLive();
  Say("r1", "i1", "It is a long story");
  Played("i1", 4800);
  EXPECT_EQ(talk_.Shown().activity(), Shape::SPEAKING);
  agent().OnSpeechStarted("u1", 100);
  EXPECT_THAT(told().cancelled, ElementsAre("r1"));
  EXPECT_THAT(media_.audio->flushed, ElementsAre("i1"));
  EXPECT_THAT(told().truncated, ElementsAre(Pair("i1", 200)));
  ASSERT_EQ(room_.spoken.size(), 1u);
  EXPECT_TRUE(room_.spoken[0].interrupted);
  EXPECT_EQ(room_.spoken[0].text, "It is a long story");
  // What still comes of it is not heard.
  const size_t sent = media_.audio->spoken.size();
  agent().OnSpeech("r1", "i1", std::string(4800, 'x'));
  EXPECT_EQ(media_.audio->spoken.size(), sent);
  EXPECT_TRUE(room_.captions.back().final());
}

TEST_F(ConversationTest, N5AProviderThatOwnsTurnsIsNotCutOffByUs) {
  providers_.can.owns_turns = true;
  Start();
  GoLive();
  Say("r1", "i1", "Go on");
  agent().OnSpeechStarted("u1", 100);
  EXPECT_THAT(told().cancelled, IsEmpty());
  agent().OnSpeechStopped("u1", 900);
  EXPECT_EQ(told().responses_asked, 0);
}

TEST_F(ConversationTest, N5ItIsToldWhoSpoke) {
  Start();
  GoLive();
  for (int i = 0; i < 50; ++i) Room(i * 480, 480, i < 25 ? "ann" : "bob");
  agent().OnSpeechStarted("u1", 0);
  agent().OnSpeechStopped("u1", 500);
  ASSERT_EQ(told().texts.size(), 1u);
  EXPECT_THAT(told().texts[0].text, HasSubstr("Dr. ann"));
  EXPECT_THAT(told().texts[0].text, testing::Not(HasSubstr("bob")));
  EXPECT_EQ(told().responses_asked, 1);
  agent().OnHeard("u1", "hello", true);
  ASSERT_EQ(room_.spoken.size(), 1u);
  EXPECT_THAT(room_.spoken[0].speakers, ElementsAre("ann"));
  EXPECT_EQ(room_.captions.back().text(), "hello");
}

TEST_F(ConversationTest, N5OfWhomItDoesNotListenToNothingReachesTheProvider) {
  Start();
  GoLive();
  atrium::v1::FloorPolicy host;
  host.set_mode(atrium::v1::FloorPolicy::HOST_ONLY);
  talk_.SetFloor(host);
  Room(0, 480, "bob");
  EXPECT_EQ(told().audio, std::string(960, '\0'));
  Room(480, 480, "ann");
  EXPECT_EQ(told().audio.substr(960), std::string(960, 'v'));
  atrium::v1::FloorPolicy push;
  push.set_mode(atrium::v1::FloorPolicy::PUSH_TO_TALK);
  talk_.SetFloor(push);
  Room(960, 480, "ann");
  talk_.SetTalking("bob", true);
  Room(1440, 480, "bob");
  EXPECT_EQ(told().audio.substr(1920), std::string(960, '\0') + std::string(960, 'v'));
  // Whom it did not hear did not speak.
  agent().OnSpeechStarted("u1", 0);
  agent().OnSpeechStopped("u1", 80);
  EXPECT_THAT(told().texts.back().text, HasSubstr("Dr. ann and Dr. bob"));
}

TEST_F(ConversationTest, N5ItAnswersToItsNameAlone) {
  atrium::v1::FloorPolicy addressed;
  addressed.set_mode(atrium::v1::FloorPolicy::ADDRESSED);
  talk_.SetFloor(addressed);
  Start();
  GoLive();
  agent().OnSpeechStarted("u1", 0);
  agent().OnSpeechStopped("u1", 900);
  agent().OnHeard("u1", "what do you think, Bob?", true);
  EXPECT_EQ(told().responses_asked, 0);
  EXPECT_EQ(room_.spoken.size(), 1u) << "it is written down all the same";
  agent().OnSpeechStarted("u2", 1000);
  agent().OnSpeechStopped("u2", 1900);
  agent().OnHeard("u2", "computer, what time is it?", true);
  EXPECT_EQ(told().responses_asked, 1);
  // People may talk while it does; by its name it is interrupted.
  Say("r1", "i1", "It is late");
  agent().OnSpeechStarted("u3", 2000);
  agent().OnHeard("u3", "so, lunch", false);
  EXPECT_THAT(media_.audio->flushed, IsEmpty());
  agent().OnHeard("u3", "so, lunch. Computer, stop", false);
  EXPECT_THAT(media_.audio->flushed, ElementsAre("i1"));
}

TEST_F(ConversationTest, N5OnlyWhoMayInterruptsIt) {
  atrium::v1::FloorPolicy owners;
  owners.set_interruption(atrium::v1::FloorPolicy::OWNERS);
  talk_.SetFloor(owners);
  Start();
  GoLive();
  Say("r1", "i1", "It is a long story");
  for (int i = 0; i < 5; ++i) Room(i * 480, 480, "bob");
  agent().OnSpeechStarted("u1", 0);
  EXPECT_THAT(media_.audio->flushed, IsEmpty());
  for (int i = 5; i < 10; ++i) Room(i * 480, 480, "ann");
  agent().OnSpeechStarted("u2", 100);
  EXPECT_THAT(media_.audio->flushed, ElementsAre("i1"));
}

// Noise that nothing else is like, as 24 kHz PCM.
std::string Noise(unsigned seed, int64_t samples) {
  std::mt19937 random(seed);
  std::string pcm;
  int16_t held = 0;
  for (int64_t i = 0; i < samples; ++i) {
    if (i % 12 == 0) held = static_cast<int16_t>(static_cast<int>(random() % 12000) - 6000);
    pcm += static_cast<char>(held & 0xff);
    pcm += static_cast<char>((held >> 8) & 0xff);
  }
  return pcm;
}

TEST_F(ConversationTest, N5ItsOwnEchoDoesNotInterruptItNorIsItAnswered) {
  Start();
  GoLive();
  const std::string voice = Noise(1, 48000), other = Noise(2, 48000);
  talk_.TextTurn("ann", "tell us");
  agent().OnResponseStarted("r1");
  agent().OnSaying("r1", "i1", "It is a long story", false);
  agent().OnSpeech("r1", "i1", voice);
  int64_t position = 0;
  const auto hear = [&](const std::string& what) {
    atrium::media::v1::StreamAudioResponse::Room room;
    room.set_position(position);
    room.set_pcm(what.substr(position * 2, 960));
    room.add_voices()->set_participant("bob");
    room.mutable_voices(0)->set_dbfs(-20);
    position += 480;
    Played("i1", position);
    media_.audio_listener->OnRoomAudio(room);
  };
  for (int i = 0; i < 15; ++i) hear(voice);
  agent().OnSpeechStarted("u1", 20);
  EXPECT_THAT(media_.audio->flushed, IsEmpty());
  agent().OnSpeechStopped("u1", 280);
  agent().OnHeard("u1", "it is a long", true);
  EXPECT_EQ(told().responses_asked, 1);
  EXPECT_THAT(room_.spoken, IsEmpty());
  EXPECT_THAT(told().deleted, ElementsAre("u1"));
  // Bob joins in while it comes back.
  agent().OnSpeechStarted("u2", 100);
  for (int i = 0; i < 16; ++i) hear(voice);
  EXPECT_THAT(media_.audio->flushed, IsEmpty());
  for (int i = 0; i < 32; ++i) hear(other);
  EXPECT_THAT(media_.audio->flushed, ElementsAre("i1"));
  agent().OnResponseDone("r1", {});
  agent().OnSpeechStopped("u2", 1500);
  EXPECT_EQ(told().responses_asked, 2);
}

TEST_F(ConversationTest, R1FramesOfTheRoomThatWereLostAreSilence) {
  Start();
  GoLive();
  Room(0, 480);
  Room(960, 480);
  EXPECT_EQ(told().audio.size(), 3u * 960);
  EXPECT_EQ(told().audio.substr(960, 960), std::string(960, '\0'));
  Room(1 << 30, 480);
  EXPECT_EQ(told().audio.size(), 4u * 960 + limits::kSilenceSamples * 2);
  // A new run of media counts from anew.
  media_.audio_listener->OnAudioLost();
  Room(0, 480);
  EXPECT_EQ(told().audio.size(), 5u * 960 + limits::kSilenceSamples * 2);
}

TEST_F(ConversationTest, R11WhatWasSaidIsToldToTheNextProviderSession) {
  Start();
  talk_.TextTurn("ann", "hello");
  Say("r1", "i1", "Hi Ann");
  agent().OnResponseDone("r1", {.completed = true});
  Lose();
  EXPECT_EQ(talk_.Shown().state(), Shape::RECONNECTING);
  loop_.Advance(absl::Seconds(1));
  ASSERT_EQ(providers_.sessions.size(), 2u);
  EXPECT_FALSE(providers_.sessions[0]->open);
  EXPECT_THAT(History(), ElementsAre("Dr. ann: hello", "Hi Ann"));
  agent().OnReady(std::nullopt);
  EXPECT_EQ(talk_.Shown().state(), Shape::ACTIVE);
}

TEST_F(ConversationTest, R11AProviderThatIsLostInMidSentenceIsCutOffAtWhatWasHeard) {
  Start();
  GoLive();
  Say("r1", "i1", "It is a long");
  Played("i1", 4800);
  Lose();
  EXPECT_THAT(media_.audio->flushed, ElementsAre("i1"));
  ASSERT_EQ(room_.spoken.size(), 1u);
  EXPECT_TRUE(room_.spoken[0].interrupted);
  loop_.Advance(absl::Seconds(1));
  EXPECT_THAT(History(), ElementsAre("It is a long"));
  agent().OnReady(std::nullopt);
  // What it owes is asked for, once; the next one is heard at once.
  EXPECT_EQ(told().responses_asked, 1);
  Say("r2", "i2", "Sorry");
  EXPECT_GT(media_.audio->SentEnd("i2"), 0);
}

TEST_F(ConversationTest, R12AFinalErrorIsNotTriedAgain) {
  Start();
  Lose(/*final=*/true);
  EXPECT_EQ(talk_.Shown().state(), Shape::FAILED);
  EXPECT_EQ(talk_.Shown().problem(), "reset");
  loop_.Advance(absl::Hours(1));
  EXPECT_EQ(providers_.sessions.size(), 1u);
}

TEST_F(ConversationTest, R12R13AFinalErrorIsNotUndoneByARotation) {
  talk_.Start(nullptr);
  agent().OnReady(loop_.Now() + absl::Minutes(60));
  Lose(/*final=*/true);
  loop_.Advance(absl::Hours(2));
  EXPECT_EQ(providers_.sessions.size(), 1u);
  EXPECT_EQ(talk_.Shown().state(), Shape::FAILED);
}

TEST_F(ConversationTest, R12AttemptsBackOff) {
  Start();
  Lose();
  int attempts = 0;
  const absl::Duration begin = loop_.Monotonic();
  while (loop_.Monotonic() - begin < absl::Minutes(10)) {
    const size_t before = providers_.sessions.size();
    loop_.Advance(absl::Milliseconds(100));
    if (providers_.sessions.size() == before) continue;
    ASSERT_EQ(providers_.sessions.size(), before + 1) << "two attempts at once";
    if (loop_.Monotonic() - begin > absl::Minutes(1)) ++attempts;
    Lose();
  }
  EXPECT_LE(attempts, 9 * 12);
  EXPECT_GE(attempts, 9 * 4);
}

TEST_F(ConversationTest, V3WhoStartsHearsThatTheProviderCannotBeReached) {
  talk_.Start([this](absl::Status status) { started_.push_back(status); });
  Lose();
  ASSERT_EQ(started_.size(), 1u);
  EXPECT_FALSE(started_[0].ok());
  EXPECT_EQ(talk_.Shown().state(), Shape::FAILED);
  Start();
  EXPECT_TRUE(started_[1].ok());
}

TEST_F(ConversationTest, R13ANewSessionIsReadyBeforeTheOldOneGoesAndOnlyInASilence) {
  talk_.Start(nullptr);
  agent().OnReady(loop_.Now() + absl::Minutes(60));
  loop_.Advance(absl::Minutes(58));
  GoLive();
  Say("r1", "i1", "Wait");
  agent().OnResponseDone("r1", {.completed = true});
  loop_.Advance(absl::Minutes(1) + absl::Seconds(10));
  ASSERT_EQ(providers_.sessions.size(), 2u);
  agent().OnReady(loop_.Now() + absl::Minutes(60));
  loop_.Advance(absl::Seconds(1));
  EXPECT_TRUE(providers_.sessions[0]->open) << "exchanged in mid-sentence";
  EXPECT_EQ(talk_.Shown().state(), Shape::ACTIVE);
  Room(0, 480);
  EXPECT_EQ(providers_.sessions[0]->audio.size(), 960u) << "the old one hears until it goes";
  for (int64_t at = 0; at < 24000; at += limits::kSpeechAheadSamples) Played("i1", at);
  Played("i1", 24000, true);
  loop_.Advance(absl::Seconds(1));
  EXPECT_FALSE(providers_.sessions[0]->open);
  // What was said since it was made is told to it, too.
  ASSERT_EQ(told().texts.size(), 1u);
  EXPECT_EQ(told().texts[0].text, "Wait");
  Room(480, 480);
  EXPECT_EQ(told().audio.size(), 960u) << "the exchange has a gap";
  EXPECT_EQ(talk_.Shown().state(), Shape::ACTIVE);
}

TEST_F(ConversationTest, R13TwentyFourHoursAreAsManyExchangesAndNoLostResult) {
  talk_.Start(nullptr);
  agent().OnReady(loop_.Now() + absl::Minutes(60));
  for (int hour = 1; hour <= 24; ++hour) {
    loop_.Advance(absl::Minutes(30));
    agent().OnToolCall(std::to_string(hour), "run_command", R"({"command":"make"})");
    agent().OnResponseStarted("r");
    agent().OnResponseDone("r", {.completed = true});
    loop_.Advance(absl::Minutes(29) + absl::Seconds(1));
    ASSERT_EQ(providers_.sessions.size(), hour + 1u);
    agent().OnReady(loop_.Now() + absl::Minutes(60));
    loop_.Advance(absl::Seconds(1));
    ASSERT_FALSE(providers_.sessions[hour - 1]->open);
    room_.proposals.back().done(std::string("exit code 0"));
    ASSERT_EQ(told().late_results.size(), 1u) << "a result was lost in the exchange";
    agent().OnResponseStarted("l");
    agent().OnResponseDone("l", {.completed = true});
  }
  EXPECT_EQ(room_.shown.back().state(), Shape::ACTIVE);
}

TEST_F(ConversationTest, R13ASessionThatCannotBeMadeLeavesTheOldOneAlone) {
  talk_.Start(nullptr);
  agent().OnReady(loop_.Now() + absl::Minutes(60));
  loop_.Advance(absl::Minutes(59) + absl::Seconds(1));
  ASSERT_EQ(providers_.sessions.size(), 2u);
  agent().OnLost(absl::UnavailableError("no"), false);
  EXPECT_EQ(talk_.Shown().state(), Shape::ACTIVE);
  EXPECT_TRUE(providers_.sessions[0]->open);
  loop_.Advance(absl::Seconds(11));
  EXPECT_EQ(providers_.sessions.size(), 3u);
}

TEST_F(ConversationTest, R14AProviderThatOwesAnAnswerAndIsSilentIsReplaced) {
  Start();
  loop_.Advance(absl::Minutes(10));
  EXPECT_EQ(providers_.sessions.size(), 1u) << "nothing was owed";
  talk_.TextTurn("ann", "hello");
  loop_.Advance(absl::Seconds(6));
  agent().OnResponseStarted("r1");
  loop_.Advance(absl::Seconds(9));
  EXPECT_EQ(talk_.Shown().state(), Shape::ACTIVE);
  loop_.Advance(absl::Seconds(1));
  EXPECT_EQ(talk_.Shown().state(), Shape::RECONNECTING);
  EXPECT_THAT(talk_.Shown().problem(), HasSubstr("silent"));
  loop_.Advance(absl::Seconds(1));
  ASSERT_EQ(providers_.sessions.size(), 2u);
  agent().OnReady(std::nullopt);
  EXPECT_EQ(told().responses_asked, 1) << "what was owed is not asked for";
}

TEST_F(ConversationTest, R11AnAnswerThatIsLostTwiceIsNotAskedForAgain) {
  Start();
  talk_.TextTurn("ann", "hello");
  for (int i = 0; i < 3; ++i) {
    agent().OnResponseStarted("r");
    Lose();
    loop_.Advance(absl::Seconds(20));
    agent().OnReady(std::nullopt);
    EXPECT_EQ(told().responses_asked, i == 0 ? 1 : 0) << i;
  }
  talk_.TextTurn("ann", "again");
  EXPECT_EQ(told().responses_asked, 1);
}

TEST_F(ConversationTest, R12NeverMoreThanTwelveAttemptsAMinuteWhateverComes) {
  Start();
  Lose();
  std::vector<absl::Duration> attempts;
  while (loop_.Monotonic() < absl::Minutes(20)) {
    const size_t before = providers_.sessions.size();
    loop_.Advance(absl::Milliseconds(50));
    if (providers_.sessions.size() == before) continue;
    attempts.push_back(loop_.Monotonic());
    // It even says that it is ready, each other time.
    if (attempts.size() % 2 == 0) agent().OnReady(std::nullopt);
    Lose();
  }
  for (size_t i = 12; i < attempts.size(); ++i) {
    EXPECT_GE(attempts[i] - attempts[i - 12], absl::Minutes(1));
  }
  EXPECT_GT(attempts.size(), 100u);
  EXPECT_LT(attempts[0], absl::Milliseconds(300)) << "the first comes at once (R11)";
}

TEST_F(ConversationTest, V2OneThatBillsByTheMinuteIsLeftWhenNobodyIsThere) {
  providers_.can.bills_by_minute = true;
  Start();
  GoLive();
  talk_.SetAnybodyLive(false);
  loop_.Advance(absl::Minutes(4));
  EXPECT_EQ(talk_.Shown().state(), Shape::ACTIVE);
  loop_.Advance(absl::Minutes(2));
  EXPECT_EQ(talk_.Shown().state(), Shape::STOPPED);
  EXPECT_FALSE(told().open);
}

TEST_F(ConversationTest, L3TokensAreCounted) {
  Start();
  const ResponseEnd end{.completed = true,
                        .usage = {.input_text = 1, .input_audio = 2, .cached = 3,
                                  .output_text = 4, .output_audio = 5}};
  agent().OnResponseDone("r1", end);
  agent().OnResponseDone("r2", end);
  const Shape::Usage& usage = room_.shown.back().usage();
  EXPECT_EQ(usage.responses(), 2);
  EXPECT_EQ(usage.input_text_tokens(), 2);
  EXPECT_EQ(usage.input_audio_tokens(), 4);
  EXPECT_EQ(usage.cached_tokens(), 6);
  EXPECT_EQ(usage.output_text_tokens(), 8);
  EXPECT_EQ(usage.output_audio_tokens(), 10);
}

TEST_F(ConversationTest, P12AnAnswerThatFailsIsShownUntilOneSucceeds) {
  Start();
  agent().OnResponseDone("r1", {.problem = "rate limit"});
  EXPECT_EQ(room_.shown.back().problem(), "rate limit");
  agent().OnResponseDone("r2", {.completed = true});
  EXPECT_EQ(room_.shown.back().problem(), "");
}

TEST_F(ConversationTest, L3AProfileIsOverriddenAndComesBack) {
  Start();
  EXPECT_EQ(talk_.Shown().profile(), "default");
  EXPECT_EQ(talk_.Shown().profiles_size(), 2);
  talk_.SetInstructions("Mine.");
  EXPECT_TRUE(talk_.SetProfile("terse").ok());
  EXPECT_EQ(told().settings.instructions, "One word.");
  EXPECT_EQ(talk_.Shown().voice(), "echo");
  talk_.SetInstructions("Mine.");
  EXPECT_EQ(talk_.Shown().instructions(), "Mine.");
  talk_.SetInstructions("");
  EXPECT_EQ(talk_.Shown().instructions(), "One word.");
  talk_.SetMode(Shape::TEXT);
  EXPECT_FALSE(talk_.SetProfile("nobody").ok());
  EXPECT_EQ(talk_.Shown().mode(), Shape::TEXT);
  EXPECT_TRUE(talk_.SetProfile("default").ok());
  EXPECT_EQ(talk_.Shown().mode(), Shape::VOICE);
  EXPECT_EQ(talk_.Shown().instructions(), "Be brief.");
}

TEST_F(ConversationTest, L3AnotherVoiceIsAnotherProviderSessionInTheNextSilence) {
  Start();
  talk_.SetVoice("cedar");
  ASSERT_EQ(providers_.sessions.size(), 2u);
  EXPECT_EQ(told().settings.voice, "cedar");
  EXPECT_TRUE(providers_.sessions[0]->open);
  agent().OnReady(std::nullopt);
  loop_.RunPosted();
  EXPECT_FALSE(providers_.sessions[0]->open);
  EXPECT_EQ(talk_.Shown().state(), Shape::ACTIVE);
}

TEST_F(ConversationTest, L4ASecretIsMintedForSixtySecondsOrRefused) {
  std::vector<absl::StatusOr<atrium::v1::ProviderSecret>> secrets;
  const auto keep = [&](auto secret) { secrets.push_back(secret); };
  talk_.MintSecret(keep);
  EXPECT_EQ(providers_.minted_for, absl::Seconds(60));
  EXPECT_EQ(secrets[0]->value(), "ek_1");
  EXPECT_EQ(secrets[0]->model(), "fake-1");
  EXPECT_EQ(secrets[0]->instructions(), "Be brief.");
  providers_.secret = absl::FailedPreconditionError("none");
  talk_.MintSecret(keep);
  EXPECT_TRUE(absl::IsFailedPrecondition(secrets[1].status()));
}

TEST_F(ConversationTest, V2TheProviderStaysWhenNobodyIsLive) {
  Start();
  GoLive();
  EXPECT_TRUE(media_.audio_open);
  talk_.SetAnybodyLive(false);
  loop_.RunPosted();
  EXPECT_FALSE(media_.audio_open);
  EXPECT_TRUE(told().open);
  EXPECT_EQ(talk_.Shown().state(), Shape::ACTIVE);
}

TEST_F(ConversationTest, StoppingLeavesTheProviderAndTellsWhoeverWaits) {
  talk_.Start([this](absl::Status status) { started_.push_back(status); });
  talk_.Stop();
  loop_.RunPosted();
  EXPECT_TRUE(absl::IsCancelled(started_.at(0)));
  EXPECT_FALSE(told().open);
  EXPECT_EQ(talk_.Shown().state(), Shape::STOPPED);
  loop_.Advance(absl::Hours(1));
  EXPECT_EQ(providers_.sessions.size(), 1u);
}

TEST_F(ConversationTest, N4RestoresWhatWasSaidBeforeARestart) {
  std::vector<TimelineEntry> entries(3);
  entries[0].set_kind(TimelineEntry::CHAT);
  entries[0].add_speaker_names("Ann");
  entries[0].set_text("hello");
  entries[1].set_kind(TimelineEntry::NOTICE);
  entries[1].set_text("unrelated");
  entries[2].set_kind(TimelineEntry::AGENT);
  entries[2].set_text("Hi");
  talk_.Restore(entries);
  Start();
  EXPECT_THAT(History(), ElementsAre("Ann: hello", "Hi"));
  EXPECT_EQ(told().history[1].role, HistoryItem::Role::kAgent);
}

TEST_F(ConversationTest, TheHistoryIsBounded) {
  Start();
  for (int i = 0; i < 200; ++i) talk_.Overhear("ann", std::to_string(i));
  Lose();
  loop_.Advance(absl::Seconds(1));
  EXPECT_EQ(told().history.size(), limits::kHistoryItems);
  EXPECT_THAT(History().back(), HasSubstr("199"));
}

TEST_F(ConversationTest, L7AToolsAnswerIsGivenAndAnsweredOnce) {
  Start();
  room_.screen = "ok";
  agent().OnResponseStarted("r1");
  agent().OnToolCall("c1", "read_tab", R"({"tab":"shell"})");
  agent().OnToolCall("c2", "list_tabs", "{}");
  EXPECT_EQ(told().responses_asked, 0);
  agent().OnResponseDone("r1", {.completed = true});
  EXPECT_EQ(told().results.size(), 2u);
  EXPECT_EQ(told().responses_asked, 1);
}

TEST_F(ConversationTest, N6TheAgentTalksOnWhileACardWaits) {
  Start();
  agent().OnResponseStarted("r1");
  agent().OnToolCall("c1", "run_command", R"({"command":"make"})");
  EXPECT_EQ(talk_.Shown().activity(), Shape::WAITING_FOR_APPROVAL);
  ASSERT_EQ(told().results.size(), 1u);
  EXPECT_THAT(told().results[0].second, HasSubstr("awaiting_approval"));
  agent().OnResponseDone("r1", {.completed = true});
  EXPECT_EQ(told().responses_asked, 1) << "it says that it waits";
  agent().OnResponseStarted("r2");
  agent().OnResponseDone("r2", {.completed = true});
  talk_.TextTurn("bob", "what time is it?");
  EXPECT_EQ(told().responses_asked, 2) << "it answers nobody while a card waits";
  agent().OnResponseStarted("r3");
  agent().OnResponseDone("r3", {.completed = true});
  room_.proposals.at(0).done(std::string("exit code 0"));
  ASSERT_EQ(told().late_results.size(), 1u);
  EXPECT_EQ(told().late_results[0].first, "run_command");
  EXPECT_THAT(told().late_results[0].second, HasSubstr("untrusted_terminal_text"));
  EXPECT_EQ(told().responses_asked, 3);
  EXPECT_NE(talk_.Shown().activity(), Shape::WAITING_FOR_APPROVAL);
}

TEST_F(ConversationTest, R13AResultForASessionThatIsGoneReachesTheNextOne) {
  Start();
  agent().OnToolCall("c1", "run_command", R"({"command":"make"})");
  Lose();
  room_.proposals.at(0).done(std::string("exit code 0"));
  loop_.Advance(absl::Seconds(1));
  agent().OnReady(std::nullopt);
  ASSERT_EQ(told().late_results.size(), 1u);
  EXPECT_EQ(told().responses_asked, 1);
}

TEST_F(ConversationTest, S12CallsAreBounded) {
  Start();
  for (size_t i = 0; i < 2 * limits::kToolCallsAMinute; ++i) {
    agent().OnToolCall(std::to_string(i), "run_command", R"({"command":"make"})");
  }
  EXPECT_EQ(room_.proposals.size(), limits::kToolCallsAMinute);
  EXPECT_EQ(told().results.size(), 2 * limits::kToolCallsAMinute);
  loop_.Advance(absl::Minutes(1));
  agent().OnToolCall("later", "list_tabs", "{}");
  EXPECT_THAT(told().results.back().second, HasSubstr("shell"));
}

TEST_F(ConversationTest, N5AServerThatAnswersByItselfIsNotAskedToo) {
  Start();
  agent().OnSpeechStarted("u0", 0);
  agent().OnResponseStarted("unasked");
  agent().OnResponseDone("unasked", {.completed = true});
  agent().OnSpeechStarted("u1", 1000);
  agent().OnSpeechStopped("u1", 2000);
  EXPECT_EQ(told().responses_asked, 0);
  talk_.TextTurn("ann", "typed");
  EXPECT_EQ(told().responses_asked, 1);
}

TEST_F(ConversationTest, L3InstructionsReachTheAgentAtOnce) {
  Start();
  talk_.SetInstructions("Speak like a pirate.");
  EXPECT_EQ(told().settings.instructions, "Speak like a pirate.");
  EXPECT_EQ(room_.shown.back().instructions(), "Speak like a pirate.");
  talk_.SetInstructions("");
  EXPECT_EQ(told().settings.instructions, "Be brief.");
}

TEST_F(ConversationTest, P13NewTabsAreDeclaredBeforeTheNextTurn) {
  Start();
  talk_.TextTurn("ann", "one");
  agent().OnResponseStarted("r1");
  agent().OnResponseDone("r1", {.completed = true});
  const int updates = told().updates;
  talk_.TextTurn("ann", "two");
  EXPECT_EQ(told().updates, updates) << "told again what it knows";
  agent().OnResponseStarted("r2");
  agent().OnResponseDone("r2", {.completed = true});
  room_.tabs[0].set_title("renamed");
  talk_.TextTurn("ann", "three");
  EXPECT_EQ(told().updates, updates + 1);
}

TEST_F(ConversationTest, WordsWithoutAVoiceAreSaidOnceTheyAreComplete) {
  Start();
  agent().OnResponseStarted("r1");
  agent().OnSaying("r1", "i1", "Only text", true);
  EXPECT_THAT(room_.spoken, IsEmpty());
  agent().OnResponseDone("r1", {.completed = true});
  ASSERT_EQ(room_.spoken.size(), 1u);
  EXPECT_EQ(room_.spoken[0].text, "Only text");
  EXPECT_FALSE(room_.spoken[0].interrupted);
}

}  // namespace
}  // namespace atrium::control
