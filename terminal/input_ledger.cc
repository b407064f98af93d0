#include "terminal/input_ledger.h"

#include "terminal/errors.h"
#include "terminal/limits.h"

namespace atrium::terminal {

absl::StatusOr<bool> InputLedger::Accept(const AttachmentId& id, int64_t sequence, size_t bytes) {
  if (bytes > limits::kInputBytes) return InputTooLong(bytes);
  Entry& entry = entries_[id];
  if (sequence <= entry.accepted) return false;
  // A page that this terminal has forgotten, or never knew, goes on where it is:
  // nothing of it can be waiting here.
  const bool fresh = entry.accepted == 0;
  if (!fresh && sequence != entry.accepted + 1) return InputGap(sequence, entry.accepted + 1);
  if (entry.pending_bytes + bytes > limits::kPendingInputBytes) return InputQueueFull();
  entry.accepted = sequence;
  if (fresh) entry.written = sequence - 1;
  entry.pending_bytes += bytes;
  return true;
}

void InputLedger::Written(const AttachmentId& id, int64_t sequence, size_t bytes) {
  Entry& entry = entries_[id];
  entry.written = sequence;
  entry.pending_bytes -= bytes;
}

int64_t InputLedger::LastWritten(const AttachmentId& id) const {
  auto it = entries_.find(id);
  return it == entries_.end() ? 0 : it->second.written;
}

std::map<AttachmentId, int64_t> InputLedger::Accepted() const {
  std::map<AttachmentId, int64_t> accepted;
  for (const auto& [id, entry] : entries_) accepted[id] = entry.accepted;
  return accepted;
}

void InputLedger::Restore(const AttachmentId& id, int64_t accepted, absl::Duration now) {
  entries_[id] = {.accepted = accepted, .written = accepted, .last_used = now};
}

void InputLedger::Touch(const AttachmentId& id, absl::Duration now) {
  entries_[id].last_used = now;
}

void InputLedger::Forget(absl::Duration now) {
  for (auto it = entries_.begin(); it != entries_.end();) {
    const bool old = now - it->second.last_used > limits::kSequenceMemory;
    it = old && it->second.pending_bytes == 0 ? entries_.erase(it) : std::next(it);
  }
}

}  // namespace atrium::terminal
