// Where figures can be read: the door of control, terminal and media.
#include "common/admin.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "common/limits.h"
#include "common/random.h"
#include "tests/support/manual_loop.h"

namespace atrium {
namespace {

using testing::HasSubstr;

// It is asked by real sockets.
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

TEST_F(AdminTest, R32_X5TheNextProgramListensWhereTheOneBeforeDid) {
  for (const bool on_path : {true, false}) {
    path_ = on_path ? testing::TempDir() + "/admin-" + RandomId() : "";
    Listen(on_path ? path_ : "127.0.0.1:0");
    const int port = admin_->port();
    // Over an exec the descriptor stays, and nobody takes leave of the path.
    const int handed = dup(admin_->fd());
    const std::string aside = path_ + ".aside";
    if (on_path) ASSERT_EQ(rename(path_.c_str(), aside.c_str()), 0);
    admin_.reset();
    if (on_path) ASSERT_EQ(rename(aside.c_str(), path_.c_str()), 0);
    auto next = Admin::Listen(
        &loop_, on_path ? path_ : "127.0.0.1:0", [] { return std::string("the_next 1\n"); },
        handed);
    ASSERT_TRUE(next.ok()) << next.status();
    admin_ = *std::move(next);
    EXPECT_EQ(admin_->port(), port);
    EXPECT_EQ(admin_->fd(), handed);
    EXPECT_EQ(fcntl(handed, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC) << "no shell has it";
    EXPECT_THAT(Ask("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"), HasSubstr("the_next 1"));
  }
}

TEST_F(AdminTest, S6ItListensOnNoOtherAddress) {
  for (const char* where : {"0.0.0.0:9", "9", "example.com:9", "127.0.0.1:x", "127.0.0.1:99999"}) {
    EXPECT_FALSE(Admin::Listen(&loop_, where, [] { return std::string(); }).ok()) << where;
  }
}

}  // namespace
}  // namespace atrium
