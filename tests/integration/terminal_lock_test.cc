// R5, R32: a second process does not take a live one's terminals.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "common/random.h"
#include "tests/support/program.h"

namespace atrium::terminal {
namespace {

using testing::HasSubstr;

class LockTest : public testing::Test {
 protected:
  LockTest() { std::filesystem::create_directories(directory_); }
  ~LockTest() override { std::filesystem::remove_all(directory_); }

  std::unique_ptr<Program> Start(const std::string& socket, const std::string& state) {
    return std::make_unique<Program>(std::vector<std::string>{
        ATRIUM_TERMINAL, "--listen=" + At(socket), "--state_dir=" + At(state)});
  }
  std::string At(const std::string& name) const { return directory_ + "/" + name; }

  const std::string directory_ = testing::TempDir() + "/lock-" + RandomId();
};

TEST_F(LockTest, R5_R32ASecondProcessEndsWithAnErrorBeforeAndAfterAnUpgradeOfTheFirst) {
  const auto first = Start("socket", "one");
  ASSERT_TRUE(first->Says("serving")) << first->text();
  for (const bool upgraded : {false, true}) {
    if (upgraded) {
      ASSERT_EQ(kill(first->pid(), SIGUSR2), 0);
      ASSERT_TRUE(first->Says("serving")) << first->text();
      EXPECT_THAT(first->text(), HasSubstr("took over from the program before"));
    }
    const auto second = Start("socket", "other");
    EXPECT_GT(second->End(), 0);
    EXPECT_THAT(second->text(), HasSubstr("socket.lock: stop it, or choose another --listen"));
    EXPECT_THAT(second->text(), HasSubstr("process " + std::to_string(first->pid()) + ")"));
    const auto third = Start("other", "one");
    EXPECT_GT(third->End(), 0);
    EXPECT_THAT(third->text(), HasSubstr("one/lock: stop it, or choose another --state_dir"));
    EXPECT_EQ(waitpid(first->pid(), nullptr, WNOHANG), 0) << "the first one ended";
  }
  // What was killed locks nothing.
  first->Kill();
  const auto next = Start("socket", "one");
  EXPECT_TRUE(next->Says("serving")) << next->text();
}

}  // namespace
}  // namespace atrium::terminal
