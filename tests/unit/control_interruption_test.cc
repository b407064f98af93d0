// Who interrupts the agent, and what becomes of what it was saying.
#include <random>

#include "tests/support/conversation_test.h"

namespace atrium::control {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

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
  EXPECT_EQ(room_.spoken[0].text, "It\u2026") << "200 ms of a second";
  EXPECT_EQ(room_.captions.back().text(), "It\u2026");
  // What still comes of it is not heard.
  const size_t sent = media_.audio->spoken.size();
  agent().OnSpeech("r1", "i1", std::string(4800, 'x'));
  EXPECT_EQ(media_.audio->spoken.size(), sent);
  EXPECT_TRUE(room_.captions.back().final());
}

TEST_F(ConversationTest, N5WhatWasNotHeardIsInNoHistory) {
  Start();
  GoLive();
  Say("r1", "i1", "It is a long story");
  agent().OnSpeech("r1", "i2", std::string(48000, 'x'));
  agent().OnSaying("r1", "i2", "And another one", true);
  for (int64_t at = 0; at <= 14400; at += limits::kSpeechAheadSamples) Played("i1", at);
  talk_.Interrupt();
  ASSERT_EQ(room_.spoken.size(), 1u) << "of the second one nobody heard a word";
  EXPECT_EQ(room_.spoken[0].text, "It is a\u2026");
  EXPECT_TRUE(room_.captions.back().final());
  EXPECT_EQ(room_.captions.back().text(), "");
  EXPECT_THAT(told().truncated, ElementsAre(Pair("i1", 600), Pair("i2", 0)));
  // The next session is told what was heard.
  Lose();
  loop_.Advance(limits::kProviderRetryMax);
  EXPECT_THAT(History(), ElementsAre("It is a\u2026"));
}

// Ann says something that is to be answered.
void Ask(Provider::Listener* agent, const std::string& item, int64_t at) {
  agent->OnSpeechStarted(item, at);
  agent->OnSpeechStopped(item, at + 800);
  agent->OnHeard(item, "and", true);
}

TEST_F(ConversationTest, N5WhoeverGoesOnSpeakingWhileItThinksGetsOneAnswer) {
  Start();
  GoLive();
  Ask(&agent(), "u1", 0);
  EXPECT_EQ(told().responses_asked, 1);
  agent().OnResponseStarted("r1");
  EXPECT_EQ(talk_.Shown().activity(), Shape::THINKING);
  agent().OnSpeechStarted("u2", 1000);
  EXPECT_THAT(told().cancelled, ElementsAre("r1"));
  EXPECT_EQ(talk_.Shown().activity(), Shape::LISTENING);
  // What still comes of it is neither heard nor shown, nor believed to be said.
  agent().OnSaying("r1", "i1", "Half of", false);
  agent().OnSpeech("r1", "i1", std::string(48000, 'x'));
  EXPECT_THAT(media_.audio->spoken, IsEmpty());
  agent().OnSpeechStopped("u2", 2000);
  EXPECT_EQ(told().responses_asked, 1) << "one at a time";
  agent().OnResponseDone("r1", {});
  EXPECT_EQ(told().responses_asked, 2);
  EXPECT_THAT(told().deleted, ElementsAre("i1"));
  EXPECT_THAT(told().truncated, IsEmpty());
  agent().OnHeard("u2", "in Rome?", true);
  Say("r2", "i2", "It is sunny");
  agent().OnResponseDone("r2", {.completed = true});
  for (int64_t at = 0; at < 24000; at += limits::kSpeechAheadSamples) Played("i2", at);
  Played("i2", 24000, true);
  EXPECT_EQ(told().responses_asked, 2);
  ASSERT_EQ(room_.spoken.size(), 3u);
  EXPECT_EQ(room_.spoken[2].text, "It is sunny");
}

TEST_F(ConversationTest, N5AnAnswerThatIsOnlyAskedForIsCancelledOnceItHasAName) {
  Start();
  GoLive();
  for (const bool button : {false, true}) {
    const std::string r = button ? "r3" : "r1";
    const size_t cancelled = told().cancelled.size();
    Ask(&agent(), "u1" + r, 0);
    button ? talk_.Interrupt() : agent().OnSpeechStarted("u2" + r, 1000);
    EXPECT_EQ(told().cancelled.size(), cancelled) << "there is nothing to name yet";
    EXPECT_EQ(talk_.Shown().activity(), Shape::LISTENING);
    agent().OnResponseStarted(r);
    ASSERT_EQ(told().cancelled.size(), cancelled + 1);
    EXPECT_EQ(told().cancelled.back(), r);
    if (!button) agent().OnSpeechStopped("u2" + r, 2000);
    agent().OnResponseDone(r, {});
    EXPECT_EQ(told().responses_asked, button ? 3 : 2);
    if (button) continue;
    agent().OnResponseStarted("r2");
    agent().OnResponseDone("r2", {.completed = true});
  }
  EXPECT_THAT(media_.audio->spoken, IsEmpty());
}

