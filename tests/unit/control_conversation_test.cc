// The talk with the agent: hearing, answering, speaking.
#include "tests/support/conversation_test.h"

namespace atrium::control {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

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

TEST_F(ConversationTest, R12AnAnswerThatIsRefusedIsSaidUntilThereIsAGoodOne) {
  Start();
  talk_.TextTurn("ann", "one");
  EXPECT_EQ(talk_.Shown().activity(), Shape::THINKING);
  talk_.TextTurn("bob", "two");
  agent().OnResponseRefused(absl::FailedPreconditionError("Rate limit reached"), false);
  EXPECT_THAT(room_.shown.back().problem(), HasSubstr("could not answer (Rate limit reached)"));
  EXPECT_EQ(told().responses_asked, 2) << "bob asked, too";
  agent().OnResponseRefused(absl::FailedPreconditionError("Rate limit reached"), false);
  EXPECT_EQ(talk_.Shown().activity(), Shape::LISTENING) << "nothing is under way";
  EXPECT_EQ(talk_.Shown().state(), Shape::ACTIVE);
  loop_.Advance(limits::kProviderSilence * 2);
  EXPECT_EQ(talk_.Shown().state(), Shape::ACTIVE) << "it owes nothing";
  talk_.TextTurn("ann", "three");
  agent().OnResponseStarted("r1");
  EXPECT_NE(talk_.Shown().problem(), "");
  agent().OnResponseDone("r1", {.completed = true});
  EXPECT_EQ(room_.shown.back().problem(), "");
  // That one is under way is no problem, and nobody waits for what was given up.
  talk_.TextTurn("ann", "four");
  agent().OnResponseRefused(absl::FailedPreconditionError("busy"), true);
  agent().OnResponseDone("another", {.completed = true});
  talk_.Interrupt();
  agent().OnResponseRefused(absl::FailedPreconditionError("no"), false);
  EXPECT_EQ(talk_.Shown().problem(), "");
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

TEST_F(ConversationTest, L14WhenItWasBegunIsToldWithWhatWasSaid) {
  Start();
  GoLive();
  for (int i = 0; i < 100; ++i) Room(i * 480, 480, "ann");  // Two seconds.
  agent().OnSpeechStarted("u1", 1500);
  loop_.Advance(absl::Seconds(3));
  agent().OnSpeechStopped("u1", 4500);
  loop_.Advance(absl::Seconds(1));
  agent().OnHeard("u1", "what time is it", true);
  ASSERT_EQ(room_.spoken.size(), 1u);
  EXPECT_EQ(room_.spoken[0].ago, absl::Milliseconds(4500));
  Say("r1", "i1", "It is noon");
  agent().OnResponseDone("r1", {.completed = true});
  loop_.Advance(absl::Seconds(2));
  for (int64_t at = 0; at < 24000; at += limits::kSpeechAheadSamples) Played("i1", at);
  Played("i1", 24000, true);
  ASSERT_EQ(room_.spoken.size(), 2u);
  EXPECT_EQ(room_.spoken[1].ago, absl::Seconds(2));
  agent().OnHeard("u2", "a server that tells no beginnings", true);
  EXPECT_EQ(room_.spoken[2].ago, absl::ZeroDuration());
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
  Room(0, 21600, "bob");
  agent().OnSpeechStarted("u1b", 100);
  agent().OnSpeechStopped("u1b", 800);
  EXPECT_TRUE(told().texts.empty());
  agent().OnHeard("u1b", "I think so", true);
  ASSERT_EQ(told().texts.size(), 1u);
  EXPECT_THAT(told().texts[0].text, HasSubstr("Dr. bob")) << "it hears it, and by whom";
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

TEST_F(ConversationTest, N5WhoTalksBesideTheHostIsNotHeardThroughTheHost) {
  Start();
  GoLive();
  atrium::v1::FloorPolicy host;
  host.set_mode(atrium::v1::FloorPolicy::HOST_ONLY);
  talk_.SetFloor(host);
  atrium::media::v1::StreamAudioResponse::Room both;
  both.set_pcm(std::string(960, 'v'));
  for (const char* who : {"ann", "bob"}) both.add_voices()->set_participant(who);
  both.mutable_voices(0)->set_dbfs(-10);
  both.mutable_voices(1)->set_dbfs(-45);
  media_.audio_listener->OnRoomAudio(both);
  EXPECT_EQ(told().audio, std::string(960, '\0'));
  talk_.SetFloor({});
  both.set_position(480);
  media_.audio_listener->OnRoomAudio(both);
  EXPECT_EQ(told().audio.substr(960), std::string(960, 'v'));
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

TEST_F(ConversationTest, L3WhatChangesWhileItConnectsReachesTheAgent) {
  talk_.Start([](absl::Status) {});
  talk_.SetInstructions("Speak like a pirate.");
  agent().OnReady(std::nullopt);
  EXPECT_EQ(told().settings.instructions, "Speak like a pirate.");
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
