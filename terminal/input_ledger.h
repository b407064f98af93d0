// InputLedger makes typed input exactly-once and in order: it knows, for one
// terminal, which sequence of each attachment was accepted and which was written.
// Pure.
#ifndef ATRIUM_TERMINAL_INPUT_LEDGER_H_
#define ATRIUM_TERMINAL_INPUT_LEDGER_H_

#include <cstdint>
#include <map>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/strong_id.h"

namespace atrium::terminal {

class InputLedger {
 public:
  // True: write it. False: it was accepted before; do nothing. OUT_OF_RANGE: an
  // earlier one is missing. RESOURCE_EXHAUSTED: too much of it waits already.
  absl::StatusOr<bool> Accept(const AttachmentId& id, int64_t sequence, size_t bytes);
  // It was written to the program.
  void Written(const AttachmentId& id, int64_t sequence, size_t bytes);
  // The last sequence that was written; 0 if none was.
  int64_t LastWritten(const AttachmentId& id) const;

  // The last sequence of each attachment that was accepted, and what is known of it
  // by another process: all of it counts as written.
  std::map<AttachmentId, int64_t> Accepted() const;
  void Restore(const AttachmentId& id, int64_t accepted, absl::Duration now);

  // Forgets attachments of which nothing was heard for kSequenceMemory.
  void Forget(absl::Duration now);
  void Touch(const AttachmentId& id, absl::Duration now);

 private:
  struct Entry {
    int64_t accepted = 0;
    int64_t written = 0;
    size_t pending_bytes = 0;
    absl::Duration last_used;
  };
  std::map<AttachmentId, Entry> entries_;
};

}  // namespace atrium::terminal

#endif  // ATRIUM_TERMINAL_INPUT_LEDGER_H_
