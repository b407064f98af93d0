// Waiting for what real programs write.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/errors.h"
#include "common/proto_time.h"
#include "terminal/limits.h"
#include "tests/support/host_test.h"

namespace atrium::terminal {
namespace {

using atrium::v1::WaitForOutputRequest;
using atrium::v1::WaitForOutputResponse;

class WaitsTest : public HostTest {
 protected:
  using Answer = std::optional<absl::StatusOr<WaitForOutputResponse>>;

  static WaitForOutputRequest For(const std::string& pattern, int64_t offset = -1) {
    WaitForOutputRequest request;
    request.set_tab(kTab);
    request.set_pattern(pattern);
    request.set_offset(offset);
    return request;
  }
  static WaitForOutputRequest ForPrompt() {
    WaitForOutputRequest request;
    request.set_tab(kTab);
    request.set_prompt(true);
    return request;
  }
  static WaitForOutputRequest ForExit() {
    WaitForOutputRequest request;
    request.set_tab(kTab);
    request.set_exit(true);
    return request;
  }
  int64_t Start(const WaitForOutputRequest& request, Answer* answer) {
    return host_->WaitForOutput(request, [answer](auto result) { *answer = std::move(result); });
  }
  // The answer to one wait.
  absl::StatusOr<WaitForOutputResponse> Wait(const WaitForOutputRequest& request) {
    Answer answer;
    Start(request, &answer);
    EXPECT_TRUE(Until([&] { return answer.has_value(); })) << Output();
    return answer ? *answer : absl::UnknownError("no answer");
  }
};

TEST_F(WaitsTest, N7APatternIsWaitedForAndSaysWhereToGoOn) {
  Create({"/bin/sh", "-c",
          "echo before; read a; printf '\\033[1mport \\033[32m80'; read b; echo 80 ready; cat"});
  ASSERT_TRUE(Says("before\r\n"));
  Answer answer;
  Start(For("port (\\d+) ready"), &answer);
  Type("x\n");
  ASSERT_TRUE(Says("\x1b[32m80"));
  EXPECT_FALSE(answer.has_value());
  Type("\x08");
  Answer spanning;
  Start(For("(?s)port (\\d+).*ready", 0), &spanning);
  Type("\n");
  ASSERT_TRUE(Until([&] { return spanning.has_value(); }));
  ASSERT_TRUE(spanning->ok()) << spanning->status();
  EXPECT_EQ((*spanning)->match(), "80");
  EXPECT_FALSE((*spanning)->has_exit_code());
  EXPECT_EQ(Output(0, (*spanning)->offset()).substr(Output(0, (*spanning)->offset()).size() - 5),
            "ready");
}

TEST_F(WaitsTest, N7WhatWasWrittenBeforeCountsFromTheOffsetOnly) {
  Create({"/bin/sh", "-c", "echo one two; cat"});
  ASSERT_TRUE(Says("two\r\n"));
  const auto found = Wait(For("two", 0));
  ASSERT_TRUE(found.ok());
  WaitForOutputRequest again = For("two", found->offset());
  *again.mutable_timeout() = ToProtoDuration(absl::Milliseconds(50));
  const absl::Status late = Wait(again).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(late));
  ASSERT_TRUE(DetailsOf(late).offset.has_value());
  EXPECT_EQ(*DetailsOf(late).offset, found->offset() + 1) << "the line feed was not searched for";
  EXPECT_EQ(DetailsOf(late).resource, kTab);
}

TEST_F(WaitsTest, N7TheEndOfTheProgramIsWaitedForAndEndsOtherWaits) {
  Create({"/bin/sh", "-c", "read a; echo last; exit 5"});
  Answer exit, pattern, last;
  Start(ForExit(), &exit);
  Start(For("never"), &pattern);
  Start(For("last"), &last);
  Type("\n");
  ASSERT_TRUE(Until([&] { return exit && pattern && last; }));
  EXPECT_EQ((*exit)->exit_code(), 5);
  EXPECT_EQ((*exit)->offset(), terminal().log().end());
  EXPECT_TRUE(absl::IsFailedPrecondition(pattern->status()));
  EXPECT_EQ((*last)->match(), "last");
  EXPECT_EQ(Wait(ForExit())->exit_code(), 5);
  EXPECT_EQ(Wait(For("last", 0))->exit_code(), 5);
  EXPECT_TRUE(absl::IsFailedPrecondition(Wait(For("last")).status()));
}

TEST_F(WaitsTest, N7AnIdlePromptIsWaitedFor) {
  Create({"bash"}, {{"HOME", home_}});
  const auto first = Wait(ForPrompt());
  ASSERT_TRUE(first.ok()) << first.status();
  Type("sleep 0.05; echo do\"\"ne\n");
  Answer answer;
  Start(ForPrompt(), &answer);
  EXPECT_FALSE(answer.has_value()) << "a line was typed: it is not idle";
  ASSERT_TRUE(Until([&] { return answer.has_value(); }));
  EXPECT_NE(Output(first->offset(), (*answer)->offset()).find("done"), std::string::npos);
}

TEST_F(WaitsTest, N7APromptNeedsAShellThatMarksIt) {
  Create({"/bin/cat"});
  EXPECT_TRUE(absl::IsFailedPrecondition(Wait(ForPrompt()).status()));
  WaitForOutputRequest nothing;
  nothing.set_tab(kTab);
  EXPECT_TRUE(absl::IsInvalidArgument(Wait(nothing).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Wait(For("(")).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Wait(For("x", -2)).status()));
  WaitForOutputRequest elsewhere = For("x");
  elsewhere.set_tab("sessions/main/tabs/none");
  EXPECT_TRUE(absl::IsNotFound(Wait(elsewhere).status()));
}

TEST_F(WaitsTest, N7AnOffsetThatIsNoLongerKeptIsOutOfRange) {
  Create(
      {"/bin/sh", "-c", "head -c 6000000 /dev/zero | tr '\\0' x | fold -w 79; echo the end; cat"});
  ASSERT_TRUE(Says("the end\r\n"));
  const absl::Status gone = Wait(For("x", 5)).status();
  EXPECT_TRUE(absl::IsOutOfRange(gone));
  EXPECT_EQ(DetailsOf(gone).offset, terminal().log().start());
  const auto found = Wait(For("the end", terminal().log().start()));
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->offset(), terminal().log().end() - 2);
}

