// The talk with the agent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
  Conversation talk_{&loop_, &providers_, &media_, &room_, {.session = "sessions/main"}};
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
  agent().OnResponseDone("r1", true);
  EXPECT_EQ(told().responses_asked, 2) << "what waited was asked more or less than once";
  agent().OnResponseStarted("r2");
  agent().OnResponseDone("r2", true);
  EXPECT_EQ(told().responses_asked, 2);
  ASSERT_EQ(told().texts.size(), 4u);
  EXPECT_EQ(told().texts[1].text, "Dr. bob: two");
}

TEST_F(ConversationTest, N5AResponseThatIsRefusedAsOneIsUnderWayIsAskedForLater) {
  Start();
  talk_.TextTurn("ann", "one");
  agent().OnRefused(MakeError(absl::StatusCode::kFailedPrecondition, "busy",
                              {.resource = "conversation_already_has_active_response"}));
  EXPECT_EQ(told().responses_asked, 1);
  agent().OnResponseDone("another", true);
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
  agent().OnResponseDone("r1", true);
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
  EXPECT_EQ(talk_.Shown().activity(), Shape::LISTENING);
  // The next one is heard at once.
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

TEST_F(ConversationTest, R13RotatesBeforeItsSessionExpiresAndOnlyInASilence) {
  talk_.Start(nullptr);
  agent().OnReady(loop_.Now() + absl::Minutes(60));
  loop_.Advance(absl::Minutes(58));
  GoLive();
  Say("r1", "i1", "Wait");
  loop_.Advance(absl::Minutes(1) + absl::Seconds(10));
  EXPECT_EQ(providers_.sessions.size(), 1u) << "rotated in mid-sentence";
  agent().OnResponseDone("r1", true);
  for (int64_t at = 0; at < 24000; at += limits::kSpeechAheadSamples) Played("i1", at);
  Played("i1", 24000, true);
  loop_.Advance(absl::Seconds(2));
  ASSERT_EQ(providers_.sessions.size(), 2u);
  EXPECT_THAT(History(), ElementsAre("Wait"));
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
  agent().OnResponseStarted("r1");
  agent().OnToolCall("c1", "run_command", R"({"command":"make"})");
  EXPECT_EQ(talk_.Shown().activity(), Shape::WAITING_FOR_APPROVAL);
  agent().OnResponseDone("r1", true);
  EXPECT_EQ(told().responses_asked, 0);
  room_.proposals.at(0).done(std::string("exit code 0"));
  ASSERT_EQ(told().results.size(), 1u);
  EXPECT_THAT(told().results[0].second, HasSubstr("untrusted_terminal_text"));
  EXPECT_EQ(told().responses_asked, 1);
}

TEST_F(ConversationTest, R11AToolsAnswerForASessionThatIsGoneIsDropped) {
  Start();
  agent().OnToolCall("c1", "run_command", R"({"command":"make"})");
  Lose();
  room_.proposals.at(0).done(std::string("exit code 0"));
  loop_.Advance(absl::Seconds(1));
  agent().OnReady(std::nullopt);
  EXPECT_THAT(told().results, IsEmpty());
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
  agent().OnResponseDone("r1", true);
  const int updates = told().updates;
  talk_.TextTurn("ann", "two");
  EXPECT_EQ(told().updates, updates) << "told again what it knows";
  agent().OnResponseStarted("r2");
  agent().OnResponseDone("r2", true);
  room_.tabs[0].set_title("renamed");
  talk_.TextTurn("ann", "three");
  EXPECT_EQ(told().updates, updates + 1);
}

TEST_F(ConversationTest, WordsWithoutAVoiceAreSaidOnceTheyAreComplete) {
  Start();
  agent().OnResponseStarted("r1");
  agent().OnSaying("r1", "i1", "Only text", true);
  EXPECT_THAT(room_.spoken, IsEmpty());
  agent().OnResponseDone("r1", true);
  ASSERT_EQ(room_.spoken.size(), 1u);
  EXPECT_EQ(room_.spoken[0].text, "Only text");
  EXPECT_FALSE(room_.spoken[0].interrupted);
}

}  // namespace
}  // namespace atrium::control
