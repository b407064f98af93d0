// What control counts of calls, and credentials for TURN.
#include "control/figures.h"
#include "control/session/turn.h"
#include "tests/support/capture_test.h"

namespace atrium::control {
namespace {

using atrium::v1::CallProblem;
using testing::HasSubstr;
using testing::Not;

TEST(TurnTest, X8ACredentialIsTheHmacOfItsEndAndItsOwner) {
  // As openssl makes it: printf %s 1700000600:ann | openssl dgst -sha1 -hmac north -binary | base64
  const auto server = MakeIceServer({.urls = {"turn:turn.example:3478"}, .secret = "north"}, "ann",
                                    absl::FromUnixSeconds(1700000600));
  EXPECT_EQ(server.urls(0), "turn:turn.example:3478");
  EXPECT_EQ(server.username(), "1700000600:ann");
  EXPECT_EQ(server.credential(), "7frJsC9X1ENSUqDpiZimUxlaSY8=");
}

class FiguresTest : public CaptureTest {
 protected:
  FiguresTest() {
    context_.figures = &figures_;
    context_.turn = {.urls = {"turn:t:1"}, .secret = "north"};
    EXPECT_TRUE(Join(&ann_, "ann").ok());
  }
  absl::Status Report(CallProblem::Category category, bool screen = false) {
    CallProblem problem;
    problem.set_category(category);
    problem.set_screen(screen);
    return session_->ReportProblem(problem);
  }
  std::string Text() const { return ToPrometheus(figures_, registry_->Present()); }

  Figures figures_;
  FakePage ann_;
};

TEST_F(FiguresTest, X8PagesGetACredentialOfTheirOwnThatEndsSoon) {
  session_->GoLive(Person("ann"), PageOf("ann"), [](absl::Status) {});
  const auto& live = ann_.Last(JoinResponse::kLiveReady)->live_ready();
  ASSERT_EQ(live.ice_servers_size(), 1);
  const int64_t end = absl::ToUnixSeconds(loop_.Now() + limits::kTurnLife);
  EXPECT_EQ(live.ice_servers(0).username(), std::to_string(end) + ":ann");
  EXPECT_THAT(live.ice_servers(0).credential(), Not(HasSubstr("north")));
  Start("ann").IgnoreError();
  EXPECT_EQ(ann_.Last(JoinResponse::kCaptureReady)->capture_ready().ice_servers_size(), 1);
  context_.turn = {};
  session_->GoLive(Person("ann"), PageOf("ann"), [](absl::Status) {});
  EXPECT_EQ(ann_.Last(JoinResponse::kLiveReady)->live_ready().ice_servers_size(), 0);
}

TEST_F(FiguresTest, L9ProblemsAreCountedByCategory) {
  EXPECT_TRUE(Report(CallProblem::PERMISSION_DENIED).ok());
  EXPECT_TRUE(Report(CallProblem::PERMISSION_DENIED).ok());
  EXPECT_TRUE(Report(CallProblem::NO_DEVICE, /*screen=*/true).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(Report(CallProblem::CATEGORY_UNSPECIFIED)));
  EXPECT_TRUE(absl::IsInvalidArgument(Report(static_cast<CallProblem::Category>(99))));
  EXPECT_THAT(Text(),
              HasSubstr("atrium_control_call_problems_total{category=\"PERMISSION_DENIED\"} 2\n"));
  EXPECT_THAT(Text(),
              HasSubstr("atrium_control_screen_problems_total{category=\"NO_DEVICE\"} 1\n"));
}

TEST_F(FiguresTest, S22NobodyCountsProblemsWithoutEnd) {
  for (size_t i = 0; i < limits::kProblemsAMinute; ++i) {
    ASSERT_TRUE(Report(CallProblem::LOW_BANDWIDTH).ok());
  }
  EXPECT_TRUE(absl::IsResourceExhausted(Report(CallProblem::LOW_BANDWIDTH)));
  loop_.Advance(absl::Minutes(1));
  EXPECT_TRUE(Report(CallProblem::LOW_BANDWIDTH).ok());
}

TEST_F(FiguresTest, L9CallsAndScreensAreCountedByHowLongTheyLasted) {
  session_->GoLive(Person("ann"), PageOf("ann"), [](absl::Status) {});
  const std::string screen = Start("ann")->name();
  EXPECT_THAT(Text(), HasSubstr("atrium_control_live 1\n"));
  EXPECT_THAT(Text(), HasSubstr("atrium_control_screens 1\n"));
  loop_.Advance(absl::Seconds(90));
  ASSERT_TRUE(session_->StopCapture(Person("ann"), screen).ok());
  loop_.Advance(absl::Seconds(300));
  ASSERT_TRUE(session_->HangUp(PageOf("ann")).ok());
  EXPECT_THAT(Text(), HasSubstr("atrium_control_screen_seconds_bucket{le=\"60\"} 0\n"));
  EXPECT_THAT(Text(), HasSubstr("atrium_control_screen_seconds_bucket{le=\"300\"} 1\n"));
  EXPECT_THAT(Text(), HasSubstr("atrium_control_screen_seconds_sum 90\n"));
  EXPECT_THAT(Text(), HasSubstr("atrium_control_call_seconds_bucket{le=\"900\"} 1\n"));
  EXPECT_THAT(Text(), HasSubstr("atrium_control_call_seconds_count 1\n"));
  EXPECT_THAT(Text(), Not(HasSubstr("ann"))) << "figures, and nobody's name";
}

}  // namespace
}  // namespace atrium::control
