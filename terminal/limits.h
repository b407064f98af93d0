// Every bound that the terminal process keeps.
#ifndef ATRIUM_TERMINAL_LIMITS_H_
#define ATRIUM_TERMINAL_LIMITS_H_

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"
#include "common/limits.h"

namespace atrium::terminal::limits {

using namespace atrium::limits;  // NOLINT: the shared bounds are ours too.

// Output that is kept of each terminal.
inline constexpr int64_t kLogBytes = 4 << 20;
// Resize marks that are kept of each terminal.
inline constexpr int kResizeMarks = 256;
// How far the screen may be behind the log before its program has to wait.
inline constexpr int64_t kParserLagBytes = 1 << 20;
// How far a LOSSLESS reader may be behind before the program has to wait, and
// for how long it then waits.
inline constexpr int64_t kLosslessLagBytes = 2 << 20;
inline constexpr absl::Duration kLosslessHold = absl::Seconds(10);
// How long an attachment that held the program for so long may not hold it again.
inline constexpr absl::Duration kHoldRest = absl::Minutes(1);
// Bytes of a LOSSLESS reader that may be under way unacknowledged.
inline constexpr int64_t kLosslessWindowBytes = 1 << 20;
// Typed bytes of one attachment that wait for a program that does not read.
inline constexpr size_t kPendingInputBytes = 512 << 10;
// One read of a PTY.
inline constexpr size_t kReadBytes = 64 << 10;
// Terminals of one host.
inline constexpr int kTerminals = 256;
// Sizes told to a program: at most 60 a second (R29).
inline constexpr absl::Duration kResizeSpacing = absl::Milliseconds(17);
// How long the sequence of a vanished attachment is remembered.
inline constexpr absl::Duration kSequenceMemory = absl::Minutes(5);
// How long a gateway may take to confirm that a revoked attachment is closed.
inline constexpr absl::Duration kRevokeConfirm = absl::Seconds(1);
// How long terminals that no control has planned live on.
inline constexpr absl::Duration kUnplannedLife = absl::Seconds(60);
// A closed terminal's processes get SIGHUP, then after this SIGKILL.
inline constexpr absl::Duration kHangUpGrace = absl::Seconds(2);
// How often "X types" is told.
inline constexpr absl::Duration kTypedSpacing = absl::Seconds(1);
// How long a status change waits for others, so that titles cannot flood.
inline constexpr absl::Duration kStatusSpacing = absl::Milliseconds(100);
// Runs and writes whose ids are remembered, for retries.
inline constexpr size_t kRememberedRuns = 1024;
// A run's deadline if the caller names none.
inline constexpr absl::Duration kRunDeadline = absl::Minutes(10);

}  // namespace atrium::terminal::limits

#endif  // ATRIUM_TERMINAL_LIMITS_H_
