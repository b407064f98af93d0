// How a session's shells are confined, beyond who they are (S16). Pure but for
// looking whether bubblewrap is there.
#ifndef ATRIUM_TERMINAL_CONFINE_H_
#define ATRIUM_TERMINAL_CONFINE_H_

#include "absl/status/status.h"
#include "atrium/v1/session.pb.h"
#include "terminal/shell.h"

namespace atrium::terminal {

// Whether `profile` takes rights away that a login has.
bool Confines(atrium::v1::ShellProfile profile);

// Changes `command` so that it starts under `profile`. ISOLATED runs it by
// bubblewrap: its own processes, a read-only system with an empty /tmp and /run, its
// home directory writable, no network. FAILED_PRECONDITION if that is not installed.
absl::Status Confine(atrium::v1::ShellProfile profile, ShellCommand* command);

}  // namespace atrium::terminal

#endif  // ATRIUM_TERMINAL_CONFINE_H_
