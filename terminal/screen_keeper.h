// ScreenKeeper keeps the screen of one terminal, one step behind its log, on the
// screen thread. The loop says what came; questions are answered in order with
// it, back on the loop.
#ifndef ATRIUM_TERMINAL_SCREEN_KEEPER_H_
#define ATRIUM_TERMINAL_SCREEN_KEEPER_H_

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "atrium/v1/tab.pb.h"
#include "common/loop.h"
#include "terminal/output_log.h"

namespace atrium::terminal {

// The thread on which all screens of the process live.
class ScreenThread {
 public:
  ScreenThread();
  ~ScreenThread();                       // Finishes what was posted.
  void Post(std::function<void()> job);  // Safe on any thread.

 private:
  void Run();

  // Protected by mu_.
  std::mutex mu_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  bool stopping_ = false;
  // Owned; last, as it uses the rest.
  std::thread thread_;
};

// A screen at one moment.
struct ScreenSnapshot {
  int64_t offset = 0;
  Size size;
  std::string data;  // Rebuilds the renderer.
  bool scrollback = true;  // With all that has scrolled away.
  // The renderer is then equal in every respect. Else not wholly: it may draw what
  // follows in another way than one that saw all bytes.
  bool exact = true;
};
struct ScreenText {
  int64_t offset = 0;
  Size size;
  std::string text;
  int cursor_column = 0, cursor_row = 0;
  std::string title;
  bool application_cursor_keys = false, alternate_screen = false;
};

// A shell's mark (OSC 133) at its place in the output.
struct ShellMark {
  enum class Kind { kPromptStart, kPromptEnd, kCommandStart, kCommandEnd };
  Kind kind = Kind::kPromptStart;
  int exit_code = 0;   // Of kCommandEnd.
  int64_t begin = 0;   // Of the mark itself.
  int64_t offset = 0;  // Just behind the mark.
  std::string text;    // Of kCommandStart: what was typed, as the shell says.
  std::string key;     // Proves that our own shell start-up file made the mark.
};

class ScreenKeeper {
 public:
  // Upward news, on the loop.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnReply(std::string bytes) = 0;  // To be written to the program.
    virtual void OnTitle(std::string title) = 0;
    virtual void OnWorkingDirectory(std::string path) = 0;
    virtual void OnMark(ShellMark mark) = 0;
    // A resize left the screen in a state that a renderer may not reach by
    // itself: followers need a snapshot.
    virtual void OnInexactResize() = 0;
    // The screen took in bytes; parsed_offset() grew.
    virtual void OnParsed() = 0;
  };

  // `log` is read on the screen thread, see Feed(). `listener` may be null (a
  // screen of the past). News stops when the keeper is destroyed.
  ScreenKeeper(Loop* loop, ScreenThread* thread, std::shared_ptr<const OutputLog> log, Size size,
               int64_t offset, Listener* listener);
  ~ScreenKeeper();

  // Bytes [from, to) are in the log and stay there until parsed_offset() >= to.
  void Feed(int64_t from, int64_t to);
  void Resize(Size size);
  // Draws what Snapshot() of another keeper told, before anything is fed.
  void Restore(std::string snapshot);
  // Of now, exact or not.
  void Snapshot(bool scrollback, std::function<void(ScreenSnapshot)> done);
  void Text(int scrollback_lines, bool escapes, std::function<void(ScreenText)> done);
  // The screen's cells, with at most limits::kScreenCells of them: of more lines of
  // scrollback the oldest are left out.
  void Cells(int scrollback_lines, std::function<void(atrium::v1::ReadScreenResponse)> done);
  int64_t parsed_offset() const;
  // `then` runs on the loop behind all news of what was fed so far.
  void WhenDrawn(std::function<void()> then);

 private:
  struct State;

  // Given.
  Loop* const loop_;
  ScreenThread* const thread_;
  // Owned, shared with jobs under way.
  std::shared_ptr<State> state_;
};

}  // namespace atrium::terminal

#endif  // ATRIUM_TERMINAL_SCREEN_KEEPER_H_
