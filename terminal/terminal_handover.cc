// Terminal: being handed to the next version of the process.
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "common/proto_time.h"
#include "common/status_macros.h"
#include "terminal/limits.h"
#include "terminal/terminal.h"

namespace atrium::terminal {

using atrium::terminal::v1::HandedTerminal;

void Terminal::HandOver(std::function<void(HandedTerminal)> done) {
  frozen_ = true;
  UpdateReading();
  keeper_->Snapshot(/*scrollback=*/true, [this, done = std::move(done)](ScreenSnapshot screen) {
    HandedTerminal handed;
    handed.set_tab(options_.tab);
    handed.set_master_fd(pty_ ? pty_->master() : -1);
    handed.set_pid(pty_ ? pty_->pid() : 0);
    handed.set_exit_code(exit_code_);
    handed.mutable_size()->set_columns(size_.columns);
    handed.mutable_size()->set_rows(size_.rows);
    handed.set_title(title_);
    handed.set_working_directory(working_directory_);
    handed.set_mark_key(mark_key_);
    handed.set_expects_integration(expects_integration_);
    handed.set_integration(integration_);
    handed.set_at_prompt(at_prompt_);
    handed.set_shell_group(shell_.group);
    handed.set_shell_words(shell_.words);
    handed.set_typed_since_prompt(typed_since_prompt_);
    handed.set_screen(std::move(screen.data));
    handed.set_screen_offset(screen.offset);
    handed.set_screen_inexact(!screen.exact);
    // What the screen was handed over to us without still holds for whoever was away
    // since; and whoever was told it inexactly is owed it.
    const bool owed = std::any_of(followers_.begin(), followers_.end(),
                                  [](const Follower* follower) { return follower->OwesExact(); });
    handed.set_differs_until(screen.exact && !owed ? differs_until_ : screen.offset);
    for (const auto& command : commands_.all()) *handed.add_commands() = command;
    if (const auto running = commands_.RunningFor(Moment())) {
      *handed.mutable_running_for() = ToProtoDuration(*running);
    }
    done(std::move(handed));
  });
}

void Terminal::GoOn() {
  frozen_ = false;
  UpdateReading();
  ApplyResize();
}

absl::StatusOr<std::unique_ptr<Terminal>> Terminal::Resume(Loop* loop, ScreenThread* screens,
                                                           Options options,
                                                           std::unique_ptr<OutputLog> log,
                                                           const HandedTerminal& handed,
                                                           Figures* figures, Listener* listener) {
  options.size = {handed.size().columns(), handed.size().rows()};
  std::unique_ptr<Terminal> terminal(new Terminal(loop, screens, std::move(options), std::move(log),
                                                  handed.screen_offset(), figures, listener));
  terminal->title_ = handed.title();
  terminal->working_directory_ = handed.working_directory();
  terminal->mark_key_ = handed.mark_key();
  terminal->expects_integration_ = handed.expects_integration();
  terminal->integration_ = handed.integration();
  terminal->at_prompt_ = handed.at_prompt();
  terminal->shell_ = {static_cast<pid_t>(handed.shell_group()), handed.shell_words()};
  terminal->typed_since_prompt_ = handed.typed_since_prompt();
  std::optional<absl::Duration> running;
  if (handed.has_running_for()) running = FromProtoDuration(handed.running_for());
  terminal->commands_.Restore({handed.commands().begin(), handed.commands().end()}, running,
                              terminal->Moment());
  terminal->keeper_->Restore(handed.screen());
  if (handed.has_differs_until()) {
    terminal->differs_until_ = handed.differs_until();
  } else if (handed.screen_inexact()) {
    terminal->differs_until_ = handed.screen_offset();
  }
  const OutputLog& kept = *terminal->log_;
  if (handed.screen_offset() < kept.end()) {
    terminal->keeper_->Feed(handed.screen_offset(), kept.end());
  }
  if (handed.master_fd() < 0) {
    terminal->ended_ = true;
    terminal->exit_code_ = handed.exit_code();
    return terminal;
  }
  ASSIGN_OR_RETURN(terminal->pty_, Pty::Adopt(loop, handed.master_fd(),
                                              static_cast<pid_t>(handed.pid()), terminal.get()));
  if (!handed.pending_input().empty()) terminal->pty_->Write(handed.pending_input(), nullptr);
  return terminal;
}

}  // namespace atrium::terminal
