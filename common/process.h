// What every process does at its start and at its end.
#ifndef ATRIUM_COMMON_PROCESS_H_
#define ATRIUM_COMMON_PROCESS_H_

#include "absl/status/status.h"
#include "common/loop.h"

namespace atrium {

// Ignores SIGPIPE and raises the limit of open descriptors to the most allowed.
void PrepareProcess();
// Runs `fn` once on the loop at the first SIGTERM or SIGINT.
[[nodiscard]] Loop::HandlePtr OnTermination(Loop* loop, Loop::Fn fn);
// Runs `fn` on the loop at every `signal`.
[[nodiscard]] Loop::HandlePtr OnSignal(Loop* loop, int signal, Loop::Fn fn);
// Says on stderr why the process cannot start or go on; returns the exit code.
int FailToStart(const absl::Status& status);

}  // namespace atrium

#endif  // ATRIUM_COMMON_PROCESS_H_
