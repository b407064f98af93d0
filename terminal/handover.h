// Replacing the program of this process in place (R32): same process, same shells,
// same logs; the next version reads what this one knew from a memory file.
#ifndef ATRIUM_TERMINAL_HANDOVER_H_
#define ATRIUM_TERMINAL_HANDOVER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "atrium/terminal/v1/handover.pb.h"

namespace atrium::terminal {

// Executes `program` with `arguments` (without the program's name) and
// --handover_fd in the place of this process. Only the handed PTYs, the locks, the admin door
// and the memory file stay open. Returns only if it fails; then all is as before.
absl::Status Replace(const std::string& program, const std::vector<std::string>& arguments,
                     const atrium::terminal::v1::Handover& handover);
// What Replace() of the program before wrote; `fd` is closed.
absl::StatusOr<atrium::terminal::v1::Handover> ReadHandover(int fd);

}  // namespace atrium::terminal

#endif  // ATRIUM_TERMINAL_HANDOVER_H_