TEST_F(ConversationTest, N5WhatWasTypedIsAnsweredThoughSomebodySpeaks) {
  Start();
  GoLive();
  talk_.TextTurn("ann", "what is this?");
  agent().OnSpeechStarted("u1", 0);
  agent().OnResponseStarted("r1");
  EXPECT_THAT(told().cancelled, IsEmpty());
  // Once it sounds it is cut off like any other.
  agent().OnSaying("r1", "i1", "It is a long story", false);
  agent().OnSpeech("r1", "i1", std::string(48000, 'x'));
  agent().OnSpeechStopped("u1", 500);
  agent().OnSpeechStarted("u2", 1000);
  EXPECT_THAT(told().cancelled, ElementsAre("r1"));
  EXPECT_THAT(media_.audio->flushed, ElementsAre("i1"));
  // The button stops it before it sounds, too.
  agent().OnSpeechStopped("u2", 1500);
  agent().OnResponseDone("r1", {});
  agent().OnResponseStarted("r2");
  agent().OnResponseDone("r2", {.completed = true});
  talk_.TextTurn("ann", "and this?");
  talk_.Interrupt();
  agent().OnResponseStarted("r3");
  EXPECT_THAT(told().cancelled, ElementsAre("r1", "r3"));
}

TEST_F(ConversationTest, N5WhoMayNotInterruptDoesNotStopItThinking) {
  Start();
  GoLive();
  atrium::v1::FloorPolicy floor;
  floor.set_interruption(atrium::v1::FloorPolicy::OWNERS);
  talk_.SetFloor(floor);
  Ask(&agent(), "u1", 0);
  agent().OnResponseStarted("r1");
  for (int i = 0; i < 5; ++i) Room(i * 480, 480, "bob");
  agent().OnSpeechStarted("u2", 0);
  EXPECT_THAT(told().cancelled, IsEmpty());
  agent().OnSpeechStopped("u2", 100);
  for (int i = 5; i < 10; ++i) Room(i * 480, 480, "ann");
  agent().OnSpeechStarted("u3", 100);
  EXPECT_THAT(told().cancelled, ElementsAre("r1"));
  agent().OnSpeechStopped("u3", 200);
  agent().OnResponseDone("r1", {});
  // By its name alone.
  floor.set_mode(atrium::v1::FloorPolicy::ADDRESSED);
  floor.clear_interruption();
  talk_.SetFloor(floor);
  agent().OnResponseStarted("r2");
  agent().OnSpeechStarted("u4", 300);
  agent().OnHeard("u4", "so, lunch", false);
  EXPECT_THAT(told().cancelled, ElementsAre("r1"));
  agent().OnHeard("u4", "so, lunch. Computer, wait", true);
  EXPECT_THAT(told().cancelled, ElementsAre("r1", "r2"));
  agent().OnResponseDone("r2", {});
  EXPECT_EQ(told().responses_asked, 3);
}

TEST_F(ConversationTest, N5WhatToolsAnswerWaitsForWhoeverInterrupted) {
  Start();
  GoLive();
  Ask(&agent(), "u1", 0);
  agent().OnResponseStarted("r1");
  agent().OnToolCall("c1", "list_tabs", "{}");
  EXPECT_EQ(told().results.size(), 1u);
  agent().OnSpeechStarted("u2", 1000);
  // Of half a sentence nothing more is done.
  agent().OnToolCall("c2", "run_command", R"({"command":"make"})");
  EXPECT_THAT(room_.proposals, IsEmpty());
  EXPECT_THAT(told().results.back().second, HasSubstr("Not done"));
  agent().OnResponseDone("r1", {});
  EXPECT_EQ(told().responses_asked, 1) << "it would talk into their words";
  agent().OnSpeechStopped("u2", 2000);
  EXPECT_EQ(told().responses_asked, 2);
  agent().OnResponseStarted("r2");
  agent().OnResponseDone("r2", {.completed = true});
  EXPECT_EQ(told().responses_asked, 2) << "one answer to both";
  // Whoever leaves in the middle of a word does not hold it for ever.
  Ask(&agent(), "u3", 3000);
  agent().OnResponseStarted("r3");
  agent().OnToolCall("c3", "list_tabs", "{}");
  agent().OnSpeechStarted("u4", 4000);
  agent().OnResponseDone("r3", {});
  EXPECT_EQ(told().responses_asked, 3);
  talk_.SetAnybodyLive(false, false);
  EXPECT_EQ(told().responses_asked, 4);
}

TEST_F(ConversationTest, N5WordsThatItHadNotBegunToSayAreTakenBack) {
  Start();
  GoLive();
  Ask(&agent(), "u1", 0);
  agent().OnResponseStarted("r1");
  agent().OnSaying("r1", "i1", "It is", false);
  agent().OnSpeechStarted("u2", 1000);
  EXPECT_EQ(room_.captions.back().utterance(), "i1");
  EXPECT_EQ(room_.captions.back().text(), "");
  EXPECT_TRUE(room_.captions.back().final());
  agent().OnResponseDone("r1", {});
  EXPECT_THAT(told().deleted, ElementsAre("i1"));
  EXPECT_EQ(room_.spoken.size(), 1u);
}

TEST_F(ConversationTest, N5AProviderThatOwnsTurnsIsOnlySilencedHereAndAnswersByItself) {
  providers_.can.owns_turns = true;
  providers_.can.truncates = false;
  Start();
  GoLive();
  Say("r1", "i1", "Go on");
  agent().OnSpeechStarted("u1", 100);
  EXPECT_THAT(media_.audio->flushed, ElementsAre("i1")) << "what is under way is not heard";
  EXPECT_THAT(told().truncated, IsEmpty());
  agent().OnResponseDone("r1", {.completed = true});
  agent().OnSpeechStopped("u1", 900);
  EXPECT_EQ(told().responses_asked, 0);
  talk_.TextTurn("ann", "and what is typed?");
  EXPECT_EQ(told().responses_asked, 1) << "it is told that somebody waits";
  loop_.Advance(limits::kProviderSilence * 2);
  EXPECT_EQ(talk_.Shown().state(), Shape::ACTIVE) << "its silence is no failure";
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

}  // namespace
}  // namespace atrium::control
