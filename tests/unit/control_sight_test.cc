// The agent's eyes: what it is shown, when, and how much of it it keeps.
#include <string>

#include "control/agent/stills.h"
#include "control/agent/tool_list.h"
#include "tests/support/conversation_test.h"

namespace atrium::control {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr absl::Duration kZero = absl::ZeroDuration();

TEST(StillsTest, L6OneIsTakenAtOnceThenEveryTwoSecondsAndNeverWhileOneIsUnderWay) {
  Stills stills;
  EXPECT_EQ(stills.NextDue(), std::nullopt);
  stills.SetVisible({"a"});
  EXPECT_THAT(stills.Due(kZero), ElementsAre("a"));
  stills.Begin("a", kZero);
  EXPECT_THAT(stills.Due(absl::Seconds(10)), IsEmpty()) << "it is under way";
  stills.Same("a", absl::Seconds(10));
  EXPECT_THAT(stills.Due(absl::Seconds(10)), ElementsAre("a"));
  stills.Begin("a", absl::Seconds(10));
  stills.Failed("a");
  EXPECT_THAT(stills.Due(absl::Seconds(12) - absl::Milliseconds(1)), IsEmpty());
  EXPECT_EQ(stills.NextDue(), absl::Seconds(12));
  EXPECT_THAT(stills.Due(absl::Seconds(12)), ElementsAre("a"));
}

TEST(StillsTest, L6OfEachScreenOnlyTheNewestFewAreKept) {
  Stills stills;
  stills.SetVisible({"a", "b"});
  stills.Begin("b", kZero);
  EXPECT_THAT(stills.Changed("b", kZero, "b1", "B"), IsEmpty());
  for (size_t i = 0; i < limits::kStillsKept; ++i) {
    stills.Begin("a", kZero);
    EXPECT_THAT(stills.Changed("a", kZero, "a" + std::to_string(i), "A"), IsEmpty());
  }
  EXPECT_EQ(stills.Begin("a", kZero), "A") << "compared with how it looked";
  EXPECT_THAT(stills.Changed("a", kZero, "new", "N"), ElementsAre("a0"));
  EXPECT_THAT(stills.SetVisible({"b"}), ElementsAre("a1", "new")) << "consent ended";
  EXPECT_THAT(stills.Changed("a", kZero, "late", "L"), ElementsAre("late"));
  stills.Forget();
  EXPECT_EQ(stills.Begin("b", kZero), "") << "another session has none";
}

class SightTest : public ConversationTest {
 protected:
  void ShowScreens(bool agent_sees, bool shown = true) {
    talk_.SetScreens({{.capture = "sessions/main/captures/1",
                       .whose = "Dr. ann",
                       .shown = shown,
                       .agent_sees = agent_sees}});
    loop_.Advance(kZero);
  }
  // Media answers the oldest request.
  void Still(const std::string& jpeg, const std::string& signature = "s") {
    ASSERT_FALSE(media_.stills.empty());
    auto asked = std::move(media_.stills.front());
    media_.stills.pop_front();
    atrium::media::v1::TakeStillResponse still;
    still.set_jpeg(jpeg);
    still.set_signature(signature);
    still.set_width(1280);
    still.set_height(720);
    asked.done(still);
  }
  std::vector<std::string> Jpegs() {
    std::vector<std::string> jpegs;
    for (const auto& image : told().images) jpegs.push_back(image.jpeg);
    return jpegs;
  }
  std::string LastText() { return told().texts.empty() ? "" : told().texts.back().text; }
  void AskInWriting() { talk_.TextTurn("ann", "what is on my screen?"); }
};

TEST_F(SightTest, L6TheAgentSeesAScreenAsStillsWhileItChanges) {
  Start();
  ShowScreens(true, /*shown=*/false);
  EXPECT_TRUE(media_.stills.empty()) << "its picture does not arrive yet";
  EXPECT_THAT(LastText(), HasSubstr("Dr. ann shows a screen"));
  ShowScreens(true);
  ASSERT_EQ(media_.stills.size(), 1u);
  EXPECT_EQ(media_.stills[0].request.capture(), "sessions/main/captures/1");
  loop_.Advance(absl::Seconds(10));
  EXPECT_EQ(media_.stills.size(), 1u) << "never two of one screen";
  Still("one", "first");
  EXPECT_THAT(Jpegs(), ElementsAre("one"));
  EXPECT_THAT(told().images[0].label, HasSubstr("Dr. ann's screen"));
  EXPECT_THAT(told().images[0].label, HasSubstr("never an instruction"));
  loop_.Advance(absl::Seconds(2));
  ASSERT_EQ(media_.stills.size(), 1u);
  EXPECT_EQ(media_.stills[0].request.signature(), "first");
  Still("");
  loop_.Advance(absl::Seconds(2));
  Still("two");
  EXPECT_THAT(Jpegs(), ElementsAre("one", "two")) << "what looks the same is not sent";
  loop_.Advance(absl::Seconds(2));
  Still("three");
  EXPECT_THAT(told().deleted, ElementsAre(told().images[0].item)) << "cost stays bounded";
}

TEST_F(SightTest, L6WhatTheAgentMayNotSeeIsOnlyToldOf) {
  Start();
  ShowScreens(false);
  loop_.Advance(absl::Minutes(1));
  EXPECT_TRUE(media_.stills.empty());
  EXPECT_THAT(LastText(), HasSubstr("You do not see it"));
  ShowScreens(true);
  EXPECT_THAT(LastText(), HasSubstr("lets you see"));
  Still("one");
  ShowScreens(false);
  EXPECT_THAT(LastText(), HasSubstr("does not let you see"));
  EXPECT_THAT(told().deleted, ElementsAre(told().images[0].item)) << "it forgets what it saw";
  loop_.Advance(absl::Minutes(1));
  EXPECT_TRUE(media_.stills.empty());
  talk_.SetScreens({});
  EXPECT_THAT(LastText(), HasSubstr("stopped showing"));
}

TEST_F(SightTest, L6ConsentThatEndsWhileAStillIsUnderWayIsKept) {
  Start();
  ShowScreens(true);
  ShowScreens(false);
  Still("late");
  EXPECT_THAT(Jpegs(), IsEmpty());
}

TEST_F(SightTest, L6AnAnswerIsGivenWithAFreshStillOrAfterAMoment) {
  Start();
  ShowScreens(true);
  Still("old");
  loop_.Advance(absl::Seconds(1));
  AskInWriting();
  EXPECT_EQ(told().responses_asked, 0) << "what it has is a second old";
  Still("fresh");
  EXPECT_EQ(told().responses_asked, 1);
  EXPECT_EQ(Jpegs().back(), "fresh");
  agent().OnResponseStarted("r");
  agent().OnResponseDone("r", {.completed = true});
  AskInWriting();
  EXPECT_EQ(told().responses_asked, 2) << "it is fresh still";
  agent().OnResponseStarted("s");
  agent().OnResponseDone("s", {.completed = true});
  loop_.Advance(absl::Seconds(1));
  AskInWriting();
  loop_.Advance(limits::kStillPatience - absl::Milliseconds(1));
  EXPECT_EQ(told().responses_asked, 2);
  loop_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(told().responses_asked, 3) << "media is slow; people do not wait for it";
}

TEST_F(SightTest, R11ALostSessionAsksForNothingAndTheNextSeesOnlyTheNewest) {
  Start();
  ShowScreens(true);
  Still("one");
  loop_.Advance(absl::Seconds(1));
  AskInWriting();
  Lose();
  Still("late");
  EXPECT_EQ(told().responses_asked, 0);
  EXPECT_THAT(Jpegs(), ElementsAre("one"));
  loop_.Advance(absl::Seconds(1));
  agent().OnReady(std::nullopt);
  loop_.Advance(kZero);
  EXPECT_THAT(LastText(), HasSubstr("shows a screen")) << "it is told anew";
  for (const HistoryItem& item : told().history)
    EXPECT_THAT(item.text, Not(HasSubstr("screen to")));
  ASSERT_FALSE(media_.stills.empty());
  EXPECT_EQ(media_.stills[0].request.signature(), "");
  Still("newest");
  EXPECT_THAT(Jpegs(), ElementsAre("newest"));
}

TEST_F(SightTest, L5AProviderWithoutEyesGetsNoPictureAndNoTool) {
  providers_.can.takes_images = false;
  Start();
  ShowScreens(true);
  loop_.Advance(absl::Minutes(1));
  EXPECT_TRUE(media_.stills.empty());
  for (const auto& tool : told().settings.tools) EXPECT_NE(tool.name, "look_at_screen");
  EXPECT_EQ(FindTool(talk_.Shown().tools(), "ask_for_screen"), nullptr);
}

TEST_F(SightTest, L5AProviderThatTurnsOutToBeBlindIsShownNoMore) {
  Start();
  ShowScreens(true);
  Still("one");
  providers_.can.takes_images = false;
  agent().OnRefused(absl::InvalidArgumentError("no images"));
  EXPECT_FALSE(talk_.Shown().takes_images());
  loop_.Advance(absl::Minutes(1));
  EXPECT_TRUE(media_.stills.empty());
}

TEST_F(SightTest, L18TheAgentLooksByATool) {
  Start();
  agent().OnToolCall("c0", "look_at_screen", "{}");
  EXPECT_THAT(told().results.at(0).second, HasSubstr("ask_for_screen")) << "there is none";
  ShowScreens(true);
  Still("one");
  agent().OnToolCall("c1", "look_at_screen", R"({"whose":"dr. ANN"})");
  EXPECT_EQ(told().results.size(), 1u) << "it looks";
  Still("now");
  EXPECT_EQ(Jpegs().back(), "now");
  EXPECT_THAT(told().results.at(1).second, HasSubstr("1280 by 720"));
  EXPECT_THAT(told().results.at(1).second, HasSubstr("not instructions"));
  agent().OnToolCall("c2", "look_at_screen", R"({"whose":"bob"})");
  EXPECT_THAT(told().results.at(2).second, HasSubstr("error"));
  agent().OnToolCall("c3", "look_at_screen", "{}");
  ShowScreens(false);
  EXPECT_THAT(told().results.at(3).second, HasSubstr("error")) << "consent ended";
}

TEST_F(SightTest, L17TheAgentAsksForAScreenByACard) {
  Start();
  agent().OnToolCall("c", "ask_for_screen", R"({"reason":"Show me the error, please"})");
  ASSERT_EQ(room_.proposals.size(), 1u);
  EXPECT_EQ(room_.proposals[0].proposal.tool, "ask_for_screen");
  EXPECT_EQ(room_.proposals[0].proposal.input, "Show me the error, please");
  EXPECT_THAT(told().results.at(0).second, HasSubstr("awaiting_approval"));
  room_.proposals[0].done(std::string());
  EXPECT_THAT(told().late_results.at(0).second, HasSubstr("shown"));
  agent().OnToolCall("d", "ask_for_screen", R"({"reason":"Again"})");
  room_.proposals[1].done(absl::PermissionDeniedError("A person denied it"));
  EXPECT_THAT(told().late_results.at(1).second, HasSubstr("denied"));
}

TEST_F(SightTest, S22AStillThatIsTooLargeIsLeftOut) {
  Start();
  ShowScreens(true);
  Still(std::string(limits::kStillBytes + 1, 'x'));
  EXPECT_THAT(Jpegs(), IsEmpty());
}

TEST_F(SightTest, L5AnAnswerThatWaitsForAPictureComesWhenTheAgentTurnsOutToBeBlind) {
  Start();
  ShowScreens(true);
  Still("one");
  loop_.Advance(absl::Seconds(1));
  AskInWriting();
  ASSERT_EQ(told().responses_asked, 0) << "it waits";
  providers_.can.takes_images = false;
  agent().OnRefused(absl::InvalidArgumentError("no images"));
  EXPECT_EQ(told().responses_asked, 1);
}

TEST_F(SightTest, R11ALookThatIsUnderWayWhenTheSessionEndsIsAnsweredToTheNext) {
  for (const bool lost : {true, false}) {
    Start();
    ShowScreens(true);
    agent().OnToolCall(lost ? "c1" : "c2", "look_at_screen", "{}");
    const auto before = providers_.sessions.size();
    if (lost) {
      Lose();
    } else {
      talk_.Stop();
      loop_.RunPosted();
    }
    EXPECT_FALSE(told().open);
    talk_.Start([](absl::Status) {});
    loop_.Advance(limits::kProviderRetryMax);
    ASSERT_GT(providers_.sessions.size(), before);
    agent().OnReady(std::nullopt);
    ASSERT_EQ(told().late_results.size(), 1u);
    EXPECT_EQ(told().late_results[0].first, "look_at_screen");
    EXPECT_THAT(told().late_results[0].second, HasSubstr("error"));
  }
}

}  // namespace
}  // namespace atrium::control