TEST_F(WaitsTest, N7AWaitThatIsCancelledIsForgotten) {
  Create({"/bin/cat"});
  Answer answer;
  const int64_t id = Start(For("hello"), &answer);
  host_->CancelWait(id);
  host_->CancelWait(id);
  Type("hello\n");
  ASSERT_TRUE(Says("hello\r\nhello"));
  EXPECT_FALSE(answer.has_value());
}

TEST_F(WaitsTest, S17WaitsAreBoundedAndEndWithTheTerminal) {
  Create({"/bin/cat"});
  std::vector<Answer> answers(limits::kWaits + 1);
  std::vector<int64_t> ids;
  for (Answer& answer : answers) ids.push_back(Start(For("hello"), &answer));
  ASSERT_TRUE(answers.back().has_value());
  EXPECT_TRUE(absl::IsResourceExhausted(answers.back()->status()));
  EXPECT_FALSE(answers.front().has_value());
  host_->CancelWait(ids.front());
  Answer fits;
  Start(For("hello"), &fits);
  EXPECT_FALSE(fits.has_value());
  host_->Apply({});
  ASSERT_EQ(host_->Find(kTab), nullptr);
  ASSERT_TRUE(fits.has_value());
  EXPECT_TRUE(absl::IsNotFound(fits->status()));
  EXPECT_TRUE(absl::IsNotFound(answers[1]->status()));
}

TEST_F(WaitsTest, R18AWaitForMuchOutputKeepsUpWithoutHoldingTheProgram) {
  Create({"/bin/sh", "-c",
          "read a; head -c 20000000 /dev/zero | tr '\\0' x | fold -w 79; echo the end; cat"});
  Answer answer;
  Start(For("the e[n]d"), &answer);
  Type("\n");
  ASSERT_TRUE(Until([&] { return answer.has_value(); }));
  // It may lose what is overwritten, but then it says so.
  EXPECT_TRUE(answer->ok() || absl::IsOutOfRange(answer->status())) << answer->status();
  EXPECT_TRUE(Says("the end"));
}

}  // namespace
}  // namespace atrium::terminal
