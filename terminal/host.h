// Host is the machine's terminals: it makes control's plan real, keeps
// attachments and input exactly once, and tells whoever drives what is so.
//
// On the loop.
#ifndef ATRIUM_TERMINAL_HOST_H_
#define ATRIUM_TERMINAL_HOST_H_

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "atrium/terminal/v1/handover.pb.h"
#include "atrium/terminal/v1/host.pb.h"
#include "common/loop.h"
#include "common/strong_id.h"
#include "terminal/attachments.h"
#include "terminal/audit.h"
#include "terminal/bounds.h"
#include "terminal/figures.h"
#include "terminal/input_ledger.h"
#include "terminal/limits.h"
#include "terminal/runs.h"
#include "terminal/screen_keeper.h"
#include "terminal/shell.h"
#include "terminal/syscall_filter.h"
#include "terminal/terminal.h"
#include "terminal/waits.h"

namespace atrium::terminal {

class Host final : public Terminal::Listener, public Bounds::Listener, public Audit::Listener {
 public:
  // Whoever drives: control, while its stream lives.
  class Driver {
   public:
    virtual ~Driver() = default;
    virtual void OnStatus(const atrium::terminal::v1::TerminalStatus& status) = 0;
    virtual void OnTyped(const std::string& tab, const std::string& participant) = 0;
    virtual void OnCommandEnd(const atrium::terminal::v1::CommandEnd& end) = 0;
    virtual void OnHostStatus(const atrium::terminal::v1::HostStatus& status) = 0;
    // A newer control drives now.
    virtual void OnReplaced(absl::Status why) = 0;
  };
  // A gateway's or service's stream on one tab.
  class Stream {
   public:
    virtual ~Stream() = default;
    virtual void OnInputWritten(const AttachmentId& id, int64_t sequence) = 0;
    // Just acknowledged input was dropped, not written.
    virtual void OnInputDropped(const AttachmentId& id, const absl::Status& why) = 0;
    virtual void OnRevoked(const AttachmentId& id) = 0;
  };

  struct Options {
    std::string log_directory;  // Empty: nothing is kept on disk.
    std::string incarnation;
    std::string name;
    std::string audit_path;     // Of what is typed; empty: that is not kept.
    Bounds::Options bounds;     // What runs in the terminals may use.
    int terminals = limits::kTerminals;  // At most so many.
  };

  // `handover`: what the process was before it changed its program; null: nothing.
  Host(Loop* loop, ScreenThread* screens, ShellMaker shells, Options options,
       const atrium::terminal::v1::Handover* handover = nullptr);
  ~Host() override;

  // Reads no more, and tells all that the next program needs; call Replace() with
  // it in the same turn of the loop. FAILED_PRECONDITION without a state directory.
  void HandOver(std::function<void(absl::StatusOr<atrium::terminal::v1::Handover>)> done);
  // The program was not replaced after all.
  void GoOn();
  // For /metrics: what was counted, also by streams, and what there is.
  Figures& figures() { return figures_; }
  Presence Present() const;
  // Takes no new terminal any more; `empty` once no program runs, and what ignored the
  // hang-up is gone.
  void Drain(std::function<void()> empty);

  // Control's side.
  absl::Status TakeOver(Driver* driver, int64_t fence);
  void Leave(Driver* driver);
  atrium::terminal::v1::DriveResponse::Inventory Inventory() const;
  // Tells the driver what it may have missed: the last command of every terminal, and
  // how the host is.
  void TellMissed();
  atrium::terminal::v1::DriveResponse::PlanStatus Apply(const atrium::terminal::v1::Plan& plan);

  // The gateways' side.
  Terminal* Find(const std::string& tab);
  absl::StatusOr<int64_t> Open(Stream* stream, const std::string& tab, const AttachmentId& id);
  // Whether this attachment may read `tab` now.
  bool MayRead(const std::string& tab, const AttachmentId& id) const {
    return attachments_.CheckRead(id, tab).ok();
  }
  // Whether it may hold the program of `tab` back: editors and services only.
  absl::Status CheckHold(const std::string& tab, const AttachmentId& id);
  void Close(Stream* stream, const std::string& tab, const AttachmentId& id);
  void CloseAll(Stream* stream, const std::string& tab);
  absl::Status Input(const std::string& tab, const AttachmentId& id, int64_t sequence,
                     std::string data);
  // `size` of no columns and rows: it shows the tab no longer. `again`: it was told
  // before, and resizes only where every window counts.
  absl::Status Resize(const std::string& tab, const AttachmentId& id, Size size,
                      bool again = false);

