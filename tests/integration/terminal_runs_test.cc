// What is run at prompts and typed for somebody, with real shells and a real loop.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "common/errors.h"
#include "terminal/limits.h"
#include "tests/support/host_test.h"

namespace atrium::terminal {
namespace {

using atrium::terminal::v1::InputCondition;
using atrium::terminal::v1::RunAtPromptResponse;
using testing::HasSubstr;

TEST_F(HostTest, N7CommandsThatQueueAtAPromptRunOnceEachAndAnswerTheirOwnOutput) {
  Create({});
  std::vector<absl::StatusOr<RunAtPromptResponse>> ended;
  for (const char* number : {"1", "2", "3"}) {
    for (int retry = 0; retry < 2; ++retry) {
      RunAtPrompt(std::string("echo out-") + number + "; (exit " + number + ")",
                  std::string("run-") + number, [&](auto end) { ended.push_back(end); });
    }
  }
  ASSERT_TRUE(Until([&] { return ended.size() == 6; })) << Output();
  for (int i = 0; i < 3; ++i) {
    const auto& end = ended[static_cast<size_t>(i) * 2];
    ASSERT_TRUE(end.ok()) << end.status();
    EXPECT_EQ(end->exit_code(), i + 1);
    std::string output = Output(end->start_offset(), end->end_offset());
    // Between its marks there is what it wrote, and the mark of its end.
    output = output.substr(0, output.find("\033]133;D"));
    EXPECT_EQ(output, "out-" + std::to_string(i + 1) + "\r\n");
    EXPECT_EQ(ended[static_cast<size_t>(i) * 2 + 1]->start_offset(), end->start_offset());
  }
  std::optional<absl::StatusOr<RunAtPromptResponse>> again;
  RunAtPrompt("echo out-1", "run-1", [&](auto end) { again = end; });
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->exit_code(), 1);
}

TEST_F(HostTest, N7_R33WhatWaitsForAPromptIsGivenUpWithTheLastWhoWaitsForIt) {
  Create({});
  std::vector<std::string> answered;
  const auto ask = [&](const std::string& command, const std::string& who) {
    atrium::terminal::v1::RunAtPromptRequest request;
    request.set_tab(kTab);
    request.set_command(command);
    request.set_run_id(command);
    return host_->RunAtPrompt(request, [&answered, who](const auto& end) {
      answered.push_back(who + (end.ok() ? " ran" : " went"));
    });
  };
  ask("read busy", "first");
  const int64_t lone = ask("echo never", "lone");
  const int64_t one = ask("echo still", "one");
  ask("echo still", "another");
  host_->CancelRun(lone);
  host_->CancelRun(lone);
  host_->CancelRun(one);
  EXPECT_THAT(answered, testing::ElementsAre("lone went", "one went"));
  ASSERT_TRUE(Until([&] { return terminal().Status().command_runs(); })) << Output();
  Type("\r");
  ASSERT_TRUE(Until([&] { return answered.size() == 4; })) << Output();
  EXPECT_THAT(answered,
              testing::ElementsAre("lone went", "one went", "first ran", "another ran"));
  EXPECT_THAT(Output(), testing::Not(HasSubstr("never")));
}

TEST_F(HostTest, R6ACommandWhoseShellEndsIsAnswered) {
  Create({});
  std::optional<absl::StatusOr<RunAtPromptResponse>> ended;
  RunAtPrompt("exit 3", "run", [&](auto end) { ended = end; });
  ASSERT_TRUE(Until([&] { return ended.has_value(); }));
  EXPECT_FALSE(ended->ok());
}

TEST_F(HostTest, N7CommandsNeedAShellThatMarksItsPrompts) {
  Create({"/bin/cat"});
  std::optional<absl::Status> refused;
  RunAtPrompt("ls", "run", [&](auto end) { refused = end.status(); });
  ASSERT_TRUE(refused);
  EXPECT_TRUE(absl::IsFailedPrecondition(*refused));
  RunAtPrompt("a\nb", "run2", [&](auto end) { refused = end.status(); });
  EXPECT_TRUE(absl::IsInvalidArgument(*refused));
}

TEST_F(HostTest, N7ACommandAtAPromptHoldsNoKeyThatWouldChangeWhatRuns) {
  Create({});
  std::vector<char> keys = {0x7f};
  for (char key = 0; key < ' '; ++key) keys.push_back(key);
  for (const char key : keys) {
    std::optional<absl::Status> refused;
    const std::string id = "run-" + std::to_string(key);
    RunAtPrompt(std::string("echo approved ") + key + " echo typed", id,
                [&](auto end) { refused = end.status(); });
    ASSERT_TRUE(refused) << int{key};
    EXPECT_TRUE(absl::IsInvalidArgument(*refused)) << int{key};
    EXPECT_EQ(DetailsOf(*refused).field, "command");
    EXPECT_THAT(std::string(refused->message()), HasSubstr("control characters"));
  }
  std::optional<absl::StatusOr<RunAtPromptResponse>> ended;
  RunAtPrompt("echo gr\xc3\xbc\xc3\x9f", "run", [&](auto end) { ended = end; });
  ASSERT_TRUE(Until([&] { return ended.has_value(); }));
  EXPECT_TRUE(ended->ok()) << ended->status();
  EXPECT_THAT(Output(), testing::Not(HasSubstr("approved")));
}

TEST_F(HostTest, R33AWriteWithTheSameIdIsWrittenOnce) {
  Create({"/bin/cat"});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(host_->WriteOnce(kTab, "w", "once\n").ok());
  EXPECT_TRUE(host_->WriteOnce(kTab, "v", "end\n").ok());
  // Echoed by the terminal and by the program, in whatever order.
  const auto times = [this](const std::string& word) {
    return std::vector<std::string>(absl::StrSplit(Output(), word)).size() - 1;
  };
  ASSERT_TRUE(Until([&] { return times("end") == 2; })) << Output();
  EXPECT_EQ(times("once"), 2u);
  EXPECT_FALSE(host_->WriteOnce(kTab, "", "x").ok());
  EXPECT_FALSE(host_->WriteOnce(kTab, "big", std::string(limits::kInputBytes + 1, 'x')).ok());
}

TEST_F(HostTest, S13WhatWasApprovedIsTypedForTheProgramAndPlaceThatWereShownOrNotAtAll) {
  Create({});
  ASSERT_TRUE(Until([&] { return terminal().at_idle_prompt(); }));
  InputCondition shown;
  shown.set_incarnation("one");
  shown.set_working_directory(terminal().Status().working_directory());
  shown.mutable_reader()->set_last_command(0);
  const auto reason = [&](const std::string& id, const InputCondition& condition) {
    const absl::StatusOr<bool> known = host_->WriteOnce(kTab, id, "typed\r", condition);
    return known.ok() ? (*known ? "known" : "") : DetailsOf(known.status()).reason;
  };
  InputCondition other = shown;
  other.set_incarnation("two");
  EXPECT_EQ(reason("terminal", other), "TAB_MOVED");
  other = shown;
  other.set_working_directory("/elsewhere");
  EXPECT_EQ(reason("directory", other), "TAB_MOVED");
  other = shown;
  other.mutable_reader()->set_last_command(1);
  EXPECT_EQ(reason("after another command", other), "TAB_MOVED");
  other = shown;
  other.mutable_reader()->set_command_runs(true);
  EXPECT_EQ(reason("while something runs", other), "TAB_MOVED");
  EXPECT_TRUE(absl::IsFailedPrecondition(host_->WriteOnce(kTab, "again", "x", other).status()));
  // As it was shown; and again by whoever was not told, whatever it led to.
  ASSERT_TRUE(host_->WriteOnce(kTab, "first", "cat\r", shown).ok());
  ASSERT_TRUE(Until([&] { return terminal().commands().running(); }));
  EXPECT_EQ(reason("first", shown), "known");
  EXPECT_EQ(reason("second", shown), "TAB_MOVED") << "cat would read it";
  EXPECT_EQ(reason("third", other), "") << "which was shown";
  ASSERT_TRUE(Says("typed\r\ntyped"));
  EXPECT_EQ(std::vector<std::string>(absl::StrSplit(Output(), "typed")).size(), 3u);
}

TEST_F(HostTest, S13WhatWaitsForAPromptIsTypedInTheDirectoryThatWasShownOrNotAtAll) {
  Create({});
  ASSERT_TRUE(Until([&] { return terminal().at_idle_prompt(); }));
  InputCondition shown;
  shown.set_working_directory(terminal().Status().working_directory());
  const auto done = std::make_shared<std::map<std::string, absl::Status>>();
  const auto run = [&](const std::string& command, const InputCondition& condition) {
    RunAtPrompt(
        command, command, [done, command](auto end) { (*done)[command] = end.status(); },
        condition);
  };
  run("echo here", shown);
  run("cd /", {});
  run("echo not-there", shown);
  run("echo after-it", {});
  ASSERT_TRUE(Until([&] { return done->size() == 4; })) << Output();
  EXPECT_TRUE(done->at("echo here").ok()) << done->at("echo here");
  EXPECT_TRUE(absl::IsFailedPrecondition(done->at("echo not-there")));
  EXPECT_EQ(DetailsOf(done->at("echo not-there")).reason, "TAB_MOVED");
  EXPECT_TRUE(done->at("echo after-it").ok()) << "who waits behind it goes on";
  EXPECT_THAT(Output(), testing::Not(HasSubstr("not-there")));
  // It is not taken for done: whoever asks again is judged again.
  run("echo not-there", shown);
  EXPECT_EQ(DetailsOf(done->at("echo not-there")).reason, "TAB_MOVED");
}

TEST_F(HostTest, S13_R32WhatWaitsForAPromptOverAnUpgradeIsJudgedAfterIt) {
  Create({});
  InputCondition shown;
  shown.set_working_directory("/shown");
  RunAtPrompt(
      "make", "run", [](auto) {}, shown);
  std::optional<absl::StatusOr<atrium::terminal::v1::Handover>> handover;
  host_->HandOver([&](auto handed) { handover = handed; });
  ASSERT_TRUE(Until([&] { return handover.has_value(); }));
  ASSERT_EQ((*handover)->runs_size(), 1);
  Runs next(loop_.get());
  next.Resume(**handover);
  absl::Status told;
  atrium::terminal::v1::RunAtPromptRequest again;
  again.set_tab(kTab);
  again.set_run_id("run");
  host_->GoOn();
  next.Start(&terminal(), again, [&](auto end) { told = end.status(); });
  ASSERT_TRUE(Until([&] {
    next.OnStatus(&terminal());
    return !told.ok();
  }));
  EXPECT_EQ(DetailsOf(told).reason, "TAB_MOVED");
}

}  // namespace
}  // namespace atrium::terminal
