// Pty is one program on a pseudo-terminal: born in its own session with a clean
// environment, as the shell's user; its output read without blocking, its input
// queued in order.
//
// On the loop. Destroying it hangs up, and kills what ignores that.
#ifndef ATRIUM_TERMINAL_PTY_H_
#define ATRIUM_TERMINAL_PTY_H_

#include <sys/types.h>

#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/loop.h"
#include "terminal/output_log.h"
#include "terminal/shell.h"

namespace atrium::terminal {

class Pty {
 public:
  // Upward news, on the loop.
  class Listener {
   public:
    virtual ~Listener() = default;
    // Output can be read: call Read().
    virtual void OnReadable() = 0;
    // The program ended and its last output was readable before. Last call.
    virtual void OnExit(int exit_code) = 0;
  };

  static absl::StatusOr<std::unique_ptr<Pty>> Start(Loop* loop, const ShellCommand& command,
                                                    Size size, Listener* listener);
  // One that a process of before handed over: its descriptor, which is taken, and
  // its process, which is our child.
  static absl::StatusOr<std::unique_ptr<Pty>> Adopt(Loop* loop, int master, pid_t pid,
                                                    Listener* listener);
  ~Pty();
  Pty(const Pty&) = delete;
  Pty& operator=(const Pty&) = delete;

  // Reads what is there into `space`; 0 if nothing is.
  size_t Read(std::span<char> space);
  // Stops and starts OnReadable.
  void SetReading(bool reading);
  // Writes `data` after all before it; `written` runs once all of it was.
  void Write(std::string data, std::function<void()> written);
  // Bytes that the program has not taken yet.
  size_t pending_bytes() const { return pending_bytes_; }
  void Resize(Size size);
  // True while the program takes whole lines and echoes nothing: it asks for a
  // secret. A readline prompt does not echo either, but takes single keys.
  bool HidesInput() const;
  pid_t pid() const { return pid_; }
  // Who has the terminal: a process group, and the command line of who leads it, as /proc
  // has it; empty if nobody does.
  struct Front {
    pid_t group = 0;
    std::string words;
  };
  Front InFront() const;
  // Whether what was started has the terminal itself, and none of its jobs.
  bool IsShellInFront() const;
  int master() const { return master_; }
  // What the program has not taken yet, in order.
  std::string PendingInput() const;

 private:
  struct Input {
    std::string data;
    size_t done = 0;
    std::function<void()> written;
  };

  Pty(Loop* loop, Listener* listener, int master, pid_t pid, int pidfd);
  void Flush();
  void OnProcessEnd();

  // Given.
  Loop* const loop_;
  Listener* const listener_;
  // Owned.
  const int master_;
  const pid_t pid_;
  const int pidfd_;
  Loop::HandlePtr readable_, writable_, ended_;
  // State.
  std::deque<Input> inputs_;
  size_t pending_bytes_ = 0;
  bool flushing_ = false;
  bool reaped_ = false;
};

}  // namespace atrium::terminal

#endif  // ATRIUM_TERMINAL_PTY_H_