  // The services' side.
  // True if `write_id` was known, and nothing was written.
  absl::StatusOr<bool> WriteOnce(const std::string& tab, const std::string& write_id,
                                 std::string data,
                                 const atrium::terminal::v1::InputCondition& condition = {});
  // `then` runs once the tab's shell is known to have said all that was read of it before.
  void WhenDrawn(const std::string& tab, std::function<void()> then);
  // Returns what CancelRun() takes.
  int64_t RunAtPrompt(const atrium::terminal::v1::RunAtPromptRequest& request, Runs::Done done);
  // Returns what CancelWait() takes.
  int64_t WaitForOutput(const atrium::v1::WaitForOutputRequest& request, Waits::Done done);
  void CancelRun(int64_t id) { runs_.Cancel(id); }
  void CancelWait(int64_t id) { waits_.Cancel(id); }

 private:
  // How large a page shows a tab.
  struct Window {
    Size size;
    int64_t told = 0;  // Grows: which was told last.
  };
  // One terminal and what hangs on it.
  struct Entry {
    std::unique_ptr<Terminal> terminal;
    InputLedger ledger;
    std::map<AttachmentId, std::vector<Stream*>> streams;  // That opened it, the latest last.
    std::string size_owner;                   // A participant's name.
    std::string driver;                       // The same; empty: every editor types.
    atrium::v1::SizePolicy size_policy = atrium::v1::SIZE_POLICY_UNSPECIFIED;
    std::map<AttachmentId, Window> windows;   // Of who looks and may type.
    bool planned = false;                     // By the present control.
    std::map<std::string, absl::Duration> typed;
  };

  // Terminal::Listener.
  void OnStatus(Terminal* terminal) override;
  void OnMark(Terminal* terminal, const ShellMark& mark) override;
  void OnCommandEnd(Terminal* terminal, const atrium::v1::Command& command) override;
  std::string WhyEnded(const Terminal& terminal) override;
  // Bounds::Listener.
  void OnMemory(int64_t bytes, bool alert) override;
  // Audit::Listener.
  void OnAuditProblem(const std::string& problem) override;
  void TellStatus();
  void CheckEmpty();

  void Resume(const atrium::terminal::v1::Handover& handover);
  absl::StatusOr<std::unique_ptr<Terminal>> Resume(
      const atrium::terminal::v1::HandedTerminal& handed);
  void AdoptLeftBehind();
  static absl::Status CheckDirectory(const std::string& path);
  absl::Status Create(const atrium::terminal::v1::Plan::Terminal& planned);
  // The stream that hears of an attachment's input; null if there is none.
  static Stream* StreamOf(const Entry& entry, const AttachmentId& id);
  void TakeBack(const AttachmentId& id);
  void EndUnplanned(const std::set<std::string>& planned);
  void End(const std::string& tab);
  atrium::terminal::v1::TerminalStatus StatusOf(const Terminal& terminal) const;
  void FitWindows(Entry& entry, const std::string& tab);
  void FitOwner(Entry& entry, const std::string& tab);
  void TypedByControl(const std::string& tab, std::string_view text, bool hidden);
  void Typed(Entry& entry, const std::string& tab, const std::string& participant);
  void Housekeep();
  std::string LogPath(const std::string& tab) const;

  // Given.
  Loop* const loop_;
  ScreenThread* const screens_;
  const ShellMaker shells_;
  const Options options_;
  // Owned.
  const SyscallFilters filters_ = SyscallFilters::Make(SyscallFilters::HasAdminCapability());
  Figures figures_;
  Audit audit_;
  Bounds bounds_;
  Attachments attachments_;
  Runs runs_;
  Waits waits_;
  std::map<std::string, Entry> entries_;
  // Until this turn of the loop is over; they go with us, before the screens do.
  std::shared_ptr<std::vector<Entry>> last_ended_ = std::make_shared<std::vector<Entry>>();
  Loop::HandlePtr attachment_lease_, unplanned_, housekeeping_, empty_;
  // State.
  Driver* driver_ = nullptr;
  atrium::terminal::v1::HostStatus status_;
  int64_t fence_ = 0;
  int64_t windows_told_ = 0;
  std::deque<std::string> write_ids_;
  std::function<void()> on_empty_;  // Being drained.
};

}  // namespace atrium::terminal

#endif  // ATRIUM_TERMINAL_HOST_H_
