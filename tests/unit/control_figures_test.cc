// What control counts of calls, where that can be read, and credentials for TURN.
#include <arpa/inet.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "control/admin.h"
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

// The admin door, asked by real sockets.
class AdminTest : public testing::Test {
 protected:
  void Listen(const std::string& where) {
    auto admin = Admin::Listen(&loop_, where, [] { return std::string("a_figure 1\n"); });
    ASSERT_TRUE(admin.ok()) << admin.status();
    admin_ = *std::move(admin);
  }
  int Knock() {
    const int fd = socket(path_.empty() ? AF_INET : AF_UNIX, SOCK_STREAM, 0);
    sockaddr_storage to = {};
    if (path_.empty()) {
      auto* four = reinterpret_cast<sockaddr_in*>(&to);
      four->sin_family = AF_INET;
      four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      four->sin_port = htons(static_cast<uint16_t>(admin_->port()));
      EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof *four), 0);
    } else {
      auto* there = reinterpret_cast<sockaddr_un*>(&to);
      there->sun_family = AF_UNIX;
      strcpy(there->sun_path, path_.c_str());
      EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof *there), 0);
    }
    while (loop_.Poll()) {
    }
    return fd;
  }
  // What is answered; empty if it hung up.
  std::string Ask(const std::string& request) {
    const int fd = Knock();
    EXPECT_EQ(write(fd, request.data(), request.size()), static_cast<ssize_t>(request.size()));
    while (loop_.Poll()) {
    }
    std::string answer(4096, '\0');
    const ssize_t n = recv(fd, answer.data(), answer.size(), MSG_DONTWAIT);
    answer.resize(static_cast<size_t>(std::max<ssize_t>(n, 0)));
    close(fd);
    return answer;
  }

  ManualLoop loop_;
  std::string path_;
  std::unique_ptr<Admin> admin_;
};

TEST_F(AdminTest, X5FiguresAreReadOnAUnixSocketThatIsOursAlone) {
  path_ = testing::TempDir() + "/admin-" + RandomId();
  Listen(path_);
  struct stat is = {};
  ASSERT_EQ(stat(path_.c_str(), &is), 0);
  EXPECT_EQ(is.st_mode & 0077, 0u) << "nobody else may open it";
  EXPECT_THAT(Ask("GET /metrics HTTP/1.1\r\n\r\n"), HasSubstr("a_figure 1\n"));
  EXPECT_THAT(Ask("GET /healthz HTTP/1.1\r\n\r\n"), HasSubstr("200 OK"));
  EXPECT_THAT(Ask("POST /metrics HTTP/1.1\r\n\r\n"), HasSubstr("405"));
  EXPECT_THAT(Ask("GET /else HTTP/1.1\r\n\r\n"), HasSubstr("404"));
  admin_.reset();
  EXPECT_NE(stat(path_.c_str(), &is), 0);
}

TEST_F(AdminTest, S1OnLoopbackNoOtherSitesPageReadsThem) {
  Listen("127.0.0.1:0");
  EXPECT_THAT(Ask("GET /metrics HTTP/1.1\r\nHost: localhost:9\r\n\r\n"), HasSubstr("a_figure"));
  EXPECT_THAT(Ask("GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n"), HasSubstr("403"));
  EXPECT_THAT(Ask("GET /metrics HTTP/1.1\r\n\r\n"), HasSubstr("403"));
}

TEST_F(AdminTest, S5VisitsAreFewShortAndSmall) {
  Listen("127.0.0.1:0");
  EXPECT_EQ(Ask("GET /" + std::string(limits::kAdminRequestBytes, 'x')), "");
  std::vector<int> idle;
  for (size_t i = 0; i < limits::kAdminVisits; ++i) idle.push_back(Knock());
  const int one_more = Knock();
  char byte;
  EXPECT_EQ(recv(one_more, &byte, 1, 0), 0) << "it is closed at once";
  loop_.Advance(limits::kAdminPatience);
  EXPECT_THAT(Ask("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"), HasSubstr("200"));
  for (const int fd : idle) close(fd);
  close(one_more);
}

TEST_F(AdminTest, S5WithoutADescriptorForAVisitItRestsAndThenAnswers) {
  Listen("127.0.0.1:0");
  const int knocks = socket(AF_INET, SOCK_STREAM, 0);
  const int next = dup(knocks);
  close(next);
  rlimit before = {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = {static_cast<rlim_t>(next), before.rlim_max};
  sockaddr_in to = {};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(static_cast<uint16_t>(admin_->port()));
  ASSERT_EQ(connect(knocks, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  EXPECT_TRUE(loop_.Poll());
  const bool spins = loop_.Poll();
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_FALSE(spins);
  loop_.Advance(limits::kAdminPause);
  EXPECT_TRUE(loop_.Poll()) << "it hears who knocked meanwhile";
  close(knocks);
}

TEST_F(AdminTest, S6ItListensOnNoOtherAddress) {
  for (const char* where : {"0.0.0.0:9", "9", "example.com:9", "127.0.0.1:x", "127.0.0.1:99999"}) {
    EXPECT_FALSE(Admin::Listen(&loop_, where, [] { return std::string(); }).ok()) << where;
  }
}

}  // namespace
}  // namespace atrium::control
