// The kernel's groups of processes (cgroup v2): what was started in one stays in it,
// whatever it does to its environment, session or parents. With the controllers
// `pids` and `memory` the kernel itself keeps a group within its bounds (R30); one
// write ends all of it at once (R35).
//
// Making and removing on the loop; the const methods on any thread.
#ifndef ATRIUM_TERMINAL_CGROUP_H_
#define ATRIUM_TERMINAL_CGROUP_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace atrium::terminal {

// One terminal's group.
class Cgroup {
 public:
  // `directory` exists. `entrance` is its cgroup.procs, open for writing.
  Cgroup(std::string directory, int entrance);
  ~Cgroup();
  Cgroup(const Cgroup&) = delete;
  Cgroup& operator=(const Cgroup&) = delete;

  // A process that writes "0" to this descriptor is in the group from then on.
  int entrance() const { return entrance_; }
  std::vector<pid_t> Members() const;
  // Bytes that all in it use together, but for what the kernel takes back from them at
  // will (files that were read); nothing where it does not count them.
  std::optional<int64_t> MemoryBytes() const;
  // Ends all that is in it, however fast it forks.
  absl::Status Kill() const;
  // Whether the kernel refused it a process, or ended it for its memory.
  bool WasRefusedProcesses() const;
  bool RanOutOfMemory() const;
  // False while something runs in it.
  bool Remove() const;

 private:
  const std::string directory_;
  const int entrance_;
};

// Where the terminals' groups are made.
class CgroupTree {
 public:
  struct Bounds {
    int64_t processes = 0;     // 0: any number.
    int64_t memory_bytes = 0;  // The same.
  };
  // Where the kernel says what is mounted, and which group we are in.
  struct Sources {
    std::string mounts = "/proc/self/mounts";
    std::string own = "/proc/self/cgroup";
  };

  // Finds a place for groups: our own group, if it is delegated to us, or else the
  // root of all. `name` is ours alone on this machine. FAILED_PRECONDITION, with why,
  // where we may make none. If we are alone in a delegated group, we move into one
  // below it: the kernel wants processes in leaves only.
  static absl::StatusOr<std::unique_ptr<CgroupTree>> Open(const std::string& name, Bounds bounds);
  static absl::StatusOr<std::unique_ptr<CgroupTree>> Open(const std::string& name, Bounds bounds,
                                                          const Sources& sources);
  ~CgroupTree();
  CgroupTree(const CgroupTree&) = delete;
  CgroupTree& operator=(const CgroupTree&) = delete;

  // Which bounds the kernel keeps; the others are ours to watch.
  bool keeps_processes() const { return controllers_.count("pids") > 0; }
  bool keeps_memory() const { return controllers_.count("memory") > 0; }
  const std::string& directory() const { return directory_; }

  // The group of `tab`, made or, after an upgrade, as it is.
  absl::StatusOr<std::shared_ptr<const Cgroup>> Make(const std::string& tab) const;
  // Ends and removes what a run before us left: all groups but those of `tabs`.
  void EndAllBut(const std::set<std::string>& tabs) const;

 private:
  CgroupTree(std::string directory, Bounds bounds, std::set<std::string> controllers);
  std::string DirectoryOf(const std::string& tab) const;

  const std::string directory_;
  const Bounds bounds_;
  const std::set<std::string> controllers_;  // That the groups have: pids, memory.
};

}  // namespace atrium::terminal

#endif  // ATRIUM_TERMINAL_CGROUP_H_
