// Terminal is what is behind a tab: a PTY, its output log, its screen, and the
// readers that follow it. The program never waits for a reader, but for a
// LOSSLESS one for ten seconds, and for its own screen.
//
// On the loop.
#ifndef ATRIUM_TERMINAL_TERMINAL_H_
#define ATRIUM_TERMINAL_TERMINAL_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "atrium/terminal/v1/handover.pb.h"
#include "atrium/terminal/v1/host.pb.h"
#include "common/loop.h"
#include "common/strong_id.h"
#include "terminal/command_table.h"
#include "terminal/figures.h"
#include "terminal/output_log.h"
#include "terminal/pty.h"
#include "terminal/screen_keeper.h"

namespace atrium::terminal {

class Terminal final : public Pty::Listener, public ScreenKeeper::Listener {
 public:
  // Upward news, on the loop.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnStatus(Terminal* terminal) = 0;
    // After what it means for the prompt was noted.
    virtual void OnMark(Terminal* terminal, const ShellMark& mark) = 0;
    // A command of this terminal's own shell ended.
    virtual void OnCommandEnd(Terminal* terminal, const atrium::v1::Command& command) = 0;
    // Its program ended: why, if that was our doing; people read it in the tab.
    virtual std::string WhyEnded(const Terminal& terminal) = 0;
  };
  // Whoever follows the output.
  class Follower {
   public:
    virtual ~Follower() = default;
    // The log grew, the size changed, or the program ended.
    virtual void OnAdvance() = 0;
    // What it follows cannot be drawn from the output alone: ask for a snapshot.
    virtual void OnSnapshotNeeded() {}
    // It may hold the program no more.
    virtual void OnHoldLost(const absl::Status& why) {}
    // Somebody was told a screen inexactly, and is to be told it anew.
    virtual bool OwesExact() const { return false; }
  };

  struct Options {
    std::string tab;
    std::string incarnation;
    std::string log_path;  // Empty: in memory.
    Size size;
  };
  static absl::StatusOr<std::unique_ptr<Terminal>> Start(Loop* loop, ScreenThread* screens,
                                                         Options options,
                                                         const ShellCommand& command,
                                                         Figures* figures, Listener* listener);
  // One that a process of before handed over, with its log.
  static absl::StatusOr<std::unique_ptr<Terminal>> Resume(
      Loop* loop, ScreenThread* screens, Options options, std::unique_ptr<OutputLog> log,
      const atrium::terminal::v1::HandedTerminal& handed, Figures* figures, Listener* listener);
  // Reads no more, and tells all that another process needs but the plan and the
  // pages' input; then `done`, once its screen has drawn all that was read.
  void HandOver(std::function<void(atrium::terminal::v1::HandedTerminal)> done);
  // It was not handed over after all.
  void GoOn();
  // What the program has not taken yet.
  std::string PendingInput() const { return pty_ ? pty_->PendingInput() : ""; }
  // One that an earlier process left behind: LOST, but its screen can be read.
  static std::unique_ptr<Terminal> Lost(Loop* loop, ScreenThread* screens,
                                        std::unique_ptr<OutputLog> log, Figures* figures);
  ~Terminal() override;

  const std::string& tab() const { return options_.tab; }
  const OutputLog& log() const { return *log_; }
  bool running() const { return pty_ != nullptr; }
  // Whoever drew the output up to here, and not further, does not have our screen: it
  // could not be handed over exactly. -1: everybody has it.
  int64_t differs_until() const { return differs_until_; }
  bool ended() const { return ended_; }
  // RUNNING, EXITED or LOST.
  atrium::v1::Tab::State state() const;
  int exit_code() const { return exit_code_; }
  const CommandTable& commands() const { return commands_; }
  atrium::terminal::v1::TerminalStatus Status() const;

  void AddFollower(Follower* follower) { followers_.insert(follower); }
  void RemoveFollower(Follower* follower) { followers_.erase(follower); }
  // The program waits while its output would run more than kLosslessLagBytes
  // ahead of `offset`. `follower` null: its stream is lost, and the hold ends ten
  // seconds from now unless it comes back.
  void SetHold(const AttachmentId& attachment, int64_t offset, Follower* follower);
  // The follower's stream is lost; nothing if another has taken its place.
  void LeaveHold(const AttachmentId& attachment, const Follower* follower);
  void DropHold(const AttachmentId& attachment);
  // Ends a hold, if there is one, and tells its follower.
  void LoseHold(const AttachmentId& attachment, const absl::Status& why);
  // RESOURCE_EXHAUSTED for a minute after an attachment held the program too long.
  absl::Status CheckHold(const AttachmentId& attachment) const;

