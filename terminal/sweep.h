// Where there are no cgroups: what runs in a terminal is found in /proc, by the
// ATRIUM_TAB of its first environment, or as the session of such a process. That
// finds also what left the terminal's session (R35), but not what in doing so took
// another environment, nor, unless we are root, what is somebody else's (sudo).
//
// On any thread, one at a time.
#ifndef ATRIUM_TERMINAL_SWEEP_H_
#define ATRIUM_TERMINAL_SWEEP_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace atrium::terminal {

// The processes that were started in each tab, but for this process. Some
// milliseconds; more under a fork bomb.
std::map<std::string, std::vector<pid_t>> ProcessesByTab();
std::vector<pid_t> ProcessesOf(const std::string& tab);
// Bytes of memory that processes use, each counted by itself: what they share counts
// in each of them, so that this is the most it can be.
int64_t MemoryOf(const std::vector<pid_t>& processes);
// The same, what is shared divided among all who share it. Reads the page tables:
// milliseconds for each GiB. Of who is not ours to look at, what is not of a file.
int64_t SharedMemoryOf(const std::vector<pid_t>& processes);
// The last process id that was given: as long as it stays, nobody was started.
int64_t LastProcess();
// Kills all that runs in `tab`. A process group is killed at once, and cannot fork
// meanwhile; who makes a group for each process is chased until none is left, for
// limits::kKillPasses at most.
void KillAllOf(const std::string& tab);

}  // namespace atrium::terminal

#endif  // ATRIUM_TERMINAL_SWEEP_H_
