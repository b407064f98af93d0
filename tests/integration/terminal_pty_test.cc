// A PTY and what it promises its listener.
#include "terminal/pty.h"

#include <gtest/gtest.h>

#include "common/loop.h"

namespace atrium::terminal {
namespace {

// Reads nothing, and counts what it is told after the end.
struct Deaf final : Pty::Listener {
  explicit Deaf(MainLoop* l) : loop(l) {}
  void OnReadable() override { readable_after += ended ? 1 : 0; }
  void OnExit(int code) override {
    ended = true;
    exit_code = code;
    pty->SetReading(false);
    pty->SetReading(true);  // As who catches up with its parser does.
    // Long enough for what the poller had in hand, and for what it finds then.
    quit = loop->After(absl::Milliseconds(20), [this] { loop->Quit(); });
  }
  MainLoop* loop;
  Pty* pty = nullptr;
  Loop::HandlePtr quit;
  bool ended = false;
  int exit_code = -1, readable_after = 0;
};

// The terminal lets go of its PTY in OnExit; another call would find nothing there.
TEST(PtyTest, R6TheEndIsTheLastThingThatIsTold) {
  const auto loop = NewMainLoop();
  Deaf deaf(loop.get());
  ShellCommand command;
  command.program = "/bin/sh";
  // It hangs up with output unread, and leaves somebody who writes on until that fails.
  // It must not write after it started that one: nobody reads, and it would wait for room.
  command.argv = {"sh", "-c", "trap '' HUP; echo last; yes & exit 7"};
  command.environment = {"PATH=/usr/bin:/bin"};
  command.working_directory = "/";
  auto pty = Pty::Start(loop.get(), command, Size{80, 24}, &deaf);
  ASSERT_TRUE(pty.ok()) << pty.status();
  deaf.pty = pty->get();
  loop->Run();
  EXPECT_TRUE(deaf.ended);
  EXPECT_EQ(deaf.exit_code, 7);
  EXPECT_EQ(deaf.readable_after, 0);
}

}  // namespace
}  // namespace atrium::terminal
