// R5, R32: a second process does not take a live one's terminals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "common/random.h"

namespace atrium::terminal {
namespace {

using testing::HasSubstr;

class LockTest : public testing::Test {
 protected:
  LockTest() { std::filesystem::create_directories(directory_); }
  ~LockTest() override {
    for (const pid_t pid : started_) {
      kill(pid, SIGKILL);
      waitpid(pid, nullptr, 0);
    }
    std::filesystem::remove_all(directory_);
  }
  // A terminal process; what it says is in the file of that name.
  pid_t Start(const std::string& socket, const std::string& state, const std::string& says) {
    std::vector<std::string> words = {ATRIUM_TERMINAL, "--listen=" + At(socket),
                                      "--state_dir=" + At(state)};
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const std::string path = At(says);
    const pid_t pid = fork();
    if (pid == 0) {
      const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
      dup2(file, STDOUT_FILENO);
      dup2(file, STDERR_FILENO);
      execv(argv[0], argv.data());
      _exit(127);
    }
    started_.push_back(pid);
    return pid;
  }
  bool Says(const std::string& says, const std::string& what) {
    for (int tries = 0; tries < 1000; ++tries, absl::SleepFor(absl::Milliseconds(10))) {
      if (Text(says).find(what) != std::string::npos) return true;
    }
    return false;
  }
  std::string Text(const std::string& name) {
    std::ifstream in(At(name));
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::string At(const std::string& name) { return directory_ + "/" + name; }

  const std::string directory_ = testing::TempDir() + "/lock-" + RandomId();
  std::vector<pid_t> started_;
};

TEST_F(LockTest, R5_R32ASecondProcessEndsWithAnErrorBeforeAndAfterAnUpgradeOfTheFirst) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "it upgrades a process by exec, which ends otherwise under ThreadSanitizer";
#endif
  const pid_t first = Start("socket", "one", "first");
  ASSERT_TRUE(Says("first", "serving")) << Text("first");
  for (const bool upgraded : {false, true}) {
    if (upgraded) {
      ASSERT_EQ(kill(first, SIGUSR2), 0);
      ASSERT_TRUE(Says("first", "took over from the program before")) << Text("first");
    }
    Start("socket", "other", "second");
    EXPECT_TRUE(Says("second", "socket.lock: stop it, or choose another --listen"))
        << upgraded << Text("second");
    EXPECT_THAT(Text("second"), HasSubstr("process " + std::to_string(first) + ")"));
    Start("other", "one", "third");
    EXPECT_TRUE(Says("third", "one/lock: stop it, or choose another --state_dir"))
        << upgraded << Text("third");
    EXPECT_EQ(kill(first, 0), 0);
  }
}

}  // namespace
}  // namespace atrium::terminal
