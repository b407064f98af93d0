#include "control/agent/mcp/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

#include "common/errors.h"
#include "common/log.h"
#include "common/str_cat.h"
#include "common/text.h"
#include "control/errors.h"
#include "control/limits.h"

namespace atrium::control::mcp {
namespace {

constexpr size_t kPiece = 64 << 10;

// Both ends of a pipe; closed with it unless they were taken.
struct Pipe {
  int read_end = -1, write_end = -1;
  bool Open() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    read_end = ends[0];
    write_end = ends[1];
    return true;
  }
  static int Take(int* end) { return std::exchange(*end, -1); }
  ~Pipe() {
    if (read_end >= 0) close(read_end);
    if (write_end >= 0) close(write_end);
  }
};

std::vector<char*> Pointers(std::vector<std::string>* texts) {
  std::vector<char*> pointers;
  for (std::string& text : *texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Its own group, no signal blocked or ignored, and none of our descriptors.
int Spawn(pid_t* pid, std::vector<std::string> command, std::vector<std::string> environment,
          int in, int out, int errors) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, errors, STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  posix_spawnattr_t how;
  posix_spawnattr_init(&how);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&how, &none);
  posix_spawnattr_setsigdefault(&how, &all);
  posix_spawnattr_setpgroup(&how, 0);
  posix_spawnattr_setflags(&how,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const int error = posix_spawnp(pid, command[0].c_str(), &files, &how, Pointers(&command).data(),
                                 Pointers(&environment).data());
  posix_spawnattr_destroy(&how);
  posix_spawn_file_actions_destroy(&files);
  return error;
}

}  // namespace

Child::~Child() {
  reading_.reset();
  reading_errors_.reset();
  writing_.reset();
  for (const int end : {in_, out_, errors_}) {
    if (end >= 0) close(end);
  }
  if (pid_ <= 0) return;
  kill(-pid_, SIGKILL);
  // It is dead, so this waits for the kernel alone.
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

absl::Status Child::Start(const std::vector<std::string>& command,
                          const std::map<std::string, std::string>& environment) {
  Pipe in, out, errors;
  if (!in.Open() || !out.Open() || !errors.Open()) return SystemError("open", "a pipe", errno);
  std::vector<std::string> variables;
  for (const auto& [name, value] : environment) variables.push_back(StrCat(name, "=", value));
  const int error = Spawn(&pid_, command, variables, in.read_end, out.write_end, errors.write_end);
  if (error != 0) {
    pid_ = -1;
    return SystemError("start", command[0], error);
  }
  in_ = Pipe::Take(&in.write_end);
  out_ = Pipe::Take(&out.read_end);
  errors_ = Pipe::Take(&errors.read_end);
  for (const int end : {in_, out_, errors_}) fcntl(end, F_SETFL, O_NONBLOCK);
  reading_ = loop_->WatchReadable(out_, [this] { Read(); });
  reading_errors_ = loop_->WatchReadable(errors_, [this] { ReadErrors(); });
  return absl::OkStatus();
}

void Child::Read() {
  char piece[kPiece];
  const ssize_t n = read(out_, piece, sizeof piece);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) {
    if (!last_error_.empty()) {
      LogWarning("what an MCP server said last", {{"server", name_}, {"line", last_error_}});
    }
    return End(ToolServerLost(name_, "it ended"));
  }
  read_.append(piece, static_cast<size_t>(n));
  size_t begin = 0;
  for (size_t end; (end = read_.find('\n', begin)) != std::string::npos; begin = end + 1) {
    if (end > begin) listener_->OnLine(read_.substr(begin, end - begin));
    if (ended_) return;
  }
  read_.erase(0, begin);
  if (read_.size() > limits::kMcpMessageBytes) {
    End(ToolServerLost(name_, "it said more at once than anybody may"));
  }
}

// What it complains about is for operators alone, and only its last line is kept.
void Child::ReadErrors() {
  char piece[kPiece];
  const ssize_t n = read(errors_, piece, sizeof piece);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) return reading_errors_.reset();
  std::string said(piece, static_cast<size_t>(n));
  while (!said.empty() && said.back() <= ' ') said.pop_back();
  const size_t line = said.rfind('\n');
  if (line != std::string::npos) said.erase(0, line + 1);
  last_error_ = CleanName(said, limits::kTitleChars);
}

void Child::Send(const std::string& line) {
  if (ended_ || in_ < 0) return;
  if (unsent_.size() + line.size() > limits::kMcpUnsentBytes) {
    return End(ToolServerLost(name_, "it does not read what it is told"));
  }
  StrAppend(&unsent_, line, "\n");
  Write();
}

void Child::Write() {
  while (!unsent_.empty()) {
    const ssize_t n = write(in_, unsent_.data(), unsent_.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) {
      if (!writing_) writing_ = loop_->WatchWritable(in_, [this] { Write(); });
      return;
    }
    if (n < 0) return End(ToolServerLost(name_, "it closed its input"));
    unsent_.erase(0, static_cast<size_t>(n));
  }
  writing_.reset();
}

void Child::End(const absl::Status& why) {
  if (ended_) return;
  Stop();
  listener_->OnEnd(why);
}

void Child::Stop() {
  ended_ = true;
  reading_.reset();
  reading_errors_.reset();
  writing_.reset();
}

}  // namespace atrium::control::mcp