  // Writes to the program; `written` runs when it was.
  absl::Status Write(std::string data, std::function<void()> written);
  size_t pending_input_bytes() const { return pty_ ? pty_->pending_bytes() : 0; }
  // True while the program asks for a secret.
  bool hides_input() const { return pty_ && pty_->HidesInput(); }
  // FAILED_PRECONDITION (TAB_MOVED): it is not so, as far as the screen was drawn.
  absl::Status Check(const atrium::terminal::v1::InputCondition& condition) const;
  // `then` runs on the loop once all that was read so far is drawn, and its marks are noted.
  void WhenDrawn(std::function<void()> then) { keeper_->WhenDrawn(std::move(then)); }
  // Tells the program a size, clamped, at most 60 times a second.
  void Resize(Size size);
  void Snapshot(bool scrollback, std::function<void(ScreenSnapshot)> done) {
    keeper_->Snapshot(scrollback, std::move(done));
  }
  void ReadScreen(int scrollback_lines, bool escapes, std::function<void(ScreenText)> done) {
    keeper_->Text(scrollback_lines, escapes, std::move(done));
  }
  void ReadCells(int scrollback_lines,
                 std::function<void(atrium::v1::ReadScreenResponse)> done) {
    keeper_->Cells(scrollback_lines, std::move(done));
  }
  // Output that its screen has not taken in.
  int64_t screen_lag_bytes() const { return log_->end() - keeper_->parsed_offset(); }
  // Who lets the program wait, "parser" or "lossless", or empty, and for how long it has.
  std::string_view paused_by() const { return paused_by_; }
  absl::Duration paused_for() const { return loop_->Monotonic() - paused_at_; }
  // Looks whether another program took the shell's place; call now and then.
  void Look();
  // Removes what is kept on disk. Call before destroying one that is not wanted.
  void Forget() { log_->Unlink(); }

  // For RunAtPrompt.
  // The shell speaks in marks, or was started so that it will.
  bool shell_integration() const { return integration_ || expects_integration_; }
  // Who holds the program so long that everybody is to know.
  std::vector<AttachmentId> holders() const;
  bool at_idle_prompt() const { return at_prompt_ && !typed_since_prompt_; }

 private:
  struct Hold {
    int64_t offset = 0;
    Follower* follower = nullptr;
    Loop::HandlePtr timer;  // While it holds the program, or its stream is lost.
    std::optional<absl::Duration> since;  // It holds the program.
    Loop::HandlePtr tell;                 // While it does, and nobody was told.
    bool told = false;
  };

  Terminal(Loop* loop, ScreenThread* screens, Options options, std::shared_ptr<OutputLog> log,
           int64_t screen_offset, Figures* figures, Listener* listener);

  // Pty::Listener.
  void OnReadable() override;
  void OnExit(int exit_code) override;
  // ScreenKeeper::Listener.
  void OnReply(std::string bytes) override;
  void OnTitle(std::string title) override;
  void OnWorkingDirectory(std::string path) override;
  void OnMark(ShellMark mark) override;
  void OnInexactResize() override;
  void OnParsed() override { UpdateReading(); }

  bool IsBelieved(const ShellMark& mark) const;
  void NoteCommand(const ShellMark& mark);
  CommandTable::Moment Moment() const { return {loop_->Now(), loop_->Monotonic()}; }

  bool ReadSome();
  void Append(std::string_view text);
  bool ParserLags() const;
  bool MayRead() const;
  void UpdateReading();
  void NotePause(std::string_view by);
  void ArmHolds();
  void TellHold(const AttachmentId& attachment, Hold* hold, bool holds);
  void OnHoldTooLong(const AttachmentId& attachment);
  void ApplyResize();
  void Advance();
  void StatusChanged();
  // The same, but at once if nothing was told just before.
  void StatusChangedNow();

  // Given.
  Loop* const loop_;
  const Options options_;
  Listener* const listener_;
  Figures* const figures_;
  // Owned.
  std::shared_ptr<OutputLog> log_;
  std::unique_ptr<ScreenKeeper> keeper_;
  std::unique_ptr<Pty> pty_;
  Loop::HandlePtr resize_timer_, status_timer_;
  // State.
  std::set<Follower*> followers_;
  std::map<AttachmentId, Hold> holds_;
  std::map<AttachmentId, absl::Duration> resting_;  // May not hold until then.
  std::string title_, working_directory_;
  std::string mark_key_;  // Of our own start-up script, if the shell read one.
  CommandTable commands_;
  Size size_, wanted_size_;
  absl::Duration last_resize_ = -absl::InfiniteDuration();
  absl::Duration last_status_ = -absl::InfiniteDuration();  // Told by a change.
  size_t reply_bytes_ = 0;  // Of answers that the program has not read.
  bool reading_ = true;
  std::string_view paused_by_;  // See paused_by(), and since when.
  absl::Duration paused_at_;
  int64_t differs_until_ = -1;
  Pty::Front shell_;             // As it waited at its first prompt.
  bool shell_replaced_ = false;  // At the last look.
  bool frozen_ = false;  // Being handed over.
  bool ended_ = false;
  bool lost_ = false;
  int exit_code_ = 0;
  bool expects_integration_ = false;
  bool integration_ = false, at_prompt_ = false, typed_since_prompt_ = false;
};

}  // namespace atrium::terminal

#endif  // ATRIUM_TERMINAL_TERMINAL_H_
