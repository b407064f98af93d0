#include "terminal/errors.h"

#include <cerrno>
#include <cstring>

#include "common/errors.h"
#include "common/str_cat.h"
#include "terminal/limits.h"

namespace atrium::terminal {

using absl::StatusCode;

absl::Status NoSuchTerminal(std::string_view tab) {
  return MakeError(StatusCode::kNotFound,
                   StrCat("No terminal of ", tab, " here: wait until the tab is RUNNING"),
                   {.reason = "TERMINAL_NOT_FOUND", .resource = std::string(tab)});
}
absl::Status NoSuchAttachment() {
  return MakeError(StatusCode::kPermissionDenied, "The attachment is not known: join again",
                   {.reason = "ATTACHMENT_UNKNOWN"});
}
absl::Status ReadOnlyAttachment() {
  return MakeError(StatusCode::kPermissionDenied,
                   "View only: ask an owner for the role of an editor", {.reason = "VIEW_ONLY"});
}
absl::Status ForeignAttachment(std::string_view tab) {
  return MakeError(StatusCode::kPermissionDenied,
                   StrCat("The attachment is of another session than ", tab),
                   {.reason = "ATTACHMENT_FOREIGN", .resource = std::string(tab)});
}
absl::Status SomebodyDrives() {
  return MakeError(StatusCode::kFailedPrecondition,
                   "Somebody else holds this tab's keyboard: ask for it",
                   {.reason = "SOMEBODY_DRIVES"});
}
absl::Status InputGap(int64_t got, int64_t expected) {
  return MakeError(StatusCode::kOutOfRange,
                   StrCat("Input ", got, " came, ", expected, " is next: send from there"),
                   {.reason = "INPUT_GAP"});
}
absl::Status InputTooLong(size_t bytes) {
  return MakeError(StatusCode::kInvalidArgument,
                   StrCat("Input of ", bytes, " bytes: split it into pieces of at most ",
                          limits::kInputBytes),
                   {.reason = "INPUT_TOO_LONG", .field = "input.data"});
}
absl::Status InputQueueFull() {
  return MakeError(StatusCode::kResourceExhausted,
                   "The program does not read its input: wait, or interrupt it",
                   {.reason = "INPUT_QUEUE_FULL", .retry_after = absl::Seconds(1)});
}
absl::Status OutputNotKept(int64_t offset, int64_t oldest) {
  return MakeError(StatusCode::kOutOfRange,
                   StrCat("Byte ", offset, " is no longer kept, the oldest is ", oldest,
                          ": start from a snapshot"),
                   {.reason = "OUTPUT_NOT_KEPT", .offset = oldest});
}
absl::Status LosslessTooSlow() {
  return MakeError(StatusCode::kOutOfRange,
                   StrCat("The reader held the program for ",
                          absl::FormatDuration(limits::kLosslessHold), ": start from a snapshot"),
                   {.reason = "LOSSLESS_TOO_SLOW"});
}
absl::Status LosslessRests(absl::Duration retry_after) {
  return MakeError(StatusCode::kResourceExhausted,
                   "The reader held the program for too long: wait, or read without LOSSLESS",
                   {.reason = "LOSSLESS_RESTS", .retry_after = retry_after});
}
absl::Status LosslessForEditors() {
  return MakeError(StatusCode::kPermissionDenied,
                   "LOSSLESS lets the program wait, which viewers may not: read without it",
                   {.reason = "LOSSLESS_FOR_EDITORS"});
}
absl::Status TabMoved(std::string_view how) {
  return MakeError(StatusCode::kFailedPrecondition, StrCat(how, ": ask again"),
                   {.reason = "TAB_MOVED"});
}
absl::Status TerminalEnded(std::string_view tab) {
  return MakeError(StatusCode::kFailedPrecondition,
                   StrCat("The program of ", tab, " has ended: open another tab"),
                   {.reason = "TERMINAL_ENDED", .resource = std::string(tab)});
}
absl::Status NoShellIntegration(std::string_view tab) {
  return MakeError(StatusCode::kFailedPrecondition,
                   StrCat("No shell with integration waits in ", tab, ": run it in a tab of its own"),
                   {.reason = "NO_SHELL_INTEGRATION", .resource = std::string(tab)});
}
absl::Status WaitTimedOut(std::string_view tab, int64_t offset) {
  return MakeError(StatusCode::kDeadlineExceeded,
                   StrCat("It did not come in time in ", tab, ": ask again from offset ", offset),
                   {.reason = "WAIT_TIMED_OUT", .resource = std::string(tab), .offset = offset});
}
absl::Status RunNotFinished(std::string_view tab) {
  return MakeError(StatusCode::kDeadlineExceeded,
                   StrCat("The command still runs, or waits for the prompt, in ", tab,
                          ": read its screen, call again with the same id, or close the tab"),
                   {.reason = "RUN_NOT_FINISHED", .resource = std::string(tab)});
}
absl::Status FirstMessageMustBe(std::string_view what) {
  return MakeError(StatusCode::kInvalidArgument, StrCat("The first message must be `", what, "`"),
                   {.reason = "BAD_FIRST_MESSAGE", .field = std::string(what)});
}
absl::Status CannotStartShell(std::string_view program, int error_number) {
  return MakeError(StatusCode::kFailedPrecondition,
                   StrCat("Cannot start ", program, ": ", std::strerror(error_number)),
                   {.reason = "CANNOT_START", .resource = std::string(program)});
}
absl::Status CannotIsolate(std::string_view program) {
  return MakeError(StatusCode::kFailedPrecondition,
                   StrCat("The session's shells are to be isolated, but ", program,
                          " is not there: install bubblewrap, or choose another profile"),
                   {.reason = "NO_BUBBLEWRAP"});
}
absl::Status CannotFilter() {
  return MakeError(StatusCode::kFailedPrecondition,
                   "The session's shells are to be confined, but this kernel cannot filter system "
                   "calls (CONFIG_SECCOMP_FILTER): choose another profile",
                   {.reason = "NO_SECCOMP"});
}
absl::Status CannotKeepOutput(std::string_view path, int error_number) {
  if (error_number != ENOSPC && error_number != EDQUOT) {
    return SystemError("create", path, error_number);
  }
  return MakeError(StatusCode::kResourceExhausted,
                   StrCat("There is no room for the terminal's output (", limits::kLogBytes >> 20,
                          " MiB) in ", path, ": ", std::strerror(error_number),
                          ". Make room on that disk, then try again"),
                   {.reason = "DISK_FULL",
                    .resource = std::string(path),
                    .retry_after = absl::Seconds(10)});
}
absl::Status HostDrains() {
  return MakeError(StatusCode::kUnavailable,
                   "The terminal host is being drained and takes no new terminal: use one that "
                   "is there, or try again once the host was replaced",
                   {.reason = "HOST_DRAINING", .retry_after = absl::Seconds(30)});
}
std::string AuditProblem(std::string_view path, int error_number) {
  return StrCat("What is typed is not written down: ", path, ": ", std::strerror(error_number),
                ". Make the file writable again (room on its disk); it goes on by itself");
}
std::string RanTooManyProcesses(int64_t bound) {
  return StrCat("more than ", bound, " processes ran in this terminal");
}
std::string UsedTooMuchMemory(int64_t bound_bytes) {
  return StrCat("the programs in this terminal used more than ", bound_bytes >> 20,
                " MiB of memory");
}
absl::Status BrokenAudit(std::string_view path, int64_t line) {
  return MakeError(StatusCode::kDataLoss,
                   StrCat("Line ", line, " of ", path, " is not what was written"),
                   {.reason = "AUDIT_BROKEN", .resource = std::string(path)});
}
absl::Status NoCgroups(std::string_view why) {
  return MakeError(StatusCode::kFailedPrecondition,
                   StrCat("No cgroups of our own: ", why,
                          "; run as root, or in a delegated cgroup (v2)"),
                   {.reason = "NO_CGROUPS"});
}
absl::Status NothingToHandOver() {
  return MakeError(StatusCode::kFailedPrecondition,
                   "Without --state_dir output lives in this program's memory only: restart it "
                   "instead, which ends its shells",
                   {.reason = "NO_STATE_DIR"});
}
absl::Status AlreadyServed(std::string_view pid, std::string_view lock, std::string_view flag) {
  return MakeError(StatusCode::kFailedPrecondition,
                   StrCat("Another atrium-terminal (process ", pid.empty() ? "unknown" : pid,
                          ") holds ", lock, ": stop it, or choose another ", flag),
                   {.reason = "ALREADY_SERVED", .resource = std::string(lock)});
}
absl::Status NoSuchUser(std::string_view user) {
  return MakeError(StatusCode::kFailedPrecondition,
                   StrCat("No user ", user, ": create it, or choose another with --shell_user"),
                   {.reason = "NO_SUCH_USER", .field = "shell_user"});
}

}  // namespace atrium::terminal
