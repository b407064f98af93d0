// What a closed terminal left behind (R35): jobs that ignore the hang-up, also those
// that left its session. Where there are no cgroups this is how they are found.
#ifndef ATRIUM_TERMINAL_SWEEP_H_
#define ATRIUM_TERMINAL_SWEEP_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace atrium::terminal {

// The processes that were started in `tab`, by the ATRIUM_TAB of their first
// environment, but for this process. Reads /proc: some
// milliseconds.
std::vector<pid_t> ProcessesOf(const std::string& tab);
// Bytes of memory that the processes of each tab use, in the order of `tabs`.
std::vector<int64_t> MemoryOf(const std::vector<std::string>& tabs);

}  // namespace atrium::terminal

#endif  // ATRIUM_TERMINAL_SWEEP_H_
