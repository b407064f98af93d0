#include "terminal/terminal.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/status_macros.h"
#include "common/str_cat.h"
#include "common/text.h"
#include "terminal/errors.h"
#include "terminal/limits.h"
#include "terminal/shell_scripts.h"

namespace atrium::terminal {
namespace {

// Output that one turn of the loop takes from one program, so that others get
// theirs (R18).
constexpr size_t kTurnBytes = 256 << 10;
constexpr size_t kTitleBytes = 256;
// Reads of what an ended program left in its PTY: together less than the part of
// the ring that the screen may still have to read.
constexpr int kLastTurns = 32;
// Ends an unfinished sequence and its colours, and begins a line.
constexpr char kOurWords[] = "\x18\033[0m\r\n";

Size Clamp(Size size) {
  return {std::clamp(size.columns, limits::kMinColumns, limits::kMaxColumns),
          std::clamp(size.rows, 1, limits::kMaxRows)};
}

}  // namespace

Terminal::Terminal(Loop* loop, ScreenThread* screens, Options options,
                   std::shared_ptr<OutputLog> log, int64_t screen_offset, Figures* figures,
                   Listener* listener)
    : loop_(loop),
      options_(std::move(options)),
      listener_(listener),
      figures_(figures),
      log_(std::move(log)),
      size_(options_.size),
      wanted_size_(options_.size) {
  keeper_ = std::make_unique<ScreenKeeper>(loop, screens, log_, log_->SizeAt(screen_offset),
                                           screen_offset, listener == nullptr ? nullptr : this);
}

Terminal::~Terminal() { NotePause(""); }

absl::StatusOr<std::unique_ptr<Terminal>> Terminal::Start(Loop* loop, ScreenThread* screens,
                                                          Options options,
                                                          const ShellCommand& command,
                                                          Figures* figures, Listener* listener) {
  options.size = Clamp(options.size);
  ASSIGN_OR_RETURN(std::unique_ptr<OutputLog> log,
                   OutputLog::Create(options.log_path, options.tab, options.size));
  const Size size = options.size;
  std::unique_ptr<Terminal> terminal(
      new Terminal(loop, screens, std::move(options), std::move(log), 0, figures, listener));
  absl::StatusOr<std::unique_ptr<Pty>> pty = Pty::Start(loop, command, size, terminal.get());
  if (!pty.ok()) {
    terminal->Forget();
    return pty.status();
  }
  terminal->pty_ = *std::move(pty);
  terminal->working_directory_ = command.working_directory;
  terminal->expects_integration_ = command.rc_fd >= 0;
  terminal->mark_key_ = command.mark_key;
  return terminal;
}

std::unique_ptr<Terminal> Terminal::Lost(Loop* loop, ScreenThread* screens,
                                         std::unique_ptr<OutputLog> log, Figures* figures) {
  const std::string tab = log->tab();
  const Size size = log->SizeAt(log->end());
  const int64_t start = log->start();
  std::unique_ptr<Terminal> terminal(new Terminal(loop, screens, {.tab = tab, .size = size},
                                                  std::move(log), start, figures, nullptr));
  terminal->lost_ = true;
  const OutputLog& kept = *terminal->log_;
  for (int64_t at = kept.start(); at < kept.end();) {
    const std::optional<ResizeMark> mark = kept.NextMark(at);
    const int64_t to = mark ? mark->offset : kept.end();
    terminal->keeper_->Feed(at, to);
    if (mark) terminal->keeper_->Resize(mark->size);
    at = to;
  }
  return terminal;
}

atrium::v1::Tab::State Terminal::state() const {
  return lost_    ? atrium::v1::Tab::LOST
         : ended_ ? atrium::v1::Tab::EXITED
                  : atrium::v1::Tab::RUNNING;
}

atrium::terminal::v1::TerminalStatus Terminal::Status() const {
  atrium::terminal::v1::TerminalStatus status;
  status.set_tab(options_.tab);
  status.set_state(state());
  status.set_exit_code(exit_code_);
  status.mutable_size()->set_columns(size_.columns);
  status.mutable_size()->set_rows(size_.rows);
  status.set_title(title_);
  status.set_working_directory(working_directory_);
  status.set_output_end(log_->end());
  status.set_incarnation(options_.incarnation);
  status.set_shell_integration(shell_integration());
  status.set_at_prompt(at_idle_prompt());
  status.set_command_runs(commands_.running());
  status.set_shell_replaced(commands_.running() && shell_replaced_);
  return status;
}

void Terminal::OnReadable() {
  if (ReadSome()) Advance();
}

bool Terminal::ReadSome() {
  const int64_t from = log_->end();
  size_t taken = 0;
  while (taken < kTurnBytes && MayRead()) {
    std::span<char> space = log_->Space();
    const size_t n = pty_->Read(space.first(std::min(space.size(), limits::kReadBytes)));
    if (n == 0) break;
    log_->Commit(n);
    taken += n;
  }
  figures_->output_bytes += static_cast<int64_t>(taken);
  if (taken > 0) keeper_->Feed(from, log_->end());
  UpdateReading();
  return taken > 0;
}

bool Terminal::ParserLags() const { return screen_lag_bytes() > limits::kParserLagBytes; }

bool Terminal::MayRead() const {
  if (frozen_ || ParserLags()) return false;
  return std::none_of(holds_.begin(), holds_.end(), [this](const auto& hold) {
    return log_->end() - hold.second.offset > limits::kLosslessLagBytes;
  });
}

void Terminal::UpdateReading() {
  if (!pty_) return;
  const bool may = MayRead();
  NotePause(may || frozen_ ? "" : ParserLags() ? "parser" : "lossless");
  if (may == reading_) return;
  reading_ = may;
  pty_->SetReading(may);
  ArmHolds();
}

// Who lets the program wait from now on.
void Terminal::NotePause(std::string_view by) {
  if (by == paused_by_) return;
  const absl::Duration now = loop_->Monotonic();
  if (!paused_by_.empty()) figures_->paused[std::string(paused_by_)] += now - paused_at_;
  if (!by.empty()) ++figures_->pauses[std::string(by)];
  paused_by_ = by;
  paused_at_ = now;
}

// Whoever holds the program back has ten seconds.
void Terminal::ArmHolds() {
  const absl::Duration now = loop_->Monotonic();
  for (auto& [attachment, hold] : holds_) {
    const bool holds = log_->end() - hold.offset > limits::kLosslessLagBytes;
    if (!holds) {
      hold.since.reset();
    } else if (!hold.since) {
      hold.since = now;
    }
    TellHold(attachment, &hold, holds);
    if (hold.follower == nullptr) continue;  // Its time runs already.
    if (!holds) hold.timer.reset();
    if (!holds || hold.timer) continue;
    // Coming back with another stream gives no more time.
    const absl::Duration left = *hold.since + limits::kLosslessHold - now;
    hold.timer = loop_->After(std::max(left, absl::ZeroDuration()),
                              [this, id = attachment] { OnHoldTooLong(id); });
  }
}

void Terminal::TellHold(const AttachmentId& attachment, Hold* hold, bool holds) {
  if (!holds) {
    hold->tell.reset();
    if (std::exchange(hold->told, false)) StatusChanged();
  } else if (!hold->told && !hold->tell) {
    hold->tell = loop_->After(limits::kHoldTold, [this, attachment] {
      Hold& now = holds_[attachment];
      const auto done = std::move(now.tell);
      now.told = true;
      StatusChanged();
    });
  }
}

std::vector<AttachmentId> Terminal::holders() const {
  std::vector<AttachmentId> holders;
  for (const auto& [attachment, hold] : holds_) {
    if (hold.told) holders.push_back(attachment);
  }
  return holders;
}

void Terminal::OnHoldTooLong(const AttachmentId& attachment) {
  const absl::Duration now = loop_->Monotonic();
  std::erase_if(resting_, [now](const auto& rest) { return rest.second <= now; });
  if (holds_[attachment].since) {
    resting_[attachment] = now + limits::kHoldRest;
    ++figures_->lossless_ended;
  }
  LoseHold(attachment, LosslessTooSlow());
}

void Terminal::LoseHold(const AttachmentId& attachment, const absl::Status& why) {
  auto it = holds_.find(attachment);
  if (it == holds_.end()) return;
  Follower* follower = it->second.follower;
  DropHold(attachment);
  if (follower != nullptr) follower->OnHoldLost(why);
}

absl::Status Terminal::CheckHold(const AttachmentId& attachment) const {
  auto it = resting_.find(attachment);
  const absl::Duration now = loop_->Monotonic();
  if (it == resting_.end() || it->second <= now) return absl::OkStatus();
  return LosslessRests(it->second - now);
}

void Terminal::SetHold(const AttachmentId& attachment, int64_t offset, Follower* follower) {
  Hold& hold = holds_[attachment];
  hold.offset = std::max(hold.offset, offset);
  if (follower == nullptr) {
    if (!hold.timer) {
      hold.timer =
          loop_->After(limits::kLosslessHold, [this, attachment] { OnHoldTooLong(attachment); });
    }
  } else if (hold.follower != follower) {
    hold.timer.reset();
  }
  hold.follower = follower;
  ArmHolds();
  UpdateReading();
}

void Terminal::LeaveHold(const AttachmentId& attachment, const Follower* follower) {
  auto it = holds_.find(attachment);
  if (it == holds_.end() || it->second.follower != follower) return;
  SetHold(attachment, it->second.offset, nullptr);
}

void Terminal::DropHold(const AttachmentId& attachment) {
  auto it = holds_.find(attachment);
  if (it == holds_.end()) return;
  Hold last = std::move(it->second);  // Its timer may be what calls us.
  holds_.erase(it);
  if (last.told) StatusChanged();
  UpdateReading();
}

void Terminal::OnExit(int exit_code) {
  // What the program said last is still in the PTY.
  holds_.clear();
  for (int turns = 0; turns < kLastTurns; ++turns) {
    std::span<char> space = log_->Space();
    const size_t n = pty_->Read(space.first(std::min(space.size(), limits::kReadBytes)));
    if (n == 0) break;
    const int64_t from = log_->end();
    log_->Commit(n);
    figures_->output_bytes += static_cast<int64_t>(n);
    keeper_->Feed(from, log_->end());
  }
  if (const std::string why = listener_->WhyEnded(*this); !why.empty()) {
    Append(StrCat(kOurWords, "[Ended: ", why, "]\r\n"));
  }
  ended_ = true;
  exit_code_ = exit_code;
  at_prompt_ = false;
  if (const auto* command = commands_.End(exit_code, log_->end(), Moment())) {
    listener_->OnCommandEnd(this, *command);
  }
  NotePause("");
  // We run inside the PTY's own callback.
  loop_->Post([pty = std::shared_ptr<Pty>(std::move(pty_))] {});
  Advance();
  listener_->OnStatus(this);
}

// Behind what the program wrote, as if it were output.
void Terminal::Append(std::string_view text) {
  const int64_t from = log_->end();
  std::span<char> space = log_->Space();
  while (!text.empty()) {
    const size_t n = std::min(space.size(), text.size());
    text.copy(space.data(), n);
    log_->Commit(n);
    text.remove_prefix(n);
    space = log_->Space();
  }
  keeper_->Feed(from, log_->end());
}

absl::Status Terminal::Write(std::string data, std::function<void()> written) {
  if (!pty_) return TerminalEnded(options_.tab);
  if (!data.empty()) typed_since_prompt_ = true;
  const auto bytes = static_cast<int64_t>(data.size());
  pty_->Write(std::move(data), [figures = figures_, bytes, written = std::move(written)] {
    figures->input_bytes += bytes;
    if (written) written();
  });
  return absl::OkStatus();
}

void Terminal::Resize(Size size) {
  wanted_size_ = Clamp(size);
  if (!pty_ || resize_timer_) return;
  const absl::Duration wait = last_resize_ + limits::kResizeSpacing - loop_->Monotonic();
  if (wait <= absl::ZeroDuration()) return ApplyResize();
  resize_timer_ = loop_->After(wait, [this] {
    auto done = std::move(resize_timer_);
    ApplyResize();
  });
}

void Terminal::ApplyResize() {
  if (!pty_ || wanted_size_ == size_ || frozen_) return;
  last_resize_ = loop_->Monotonic();
  // What the program wrote before it knows belongs before the mark.
  ReadSome();
  size_ = wanted_size_;
  log_->MarkResize(size_);
  keeper_->Resize(size_);
  pty_->Resize(size_);
  Advance();
  listener_->OnStatus(this);
}

void Terminal::Advance() {
  // A follower may leave while it is told.
  const std::vector<Follower*> followers(followers_.begin(), followers_.end());
  for (Follower* follower : followers) {
    if (followers_.count(follower) > 0) follower->OnAdvance();
  }
}

void Terminal::OnReply(std::string bytes) {
  // A program that asks and does not read is answered no more (S7).
  const size_t size = bytes.size();
  if (!pty_ || reply_bytes_ + size > limits::kPendingReplyBytes) return;
  reply_bytes_ += size;
  pty_->Write(std::move(bytes), [this, size] { reply_bytes_ -= size; });
}

void Terminal::OnTitle(std::string title) {
  title_ = MakeUtf8(title, kTitleBytes);
  StatusChanged();
}

void Terminal::OnWorkingDirectory(std::string path) {
  working_directory_ = MakeUtf8(path);  // A directory's name may be any bytes.
  StatusChanged();
}

void Terminal::OnMark(ShellMark mark) {
  if (ended_ || !IsBelieved(mark)) return;
  const bool was_idle = at_idle_prompt(), ran = commands_.running();
  switch (mark.kind) {
    case ShellMark::Kind::kPromptStart:
      integration_ = true;
      typed_since_prompt_ = false;
      break;
    case ShellMark::Kind::kPromptEnd:
      at_prompt_ = true;
      if (!commands_.running() && shell_.group == 0 && pty_) shell_ = pty_->InFront();
      break;
    case ShellMark::Kind::kCommandStart:
    case ShellMark::Kind::kCommandEnd:
      at_prompt_ = false;
      break;
  }
  NoteCommand(mark);
  listener_->OnMark(this, mark);
  if (commands_.running() != ran) {
    StatusChangedNow();
  } else if (at_idle_prompt() != was_idle) {
    StatusChanged();
  }
}

// A shell that read our script is believed by its key, so that no program can put
// words into its mouth, nor end a command or show a prompt that is none: prompts carry no
// key, as a program may come to know them, so they count while no program has the
// terminal. After `exec` another shell has it in the place of ours.
bool Terminal::IsBelieved(const ShellMark& mark) const {
  if (mark_key_.empty()) return true;
  const bool of_prompt =
      mark.kind == ShellMark::Kind::kPromptStart || mark.kind == ShellMark::Kind::kPromptEnd;
  if (!of_prompt) return mark.key == mark_key_;
  return !commands_.running() || (pty_ && pty_->IsShellInFront());
}

// Of a shell that did not read our script only the marks count, not the text.
void Terminal::NoteCommand(const ShellMark& mark) {
  const bool ours = !mark_key_.empty();
  if (mark.kind == ShellMark::Kind::kCommandStart) {
    ++figures_->commands;
    commands_.Start(ours ? mark.text : "", mark.offset, Moment());
  } else if (mark.kind == ShellMark::Kind::kCommandEnd) {
    const auto* command = commands_.End(mark.exit_code, mark.begin, Moment());
    if (command != nullptr) listener_->OnCommandEnd(this, *command);
  }
}

// A shell that took ours' place may know no marks, and a command that was to do so never
// ends. Jobs have process groups of their own, so one of that shell is in front in its
// turn; a builtin of ours leaves its command line as it was.
void Terminal::Look() {
  bool replaced = false;
  if (pty_ && commands_.running() && shell_.group > 0) {
    const Pty::Front front = pty_->InFront();
    replaced = front.group == shell_.group && front.words != shell_.words &&
               IsInteractiveShell(front.words);
  }
  if (std::exchange(shell_replaced_, replaced) != replaced) StatusChanged();
}

void Terminal::OnInexactResize() {
  const std::vector<Follower*> followers(followers_.begin(), followers_.end());
  for (Follower* follower : followers) {
    if (followers_.count(follower) > 0) follower->OnSnapshotNeeded();
  }
}

void Terminal::StatusChanged() {
  if (status_timer_) return;
  status_timer_ = loop_->After(limits::kStatusSpacing, [this] {
    auto done = std::move(status_timer_);
    last_status_ = loop_->Monotonic();
    listener_->OnStatus(this);
  });
}

// A loop of short commands is told as often as anything else.
void Terminal::StatusChangedNow() {
  const absl::Duration now = loop_->Monotonic();
  if (now - last_status_ < limits::kStatusSpacing) return StatusChanged();
  status_timer_.reset();
  last_status_ = now;
  listener_->OnStatus(this);
}

absl::Status Terminal::Check(const atrium::terminal::v1::InputCondition& condition) const {
  if (!condition.incarnation().empty() && condition.incarnation() != options_.incarnation) {
    return TabMoved("its tab has another terminal now");
  }
  if (!condition.working_directory().empty() &&
      condition.working_directory() != working_directory_) {
    return TabMoved("its tab is in another directory now");
  }
  if (!condition.has_reader()) return absl::OkStatus();
  const auto* last = commands_.LastEnded();
  const int64_t number = last == nullptr ? 0 : last->number();
  if (condition.reader().last_command() != number ||
      condition.reader().command_runs() != commands_.running()) {
    return TabMoved("another program runs in its tab now");
  }
  return absl::OkStatus();
}

}  // namespace atrium::terminal
