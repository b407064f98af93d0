// The same work without Atrium: a raw PTY, or ttyd.
//   peers raw bulk FILE      peers raw echo KEYS
//   peers ttyd PORT bulk FILE      peers ttyd PORT echo KEYS
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>

#include <functional>
#include <memory>

#include "wire.h"

namespace bench {
namespace {

// A shell that can be typed to and read.
class Shell {
 public:
  virtual ~Shell() = default;
  virtual void Type(std::string_view text) = 0;
  // Blocks for what comes next; empty if nothing came within 200 ms.
  virtual std::string_view Read() = 0;

  int64_t bytes = 0;
  int marks = 0;
  void Take() {
    const std::string_view got = Read();
    bytes += static_cast<int64_t>(got.size());
    if (memchr(got.data(), kMark, got.size()) != nullptr) marks += static_cast<int>(CountMarks(got));
  }
  void Until(const std::function<bool()>& done) {
    const double end = Now() + 60;
    while (!done()) {
      if (Now() > end) Die("a peer did not answer in time");
      Take();
    }
  }
  void Run(const std::string& command) {
    const int before = marks;
    Type(command + "; printf '\\036'\n");
    Until([&] { return marks > before; });
  }
};

class RawShell : public Shell {
 public:
  RawShell() : buffer_(64 << 10, 0) {
    winsize size{24, 80, 0, 0};
    pid_ = forkpty(&fd_, nullptr, nullptr, &size);
    if (pid_ == 0) {
      execl("/bin/bash", "bash", "--norc", "--noprofile", nullptr);
      _exit(127);
    }
  }
  ~RawShell() override {
    close(fd_);
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  void Type(std::string_view text) override {
    if (write(fd_, text.data(), text.size()) < 0) Die("the shell is gone");
  }
  std::string_view Read() override {
    pollfd ready{fd_, POLLIN, 0};
    if (!eager_ && poll(&ready, 1, 200) <= 0) return {};
    const ssize_t n = read(fd_, buffer_.data(), buffer_.size());
    if (n <= 0) Die("the shell ended");
    return {buffer_.data(), static_cast<size_t>(n)};
  }
  // A bare read loop: no poll before a read.
  void Hurry() { eager_ = true; }

 private:
  int fd_ = -1;
  pid_t pid_ = -1;
  bool eager_ = false;
  std::vector<char> buffer_;
};

class TtydShell : public Shell {
 public:
  explicit TtydShell(int port) : fd_(Connect(port)) {
    timeval pause{0, 200000};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &pause, sizeof pause);
    WriteAll(fd_, UpgradeRequest(port, "/ws", "tty"));
    while (held_.find("\r\n\r\n") == std::string::npos) {
      if (!Fill()) Die("ttyd does not answer");
    }
    held_.erase(0, held_.find("\r\n\r\n") + 4);
    WriteAll(fd_, Frame(2, "{\"AuthToken\":\"\",\"columns\":80,\"rows\":24}"));
  }
  ~TtydShell() override { close(fd_); }
  void Type(std::string_view text) override { WriteAll(fd_, Frame(2, "0" + std::string(text))); }
  std::string_view Read() override {
    held_.erase(0, taken_);
    taken_ = 0;
    for (;;) {
      int opcode;
      uint64_t length;
      const size_t header = ParseFrame(held_, &opcode, &length);
      if (header != 0 && held_.size() >= header + length) {
        taken_ = header + length;
        const std::string_view payload(held_.data() + header, length);
        if (opcode != 2 || payload.empty() || payload[0] != '0') return {};
        return payload.substr(1);
      }
      if (!Fill()) return {};
    }
  }

 private:
  bool Fill() {
    const size_t size = held_.size();
    held_.resize(size + (64 << 10));
    const ssize_t n = recv(fd_, held_.data() + size, 64 << 10, 0);
    if (n == 0) Die("ttyd closed");
    held_.resize(size + static_cast<size_t>(std::max<ssize_t>(n, 0)));
    return n > 0;
  }
  const int fd_;
  std::string held_;
  size_t taken_ = 0;
};

void Bulk(Shell* shell, const std::string& file) {
  const int64_t before = shell->bytes;
  const double start = Now();
  shell->Run("cat " + file);
  std::printf("{\"mb_s\": %.2f}\n", static_cast<double>(shell->bytes - before) / 1e6 / (Now() - start));
}

void Echo(Shell* shell, int keys) {
  const auto settle = [shell] {
    for (const double end = Now() + 0.5; Now() < end;) shell->Take();
  };
  shell->Until([&] { return shell->bytes > 0; });
  settle();  // What starts may drop what is typed meanwhile.
  shell->Type("stty echo; cat\n");
  settle();
  std::vector<double> times;
  for (int i = 0; i < keys; ++i) {
    const int64_t before = shell->bytes;
    const double start = Now();
    shell->Type(i % 60 == 59 ? "\n" : "a");
    shell->Until([&] { return shell->bytes > before; });
    times.push_back((Now() - start) * 1e6);
    usleep(2000);
    // A finished line comes again from cat.
    if (i % 60 == 59) shell->Take();
  }
  std::printf("{\"p50\": %.1f, \"p99\": %.1f}\n", Quantile(times, 0.5), Quantile(times, 0.99));
}

}  // namespace
}  // namespace bench

int main(int count, char** arguments) {
  using namespace bench;
  if (count < 4) Die("peers raw|ttyd PORT bulk|echo ARGUMENT");
  const bool raw = std::string(arguments[1]) == "raw";
  const int at = raw ? 2 : 3;
  std::unique_ptr<Shell> shell;
  if (raw) {
    shell = std::make_unique<RawShell>();
  } else {
    shell = std::make_unique<TtydShell>(std::atoi(arguments[2]));
  }
  if (std::string(arguments[at]) == "bulk") {
    shell->Run("stty -echo; PS1=");
    if (raw) static_cast<RawShell*>(shell.get())->Hurry();
    Bulk(shell.get(), arguments[at + 1]);
  } else {
    Echo(shell.get(), std::atoi(arguments[at + 1]));
  }
}
