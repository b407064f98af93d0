// What can go wrong with a terminal: one function per wrong thing.
#ifndef ATRIUM_TERMINAL_ERRORS_H_
#define ATRIUM_TERMINAL_ERRORS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace atrium::terminal {

absl::Status NoSuchTerminal(std::string_view tab);
absl::Status NoSuchAttachment();
absl::Status ReadOnlyAttachment();
absl::Status ForeignAttachment(std::string_view tab);
absl::Status SomebodyDrives();
absl::Status InputGap(int64_t got, int64_t expected);
absl::Status InputTooLong(size_t bytes);
absl::Status InputQueueFull();
absl::Status OutputNotKept(int64_t offset, int64_t oldest);
absl::Status LosslessTooSlow();
absl::Status LosslessRests(absl::Duration retry_after);
absl::Status LosslessForEditors();
// `how`: what is another in its tab.
absl::Status TabMoved(std::string_view how);
absl::Status TerminalEnded(std::string_view tab);
absl::Status NoShellIntegration(std::string_view tab);
absl::Status WaitTimedOut(std::string_view tab, int64_t offset);
absl::Status RunNotFinished(std::string_view tab);
absl::Status FirstMessageMustBe(std::string_view what);
absl::Status CannotStartShell(std::string_view program, int error_number);
absl::Status CannotIsolate(std::string_view program);
absl::Status CannotFilter();
absl::Status CannotKeepOutput(std::string_view path, int error_number);
absl::Status HostDrains();
// For people: why what is typed is not written down.
std::string AuditProblem(std::string_view path, int error_number);
// For people, in the tab: why its programs were ended.
std::string RanTooManyProcesses(int64_t bound);
std::string UsedTooMuchMemory(int64_t bound_bytes);
absl::Status BrokenAudit(std::string_view path, int64_t line);
absl::Status NoCgroups(std::string_view why);
absl::Status NothingToHandOver();
absl::Status AlreadyServed(std::string_view pid, std::string_view lock, std::string_view flag);
absl::Status NoSuchUser(std::string_view user);

}  // namespace atrium::terminal

#endif  // ATRIUM_TERMINAL_ERRORS_H_
