// The talk with the agent: its provider sessions, and what they are told.
#include "common/errors.h"
#include "tests/support/conversation_test.h"

namespace atrium::control {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

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

TEST_F(ConversationTest, R11WhoStartsInAnOutageGoesOnAtOnceAndWhoAsksIsAnsweredAfterIt) {
  Start();
  Lose();
  talk_.Start([this](absl::Status status) { started_.push_back(status); });
  ASSERT_EQ(started_.size(), 2u);
  EXPECT_TRUE(started_[1].ok());
  EXPECT_EQ(talk_.Shown().state(), Shape::RECONNECTING);
  talk_.TextTurn("ann", "are you there");
  loop_.Advance(absl::Seconds(1));
  agent().OnReady(std::nullopt);
  ASSERT_EQ(told().texts.size(), 1u);
  EXPECT_THAT(told().texts[0].text, HasSubstr("are you there"));
  EXPECT_EQ(told().responses_asked, 1);
}

TEST_F(ConversationTest, V3WhoWaitsForTheFirstConnectionIsBounded) {
  for (size_t i = 0; i <= limits::kConversationWaiters; ++i) {
    talk_.Start([this](absl::Status status) { started_.push_back(status); });
  }
  ASSERT_EQ(started_.size(), 1u);
  EXPECT_TRUE(absl::IsResourceExhausted(started_[0]));
  Lose();
  EXPECT_EQ(started_.size(), limits::kConversationWaiters + 1);
  EXPECT_TRUE(absl::IsUnavailable(started_.back()));
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
  EXPECT_THAT(History(), ElementsAre("It\u2026"));
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
  talk_.SetAnybodyLive(false, false);
  loop_.Advance(absl::Minutes(4));
  EXPECT_EQ(talk_.Shown().state(), Shape::ACTIVE);
  loop_.Advance(absl::Minutes(2));
  EXPECT_EQ(talk_.Shown().state(), Shape::STOPPED);
  EXPECT_FALSE(told().open);
}

TEST_F(ConversationTest, V2OneThatBillsByTheMinuteIsNotKeptForThoseWhoOnlyListen) {
  providers_.can.bills_by_minute = true;
  Start();
  GoLive();
  talk_.SetAnybodyLive(true, false);
  EXPECT_TRUE(media_.audio_open) << "who listens hears it to its end";
  loop_.Advance(absl::Minutes(4));
  talk_.SetAnybodyLive(true, true);
  loop_.Advance(absl::Minutes(10));
  EXPECT_EQ(talk_.Shown().state(), Shape::ACTIVE) << "somebody may speak again";
  talk_.SetAnybodyLive(true, false);
  loop_.Advance(absl::Minutes(6));
  EXPECT_EQ(talk_.Shown().state(), Shape::STOPPED);
}

TEST_F(ConversationTest, V2OneThatBillsByTheMinuteIsKeptWhileSomebodyWritesToIt) {
  providers_.can.bills_by_minute = true;
  Start();
  loop_.Advance(absl::Minutes(4));
  talk_.TextTurn("sessions/main/participants/ann", "hello");
  agent().OnResponseStarted("r");
  agent().OnResponseDone("r", {.completed = true});
  loop_.Advance(absl::Minutes(4));
  EXPECT_EQ(talk_.Shown().state(), Shape::ACTIVE);
  loop_.Advance(absl::Minutes(2));
  EXPECT_EQ(talk_.Shown().state(), Shape::STOPPED);
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

TEST_F(ConversationTest, L3HowSpeechIsWrittenDownIsTheProfilesUnlessTheSessionSaysOtherwise) {
  profiles_[0].transcription_model = "ear-1";
  ASSERT_TRUE(talk_.SetProfile("default").ok());
  Start();
  EXPECT_EQ(told().settings.transcription_model, "ear-1");
  EXPECT_EQ(told().settings.language, "");
  talk_.SetLanguage("de");
  talk_.SetTranscriptionModel("ear-3");
  EXPECT_EQ(told().settings.language, "de");
  EXPECT_EQ(told().settings.transcription_model, "ear-3");
  EXPECT_EQ(talk_.Shown().language(), "de");
  EXPECT_EQ(talk_.Shown().transcription_model(), "ear-3");
  EXPECT_TRUE(talk_.SetProfile("terse").ok());
  EXPECT_EQ(told().settings.language, "fr");
  EXPECT_EQ(told().settings.transcription_model, "ear-2");
  talk_.SetLanguage("de");
  talk_.SetLanguage("");
  EXPECT_EQ(talk_.Shown().language(), "fr");
}

TEST_F(ConversationTest, L5OneThatOwnsTheTurnsIsOfferedNoLanguage) {
  providers_.can.owns_turns = true;
  talk_.SetLanguage("de");
  EXPECT_EQ(talk_.Shown().language(), "");
  EXPECT_EQ(talk_.Shown().transcription_model(), "");
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

TEST_F(ConversationTest, L4SecretsAreMadeOneAtATimeAndAFewAMinute) {
  std::vector<absl::StatusOr<atrium::v1::ProviderSecret>> secrets;
  const auto keep = [&](auto secret) { secrets.push_back(secret); };
  providers_.holds_secrets = true;
  talk_.MintSecret(keep);
  talk_.MintSecret(keep);
  ASSERT_EQ(secrets.size(), 1u) << "two at once";
  EXPECT_TRUE(absl::IsResourceExhausted(secrets[0].status()));
  providers_.holds_secrets = false;
  providers_.held_secret(absl::UnavailableError("no route"));
  EXPECT_TRUE(absl::IsUnavailable(secrets[1].status()));
  loop_.Advance(absl::Seconds(20));
  for (size_t i = 1; i < limits::kProviderSecretsAMinute; ++i) {
    talk_.MintSecret(keep);
    EXPECT_TRUE(secrets.back().ok());
  }
  talk_.MintSecret(keep);
  EXPECT_TRUE(absl::IsResourceExhausted(secrets.back().status()));
  EXPECT_EQ(DetailsOf(secrets.back().status()).retry_after, absl::Seconds(40));
  EXPECT_EQ(providers_.secrets_asked, static_cast<int>(limits::kProviderSecretsAMinute));
  loop_.Advance(absl::Seconds(40));
  talk_.MintSecret(keep);
  EXPECT_TRUE(secrets.back().ok());
}

TEST_F(ConversationTest, V2TheProviderStaysWhenNobodyIsLive) {
  Start();
  GoLive();
  EXPECT_TRUE(media_.audio_open);
  talk_.SetAnybodyLive(false, false);
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

}  // namespace
}  // namespace atrium::control
