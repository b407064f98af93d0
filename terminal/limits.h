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
// How long somebody holds the program until everybody is told who it is.
inline constexpr absl::Duration kHoldTold = absl::Seconds(1);
// How long an attachment that held the program for so long may not hold it again.
inline constexpr absl::Duration kHoldRest = absl::Minutes(1);
// Bytes of a LOSSLESS reader that may be under way unacknowledged.
inline constexpr int64_t kLosslessWindowBytes = 1 << 20;
// Typed bytes of one attachment that wait for a program that does not read.
inline constexpr size_t kPendingInputBytes = 512 << 10;
// Answers to a program's questions: to what it wrote at once, and what of them may wait
// for it to read.
inline constexpr size_t kReplyBytes = 16 << 10;
inline constexpr size_t kPendingReplyBytes = 64 << 10;
// One read of a PTY.
inline constexpr size_t kReadBytes = 64 << 10;
// Terminals of one host.
inline constexpr int kTerminals = 256;
// Sizes told to a program: at most 60 a second (R29).
inline constexpr absl::Duration kResizeSpacing = absl::Milliseconds(17);
// How long the sequence of a vanished attachment is remembered.
inline constexpr absl::Duration kSequenceMemory = absl::Minutes(5);
// How long the word that input was written may wait for output to go with.
inline constexpr absl::Duration kAckDelay = absl::Milliseconds(5);
// A screen that cannot be told exactly as it is now is asked for again a few times, the
// first time after so long and then each time after twice as long, before it is told as
// it is; and on, less and less often, until it can be.
inline constexpr int kExactTries = 3;
inline constexpr absl::Duration kExactSpacing = absl::Milliseconds(25);
inline constexpr absl::Duration kExactSpacingMost = absl::Seconds(10);
// How long a gateway may take to confirm that a revoked attachment is closed.
inline constexpr absl::Duration kRevokeConfirm = absl::Seconds(1);
// How long terminals that no control has planned live on.
inline constexpr absl::Duration kUnplannedLife = absl::Seconds(60);
// A closed terminal's processes get SIGHUP, then after this SIGKILL.
inline constexpr absl::Duration kHangUpGrace = absl::Seconds(2);
// How long a drained process stays after its last program: until what ignored the
// hang-up was killed.
inline constexpr absl::Duration kDrainGrace = absl::Seconds(3);
// Processes of one terminal, unless a flag says otherwise: a large parallel build
// fits, a fork bomb ends while the machine still answers (R30). Where the kernel
// counts, threads count too.
inline constexpr int64_t kTerminalProcesses = 1024;
// Percent of the machine's memory that one terminal's programs may use, and that all
// together may, unless flags say otherwise.
inline constexpr int64_t kTerminalMemoryPercent = 75;
inline constexpr int64_t kMemoryPercent = 90;
// Percent of what all may use over which people are told.
inline constexpr int64_t kMemoryAlertPercent = 80;
// How often it is looked at what terminals use; in so many ticks meanwhile it is
// looked at once if more processes than this were started since.
inline constexpr absl::Duration kUseWatch = absl::Milliseconds(200);
inline constexpr int kUseTicks = 8;
inline constexpr int64_t kForkStorm = 100;
// A terminal whose processes share memory is asked how much only if it would be over a
// bound without; then, unless it grew, again after so many times as long as that took.
inline constexpr int kShareRest = 10;
// How often what forks on is looked for and killed in one go; then at the next look.
inline constexpr int kKillPasses = 50;
// Typed bytes in one line of the audit, how long it waits for more keys, and how
// large its file becomes before another is begun; the one before is kept.
inline constexpr size_t kAuditKeysBytes = 4 << 10;
inline constexpr absl::Duration kAuditWait = absl::Seconds(2);
inline constexpr int64_t kAuditBytes = 64 << 20;
// A line of it: the keys, one more piece of input, all escaped.
inline constexpr int64_t kAuditLineBytes = 1 << 20;
// How often it is tried again to write it, and the name of what helps is told.
inline constexpr absl::Duration kAuditRetry = absl::Seconds(1);
// How often "X types" is told.
inline constexpr absl::Duration kTypedSpacing = absl::Seconds(1);
// How long a status change waits for others, so that titles cannot flood.
inline constexpr absl::Duration kStatusSpacing = absl::Milliseconds(100);
// Runs and writes whose ids are remembered, for retries.
inline constexpr size_t kRememberedRuns = 1024;
// Commands that are kept of each terminal, and pages of them.
inline constexpr size_t kCommands = 1000;
inline constexpr int kCommandsPageDefault = 50;
inline constexpr int kCommandsPageMost = 200;
// Waits for one terminal's output, and how long one lasts if its caller names
// nothing less.
inline constexpr size_t kWaits = 64;
inline constexpr absl::Duration kWaitDeadline = absl::Minutes(10);
// A pattern, its instructions once compiled, and the memory that its search may use.
// A search may cost instructions times the window.
inline constexpr size_t kPatternBytes = 1 << 10;
inline constexpr int kPatternInstructions = 500;
inline constexpr int64_t kPatternMemoryBytes = 1 << 20;
// Text that one pattern is searched for in at a time. It slides by half: a match
// of at most half of it is found wherever it is.
inline constexpr size_t kWaitWindowBytes = 64 << 10;
// Text of a match that is answered.
inline constexpr size_t kMatchBytes = 4 << 10;
// Output that one wait looks at in a turn of the loop, and the pause between its
// searches of a window that is not full.
inline constexpr int64_t kWaitTurnBytes = 256 << 10;
inline constexpr absl::Duration kWaitSpacing = absl::Milliseconds(10);
// After looking for so long, all waits rest so many times as long: the loop has
// other things to do.
inline constexpr absl::Duration kWaitLook = absl::Milliseconds(1);
inline constexpr int kWaitRest = 3;
// Cells that ReadScreen answers; of more lines the oldest are left out.
inline constexpr int64_t kScreenCells = 512 << 10;
// A run's deadline if the caller names none.
inline constexpr absl::Duration kRunDeadline = absl::Minutes(10);

}  // namespace atrium::terminal::limits

#endif  // ATRIUM_TERMINAL_LIMITS_H_
