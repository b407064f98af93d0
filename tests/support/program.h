// A process of ours as its supervisor sees it: what it says, and how it ends.
#ifndef ATRIUM_TESTS_SUPPORT_PROGRAM_H_
#define ATRIUM_TESTS_SUPPORT_PROGRAM_H_

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace atrium {

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
  static constexpr int kPatienceMs = 20000;

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

}  // namespace atrium

#endif  // ATRIUM_TESTS_SUPPORT_PROGRAM_H_
