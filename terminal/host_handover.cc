// Host: handing all terminals to the next version of the process, and taking them.
#include <utility>

#include "common/log.h"
#include "common/status_macros.h"
#include "terminal/errors.h"
#include "terminal/host.h"
#include "terminal/limits.h"

namespace atrium::terminal {

using atrium::terminal::v1::HandedTerminal;
using atrium::terminal::v1::Handover;

// Waits for every screen, then adds what the pages typed meanwhile.
void Host::HandOver(std::function<void(absl::StatusOr<Handover>)> done) {
  if (options_.log_directory.empty()) return done(NothingToHandOver());
  auto handover = std::make_shared<Handover>();
  auto waiting = std::make_shared<size_t>(1);
  const auto finish = [this, handover, waiting, done] {
    if (--*waiting > 0) return;
    audit_.Flush();
    handover->set_audit_lost(audit_.lost());
    handover->set_incarnation(options_.incarnation);
    handover->set_fence(fence_);
    for (HandedTerminal& handed : *handover->mutable_terminals()) {
      const Entry& entry = entries_[handed.tab()];
      handed.set_typed_since_prompt(handed.at_prompt() && !entry.terminal->at_idle_prompt());
      handed.set_pending_input(entry.terminal->PendingInput());
      for (const auto& [id, accepted] : entry.ledger.Accepted()) {
        auto* input = handed.add_inputs();
        input->set_attachment(id.value());
        input->set_accepted(accepted);
      }
      handed.mutable_plan()->set_size_owner(entry.size_owner);
      handed.mutable_plan()->set_driver(entry.driver);
      handed.mutable_plan()->set_size_policy(entry.size_policy);
    }
    *handover->mutable_attachments() = Inventory().attachments();
    for (const std::string& id : write_ids_) handover->add_write_ids(id);
    runs_.HandOver(handover.get());
    done(std::move(*handover));
  };
  for (auto& [tab, entry] : entries_) {
    if (!entry.terminal->running() && !entry.terminal->ended()) continue;  // Left behind.
    ++*waiting;
    entry.terminal->HandOver([handover, finish](HandedTerminal handed) {
      *handover->add_terminals() = std::move(handed);
      finish();
    });
  }
  finish();
}

void Host::GoOn() {
  for (auto& [tab, entry] : entries_) entry.terminal->GoOn();
}

absl::StatusOr<std::unique_ptr<Terminal>> Host::Resume(const HandedTerminal& handed) {
  ASSIGN_OR_RETURN(std::unique_ptr<OutputLog> log, OutputLog::Open(LogPath(handed.tab())));
  return Terminal::Resume(
      loop_, screens_,
      {.tab = handed.tab(), .incarnation = options_.incarnation, .log_path = LogPath(handed.tab())},
      std::move(log), handed, &figures_, this);
}

void Host::Resume(const Handover& handover) {
  fence_ = handover.fence();
  for (const HandedTerminal& handed : handover.terminals()) {
    absl::StatusOr<std::unique_ptr<Terminal>> terminal = Resume(handed);
    if (!terminal.ok()) {
      LogError("a terminal was lost in the change of program",
               {{"tab", handed.tab()}, {"error", terminal.status().message()}});
      continue;
    }
    if (const auto entered = bounds_.Enter(handed.tab()); !entered.ok()) {
      LogError("a terminal's bounds are not kept any more",
               {{"tab", handed.tab()}, {"error", entered.status().message()}});
    }
    Entry& entry = entries_[handed.tab()];
    entry.terminal = *std::move(terminal);
    entry.planned = true;
    entry.size_owner = handed.plan().size_owner();
    entry.driver = handed.plan().driver();
    entry.size_policy = handed.plan().size_policy();
    for (const auto& input : handed.inputs()) {
      entry.ledger.Restore(AttachmentId(input.attachment()), input.accepted(), loop_->Monotonic());
    }
  }
  std::map<AttachmentId, AttachmentRight> rights;
  for (const auto& attachment : handover.attachments()) {
    rights[AttachmentId(attachment.attachment())] = {attachment.participant(), attachment.role()};
  }
  attachments_.Replace(std::move(rights));
  attachment_lease_ = loop_->After(limits::kAttachmentLease, [this] { attachments_.Clear(); });
  write_ids_.assign(handover.write_ids().begin(), handover.write_ids().end());
  runs_.Resume(handover);
  audit_.AddLost(handover.audit_lost());
  LogInfo("took over from the program before", {{"terminals", handover.terminals_size()}});
}

}  // namespace atrium::terminal
