// Audit is who typed what into this host's terminals, and when: lines of an
// append-only file, each with a hash of all before it, so that a change is found with
// its place (S20). What is typed while the program neither echoes nor takes single
// keys (a password's prompt) is redacted (S14): that it was typed is kept, not what,
// nor how long it was.
//
// A line is: time tab who typed "text" hash, or `redacted`, or what happened to the
// audit itself. On the loop.
#ifndef ATRIUM_TERMINAL_AUDIT_H_
#define ATRIUM_TERMINAL_AUDIT_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/loop.h"
#include "terminal/limits.h"

namespace atrium::terminal {

class Audit {
 public:
  // Upward news, on the loop.
  class Listener {
   public:
    virtual ~Listener() = default;
    // What is typed is not written down, why and what helps; empty: it is again. Typing
    // goes on meanwhile, and the file will say how much of it is missing, unless this
    // process ends first and hands over to no other.
    virtual void OnAuditProblem(const std::string& problem) = 0;
  };

  // `path` empty: nothing is kept. A file that is there is gone on with. `listener` null:
  // nobody is told.
  Audit(Loop* loop, std::string path, Listener* listener = nullptr);
  ~Audit();
  Audit(const Audit&) = delete;
  Audit& operator=(const Audit&) = delete;

  // Keys of one person in a row become one line, up to their Enter.
  void Typed(const std::string& tab, const std::string& who, std::string_view bytes, bool hidden);
  // Writes what waits for more keys.
  void Flush();
  // Lines that are missing and that the file does not tell of yet; those of a process
  // before us are ours to tell.
  int64_t lost() const { return lost_; }
  void AddLost(int64_t lines) { lost_ += lines; }

  // Whether a file is whole; DATA_LOSS with the line at which it is not.
  static absl::Status Verify(const std::string& path);

 private:
  // Keys that may be followed by more of the same person.
  struct Keys {
    std::string who, text;
    bool hidden = false;
  };

  // False where the file cannot be written.
  bool Open();
  // The same, of an open file: finds where its chain ends, and says that it goes on.
  bool GoOnWith(int file);
  void WriteKeys(const std::string& tab);
  void Append(std::string_view what);
  // After a line that was not written: it is tried again by itself, and people are told.
  void Fail(int error);
  void Retry();
  // False if the gap cannot be written down yet.
  bool TellGap();
  bool WriteLine(const std::string& content);
  // Begins another file, once this one is large. Where it cannot be put aside, it is
  // written on, and that is tried again later.
  void Rotate();
  std::string Time() const;

  // Given.
  Loop* const loop_;
  const std::string path_;
  Listener* const listener_;
  // State.
  int file_ = -1;
  int64_t size_ = 0;
  int64_t rotate_at_ = limits::kAuditBytes;
  std::string problem_;  // Empty while the file is written.
  std::string hash_;  // Of the last line.
  int64_t lost_ = 0;  // Lines that the disk did not take, or for which there was no file.
  std::map<std::string, Keys> keys_;  // By tab.
  Loop::HandlePtr timer_, retry_;
};

}  // namespace atrium::terminal

#endif  // ATRIUM_TERMINAL_AUDIT_H_
