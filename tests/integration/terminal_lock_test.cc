// R5, R32: a second process does not take a live one's terminals.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "common/random.h"

namespace atrium::terminal {
namespace {

using testing::HasSubstr;

constexpr int kPatienceMs = 20000;

// One run of the program, and what it says.
class Program {
 public:
  explicit Program(std::vector<std::string> words) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return;
    output_ = ends[0];
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      dup2(ends[1], STDERR_FILENO);
      execv(argv[0], argv.data());
      _exit(127);
    }
    close(ends[1]);
  }
  ~Program() {
    Kill();
    close(output_);
  }

  pid_t pid() const { return pid_; }
  const std::string& text() const { return text_; }
  // Reads on until it says `what`; what it said before does not count again.
  bool Says(const std::string& what) {
    while (text_.find(what, seen_) == std::string::npos) {
      if (!Read()) return false;
    }
    seen_ = text_.size();
    return true;
  }
  // Reads to its end. Its exit code; -1 if it does not end.
  int End() {
    while (Read()) continue;
    int status = 0;
    if (waitpid(pid_, &status, 0) != pid_) return -1;
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  void Kill() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  bool Read() {
    pollfd ready{output_, POLLIN, 0};
    char space[4096];
    if (poll(&ready, 1, kPatienceMs) <= 0) return false;
    const ssize_t n = read(output_, space, sizeof space);
    if (n <= 0) return false;
    text_.append(space, static_cast<size_t>(n));
    return true;
  }

  pid_t pid_ = -1;
  int output_ = -1;
  std::string text_;
  size_t seen_ = 0;
};

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
