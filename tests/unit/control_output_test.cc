// What ran in a tab, as control tells it.
#include "tests/support/session_test.h"

namespace atrium::control {
namespace {

class OutputTest : public SessionTest {
 protected:
  void EndCommand(const std::string& tab, int64_t number) {
    atrium::terminal::v1::CommandEnd end;
    end.set_tab(tab);
    end.mutable_command()->set_number(number);
    end.mutable_command()->set_text("command " + std::to_string(number));
    end.mutable_command()->set_exit_code(static_cast<int>(number % 256));
    registry_->OnHostCommandEnd(end);
  }
  // Changes that were published so far.
  int64_t revision() const { return session_->snapshot().session().revision(); }
};

TEST_F(OutputTest, N7TheLastCommandOfATabIsShownAndStored) {
  const std::string tab = OpenTab();
  EndCommand(tab, 1);
  EXPECT_EQ(ShownTab(tab)->last_command().text(), "command 1");
  EXPECT_EQ(ShownTab(tab)->last_command().exit_code(), 1);
  Start();
  EXPECT_EQ(ShownTab(tab)->last_command().text(), "command 1");
}

TEST_F(OutputTest, N7ALoopAtThePromptIsToldTwiceASecondAndItsEndAlways) {
  const std::string tab = OpenTab();
  loop_.Advance(absl::Seconds(10));
  const int64_t before = revision();
  int64_t number = 0;
  for (int i = 0; i < 3000; ++i) {
    EndCommand(tab, ++number);
    loop_.Advance(absl::Milliseconds(1));
  }
  EXPECT_GE(revision() - before, 6);
  EXPECT_LE(revision() - before, 7);
  loop_.Advance(limits::kCommandSpacing);
  EXPECT_EQ(ShownTab(tab)->last_command().number(), 3000);
  const int64_t after = revision();
  loop_.Advance(absl::Seconds(10));
  EXPECT_EQ(revision(), after);
}

TEST_F(OutputTest, N7TabsDoNotWaitForOneAnother) {
  const std::string one = OpenTab(), two = OpenTab();
  EndCommand(one, 1);
  EndCommand(two, 5);
  EXPECT_EQ(ShownTab(two)->last_command().number(), 5);
}

TEST_F(OutputTest, N7WhatIsToldAgainIsNotPublishedAgain) {
  const std::string tab = OpenTab();
  EndCommand(tab, 1);
  loop_.Advance(limits::kTouchSpacing);
  const int64_t before = revision();
  loop_.Advance(absl::Seconds(10));
  EndCommand(tab, 1);
  EXPECT_EQ(revision(), before);
}

TEST_F(OutputTest, N7ATabThatIsClosedMeanwhileIsNotPublished) {
  const std::string tab = OpenTab();
  EndCommand(tab, 1);
  EndCommand(tab, 2);
  ASSERT_TRUE(session_->DeleteTab(Service(), tab).ok());
  loop_.Advance(limits::kTouchSpacing);
  const int64_t before = revision();
  loop_.Advance(absl::Seconds(10));
  EXPECT_EQ(revision(), before);
  EndCommand(tab, 3);
  EXPECT_EQ(ShownTab(tab), nullptr);
}

TEST_F(OutputTest, N7CommandsAreAskedOfTheHost) {
  Answers<atrium::v1::ListCommandsResponse> answers;
  atrium::v1::ListCommandsRequest request;
  request.set_tab("sessions/main/tabs/none");
  session_->ListCommands(request, Into(&answers));
  EXPECT_TRUE(absl::IsNotFound(answers.at(0).status()));
  request.set_tab(OpenTab());
  request.set_page_size(7);
  session_->ListCommands(request, Into(&answers));
  ASSERT_EQ(host_.lists.size(), 1u);
  EXPECT_EQ(host_.lists[0].request.page_size(), 7);
  atrium::v1::ListCommandsResponse list;
  list.add_commands()->set_text("ls");
  host_.lists[0].done(list);
  EXPECT_EQ(answers.at(1)->commands(0).text(), "ls");
}

TEST_F(OutputTest, N7WhoeverMayReadMayWait) {
  Answers<atrium::v1::WaitForOutputResponse> answers;
  atrium::v1::WaitForOutputRequest request;
  request.set_tab("sessions/main/tabs/none");
  request.set_pattern("x");
  EXPECT_EQ(session_->WaitForOutput(request, absl::Seconds(7), Into(&answers)), nullptr);
  EXPECT_TRUE(absl::IsNotFound(answers.at(0).status()));
  request.set_tab(OpenTab());
  const auto cancel = session_->WaitForOutput(request, absl::Seconds(7), Into(&answers));
  ASSERT_EQ(host_.waits.size(), 1u);
  EXPECT_EQ(host_.wait_timeouts[0], absl::Seconds(7));
  EXPECT_EQ(host_.waits[0].request.pattern(), "x");
  cancel();
  EXPECT_EQ(host_.cancelled_waits, 1);
  host_.waits[0].done(absl::CancelledError("gone"));
  EXPECT_TRUE(absl::IsCancelled(answers.at(1).status()));
}

}  // namespace
}  // namespace atrium::control
