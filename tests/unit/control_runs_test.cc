// Commands that a session runs.
#include "tests/support/session_test.h"

namespace atrium::control {
namespace {

using atrium::v1::RunCommandRequest;
using atrium::v1::RunCommandResponse;

class RunTest : public SessionTest {
 protected:
  void Run(const std::string& request_id, bool keep = false) {
    RunCommandRequest run;
    run.set_command("make");
    run.set_request_id(request_id);
    run.set_keep_tab(keep);
    session_->RunCommand(Service(), run, absl::Minutes(1), Into(&runs_));
  }
  void AnswerOutput(const std::string& data) {
    auto asked = std::move(host_.outputs.front());
    host_.outputs.pop_front();
    atrium::terminal::v1::ReadOutputResponse response;
    response.set_data(data);
    asked.done(response);
  }
  Answers<RunCommandResponse> runs_;
};

TEST_F(RunTest, N7ACommandOfItsOwnAnswersItsOutputAndExitCodeAndCloses) {
  Run("r");
  Run("r");
  const std::string tab = FirstTab();
  Tell(tab, Tab::RUNNING);
  Tell(tab, Tab::EXITED, "", 7);
  ASSERT_EQ(host_.outputs.size(), 1u) << "it ran twice";
  AnswerOutput("built");
  ASSERT_EQ(runs_.size(), 2u);
  EXPECT_EQ(runs_[0]->exit_code(), 7);
  EXPECT_EQ(runs_[1]->output(), "built");
  EXPECT_EQ(ShownTab(tab), nullptr);
  Run("r");
  EXPECT_EQ(runs_.at(2)->exit_code(), 7) << "a retry after the end ran it again";
}

TEST_F(RunTest, N7ACommandThatIsSlowSaysWhereItRuns) {
  Run("r");
  const std::string tab = FirstTab();
  Tell(tab, Tab::RUNNING);
  loop_.Advance(absl::Minutes(1));
  ASSERT_EQ(runs_.size(), 1u);
  EXPECT_TRUE(absl::IsDeadlineExceeded(runs_[0].status()));
  EXPECT_EQ(DetailsOf(runs_[0].status()).resource, tab);
  Run("r");
  Tell(tab, Tab::EXITED, "", 0);
  AnswerOutput("late");
  EXPECT_EQ(runs_.at(1)->output(), "late");
}

TEST_F(RunTest, N7AtAPromptTheOutputIsExactlyTheCommands) {
  RunCommandRequest run;
  run.set_command("make");
  run.set_tab(OpenTab());
  run.set_request_id("r");
  session_->RunCommand(Service(), run, absl::Minutes(1), Into(&runs_));
  ASSERT_EQ(host_.runs.size(), 1u);
  EXPECT_EQ(host_.runs[0].request.run_id(), "r");
  atrium::terminal::v1::RunAtPromptResponse ended;
  ended.set_exit_code(2);
  ended.set_start_offset(100);
  ended.set_end_offset(150);
  host_.runs[0].done(ended);
  ASSERT_EQ(host_.outputs.size(), 1u);
  EXPECT_EQ(host_.outputs[0].request.offset(), 100);
  EXPECT_EQ(host_.outputs[0].request.limit(), 50);
  AnswerOutput("fifty bytes");
  EXPECT_EQ(runs_.at(0)->exit_code(), 2);
  EXPECT_NE(ShownTab(run.tab()), nullptr);
}

TEST_F(RunTest, N7EachCallHasItsOwnPatienceWhateverTheOtherOnesWithItsIdHave) {
  RunCommandRequest run;
  run.set_command("make");
  run.set_request_id("r");
  session_->RunCommand(Service(), run, absl::Seconds(1), Into(&runs_));
  session_->RunCommand(Service(), run, absl::Seconds(20), Into(&runs_));
  const std::string tab = FirstTab();
  Tell(tab, Tab::RUNNING);
  loop_.Advance(absl::Seconds(1));
  ASSERT_EQ(runs_.size(), 1u);
  EXPECT_EQ(DetailsOf(runs_[0].status()).resource, tab);
  Tell(tab, Tab::EXITED, "", 0);
  session_->RunCommand(Service(), run, absl::Seconds(5), Into(&runs_));
  EXPECT_EQ(runs_.size(), 1u) << "its output has not come";
  AnswerOutput("built");
  ASSERT_EQ(runs_.size(), 3u);
  EXPECT_EQ(runs_[1]->output(), "built");
  EXPECT_EQ(runs_[2]->output(), "built");
  loop_.Advance(absl::Minutes(1));
  EXPECT_EQ(runs_.size(), 3u) << "nobody is answered twice";
}

TEST_F(RunTest, N7WhatWaitsForItsPromptIsGivenUpWithTheLastWhoWaits) {
  RunCommandRequest run;
  run.set_command("make");
  run.set_tab(OpenTab());
  run.set_request_id("r");
  const auto first = session_->RunCommand(Service(), run, absl::Minutes(1), Into(&runs_));
  session_->RunCommand(Service(), run, absl::Seconds(9), Into(&runs_));
  EXPECT_EQ(host_.runs.size(), 1u);
  first();
  first();
  EXPECT_TRUE(host_.cancelled_runs.empty()) << "somebody waits still";
  loop_.Advance(absl::Seconds(9));
  EXPECT_EQ(host_.cancelled_runs, std::vector<std::string>{"r"});
  ASSERT_EQ(runs_.size(), 1u) << "whoever went is not answered";
  EXPECT_THAT(std::string(runs_[0].status().message()), testing::HasSubstr("not typed"));
  // Whoever asks again is not answered by what comes of before.
  session_->RunCommand(Service(), run, absl::Minutes(1), Into(&runs_));
  ASSERT_EQ(host_.runs.size(), 2u);
  host_.runs[0].done(absl::CancelledError("Nobody waits for it any more"));
  EXPECT_EQ(runs_.size(), 1u);
  host_.runs[1].done(atrium::terminal::v1::RunAtPromptResponse());
  ASSERT_EQ(runs_.size(), 2u);
  EXPECT_TRUE(runs_[1].ok());
}

TEST_F(RunTest, S12_N7ACardGoesWithTheLastWhoWaitsForIt) {
  atrium::v1::UpdateSessionRequest update;
  update.mutable_session()->mutable_command_policy()->set_default_action(
      atrium::v1::CommandPolicy::ASK);
  update.mutable_update_mask()->add_paths("command_policy");
  session_->UpdateSession(Service(), update, [](auto) {});
  RunCommandRequest run;
  run.set_command("make");
  const auto leave = session_->RunCommand(Service(), run, absl::Minutes(1), Into(&runs_));
  EXPECT_EQ(session_->snapshot().approvals_size(), 1);
  leave();
  EXPECT_EQ(session_->snapshot().approvals_size(), 0);
  session_->RunCommand(Service(), run, absl::Seconds(5), Into(&runs_));
  EXPECT_EQ(session_->snapshot().approvals_size(), 1);
  loop_.Advance(absl::Seconds(5));
  EXPECT_EQ(session_->snapshot().approvals_size(), 0);
  ASSERT_EQ(runs_.size(), 1u);
  EXPECT_EQ(DetailsOf(runs_[0].status()).reason, "NOT_APPROVED_IN_TIME");
  EXPECT_TRUE(session_->snapshot().tabs().empty()) << "nothing ran";
}

TEST_F(RunTest, N7ARequestIdIsForOneCommand) {
  Run("r");
  RunCommandRequest other;
  other.set_command("make clean");
  other.set_request_id("r");
  session_->RunCommand(Service(), other, absl::Minutes(1), Into(&runs_));
  ASSERT_EQ(runs_.size(), 1u);
  EXPECT_EQ(DetailsOf(runs_[0].status()).field, "request_id");
}

TEST_F(RunTest, P7_S12WhatHasANulIsRefusedAsNoProgramWouldGetAllOfIt) {
  RunCommandRequest run;
  run.set_command(std::string("echo a\0; git status", 19));
  session_->RunCommand(Service(), run, absl::Minutes(1), Into(&runs_));
  EXPECT_TRUE(absl::IsInvalidArgument(runs_.at(0).status()));
  Answers<Tab> tabs;
  for (const char* field : {"command", "directory", "environment"}) {
    atrium::v1::CreateTabRequest create;
    const std::string nul("a\0b", 3);
    create.mutable_tab()->add_command(*field == 'c' ? nul : "cat");
    if (*field == 'd') create.set_working_directory(nul);
    if (*field == 'e') (*create.mutable_environment())["A"] = nul;
    session_->CreateTab(Service(), create, Into(&tabs));
    EXPECT_TRUE(absl::IsInvalidArgument(tabs.back().status())) << field;
  }
  EXPECT_TRUE(session_->snapshot().tabs().empty());
}

TEST_F(RunTest, R4_L14ThatNobodyKnowsHowACommandEndedIsSaidAfterARestart) {
  RunCommandRequest run;
  run.set_command("make");
  run.set_tab(OpenTab());
  session_->RunCommand(Service(), run, absl::Minutes(1), Into(&runs_));
  EXPECT_FALSE(session_->snapshot().entries().rbegin()->interrupted());
  store_.Forget();
  Start();
  loop_.RunPosted();
  EXPECT_TRUE(session_->snapshot().entries().rbegin()->interrupted());
}

TEST_F(RunTest, WhoeverWaitsHearsThatTheSessionEnded) {
  Answers<Tab> tabs;
  session_->CreateTab(Service(), {}, Into(&tabs));
  Run("r");
  ASSERT_TRUE(registry_->DeleteSession(Service(), main_).ok());
  loop_.RunPosted();
  ASSERT_EQ(tabs.size(), 1u);
  EXPECT_EQ(DetailsOf(tabs[0].status()).reason, "SESSION_ENDED");
  ASSERT_EQ(runs_.size(), 1u);
  EXPECT_EQ(DetailsOf(runs_[0].status()).reason, "SESSION_ENDED");
}

TEST_F(RunTest, P2AnAnswerOfTheHostAfterTheSessionsEndTouchesNothing) {
  Run("r");
  Tell(FirstTab(), Tab::RUNNING);
  Tell(FirstTab(), Tab::EXITED);
  RunCommandRequest run;
  run.set_command("make");
  run.set_tab(OpenTab());
  session_->RunCommand(Service(), run, absl::Minutes(1), Into(&runs_));
  ASSERT_TRUE(registry_->DeleteSession(Service(), main_).ok());
  loop_.RunPosted();
  ASSERT_EQ(host_.outputs.size(), 1u);
  AnswerOutput("late");
  host_.runs.at(0).done(atrium::terminal::v1::RunAtPromptResponse());
  for (const auto& answer : runs_) EXPECT_EQ(DetailsOf(answer.status()).reason, "SESSION_ENDED");
  EXPECT_EQ(runs_.size(), 2u);
}

}  // namespace
}  // namespace atrium::control
