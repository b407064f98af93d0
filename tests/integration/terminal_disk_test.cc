// R20, R30: a full disk costs the new terminal, not those that run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <filesystem>
#include <fstream>

#include "terminal/lock.h"
#include "tests/support/host_test.h"

namespace atrium::terminal {
namespace {

using testing::HasSubstr;

constexpr char kOther[] = "sessions/main/tabs/other";

// The host's logs are on a disk of six mebibytes, which holds one.
class DiskTest : public HostTest {
 protected:
  void SetUp() override {
    host_.reset();
    if (mount("tmpfs", directory_.c_str(), "tmpfs", 0, "size=6m") != 0) {
      GTEST_SKIP() << "a small disk needs the right to mount one: " << strerror(errno);
    }
    mounted_ = true;
    StartHost("two");
  }
  ~DiskTest() override {
    host_.reset();
    if (mounted_) umount2(directory_.c_str(), MNT_DETACH);
  }
  // Takes all that is left.
  void Fill() {
    std::ofstream hog(directory_ + "/hog", std::ios::binary);
    const std::string much(1 << 20, 'x');
    while (hog << much << std::flush) continue;
    ASSERT_EQ(std::filesystem::space(directory_).available, 0u);
  }
  bool mounted_ = false;
};

TEST_F(DiskTest, R20_R30AFullDiskRefusesTheNewTerminalWithItsRemedyAndTakesNothingFromTheOthers) {
  Create({"/bin/sh", "-c", "read go; head -c 9000000 /dev/zero | tr '\\0' x; echo; echo ready; cat"});
  // Before its ring was written in whole: what it will need is its own already.
  ASSERT_NO_FATAL_FAILURE(Fill());
  Plan::Terminal& other = *plan_.add_terminals();
  other.set_tab(kOther);
  other.add_command("/bin/cat");
  const auto refused = host_->Apply(plan_);
  ASSERT_EQ(refused.problems_size(), 1);
  const auto& problem = refused.problems(0);
  EXPECT_EQ(problem.tab(), kOther);
  EXPECT_EQ(problem.code(), static_cast<int>(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(problem.reason(), "DISK_FULL");
  EXPECT_TRUE(problem.has_retry_after());
  EXPECT_THAT(problem.message(), HasSubstr(directory_));
  EXPECT_THAT(problem.message(), HasSubstr("Make room on that disk"));
  EXPECT_EQ(host_->Find(kOther), nullptr);
  Type("go\n");
  ASSERT_TRUE(Says("ready\r\n")) << terminal().log().end();
  EXPECT_GT(terminal().log().end(), 9000000);
  Type("still here\n");
  EXPECT_TRUE(Says("still here\r\nstill here"));
  EXPECT_THAT(Screen(), HasSubstr("still here"));
  std::filesystem::remove(directory_ + "/hog");
  // The same room as for the first is not there: it is once that one is closed.
  plan_.mutable_terminals()->DeleteSubrange(0, 1);
  EXPECT_TRUE(Until([&] { return host_->Apply(plan_).problems_size() == 0; }));
  ASSERT_NE(host_->Find(kOther), nullptr);
  EXPECT_TRUE(host_->Find(kOther)->running());
}

TEST_F(DiskTest, R20TheProcessStartsOnAFullDiskToo) {
  ASSERT_NO_FATAL_FAILURE(Fill());
  // Its start-up file for zsh cannot be written: shells are started without marks.
  EXPECT_TRUE(ShellMaker::ForUser("", directory_ + "/zsh").ok());
  const auto lock = Lock::Take(directory_ + "/lock", "--state_dir", {});
  EXPECT_TRUE(lock.ok()) << lock.status();
}

}  // namespace
}  // namespace atrium::terminal
