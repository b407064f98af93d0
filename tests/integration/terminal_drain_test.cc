// P3: a host that is drained keeps what it has, takes no more, and ends; and how many
// it takes at all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "terminal/limits.h"
#include "tests/support/host_test.h"

namespace atrium::terminal {
namespace {

using testing::HasSubstr;

constexpr char kOther[] = "sessions/main/tabs/other";

class DrainTest : public HostTest {
 protected:
  // Asks for another terminal; why it is refused, with no code if it is not.
  atrium::terminal::v1::DriveResponse::Problem AskForOther() {
    Plan plan = plan_;
    Plan::Terminal& other = *plan.add_terminals();
    other.set_tab(kOther);
    other.add_command("/bin/cat");
    const auto result = host_->Apply(plan);
    return result.problems_size() == 0 ? atrium::terminal::v1::DriveResponse::Problem()
                                       : result.problems(0);
  }
};

TEST_F(DrainTest, P3_N14ADrainedHostKeepsItsTerminalsTakesNoMoreAndEndsAfterTheLast) {
  Create({"/bin/cat"});
  int empty = 0;
  host_->Drain([&] { ++empty; });
  EXPECT_TRUE(health_.draining()) << "it is told at once";
  const auto problem = AskForOther();
  EXPECT_EQ(problem.code(), static_cast<int>(absl::StatusCode::kUnavailable));
  EXPECT_EQ(problem.reason(), "HOST_DRAINING");
  EXPECT_TRUE(problem.has_retry_after());
  EXPECT_THAT(problem.message(), HasSubstr("is being drained"));
  Type("alive\n");
  ASSERT_TRUE(Says("alive\r\nalive"));
  EXPECT_EQ(empty, 0);
  // A new control is told too.
  health_.Clear();
  ASSERT_TRUE(host_->TakeOver(this, ++fence_).ok());
  host_->TellMissed();
  EXPECT_TRUE(health_.draining());
  host_->Drain([&] { empty = 100; });
  const absl::Duration closed = loop_->Monotonic();
  host_->Apply(plan_);
  Type("\x04");
  ASSERT_TRUE(Until([&] { return empty > 0; }));
  EXPECT_EQ(empty, 1) << "being asked again changes nothing";
  EXPECT_GE(loop_->Monotonic() - closed, limits::kHangUpGrace)
      << "what ignores the hang-up has been killed by then";
}

TEST_F(DrainTest, P3ADrainedHostWithNothingOnItEnds) {
  int empty = 0;
  host_->Drain([&] { ++empty; });
  EXPECT_TRUE(Until([&] { return empty == 1; }));
}

TEST_F(DrainTest, P3_S22AHostTakesNoMoreTerminalsThanItMay) {
  host_.reset();
  host_ = std::make_unique<Host>(
      loop_.get(), &screens_, *ShellMaker::ForUser("", home_ + "/zsh"),
      Host::Options{.log_directory = directory_, .incarnation = "two", .terminals = 1});
  ASSERT_TRUE(host_->TakeOver(this, ++fence_).ok());
  Create({"/bin/cat"});
  const auto problem = AskForOther();
  EXPECT_EQ(problem.code(), static_cast<int>(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(problem.reason(), "LIMIT_REACHED");
  EXPECT_THAT(problem.message(), HasSubstr("1 terminals on this host"));
  // Closing one makes room.
  plan_.clear_terminals();
  host_->Apply(plan_);
  EXPECT_EQ(AskForOther().code(), 0);
}

}  // namespace
}  // namespace atrium::terminal
