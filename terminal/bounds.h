// Bounds keeps what runs in each terminal within what it may use (R30), and leaves
// nothing of a closed one behind (R35). Who goes over a bound is ended, all of it,
// and it can be told why.
//
// With cgroups the kernel knows who is in a terminal, and keeps the bounds where it
// has the controllers. For the rest a thread looks, several times a second. Memory that
// processes share counts once.
//
// On the loop. The thread touches /proc and the groups, and posts what it saw.
#ifndef ATRIUM_TERMINAL_BOUNDS_H_
#define ATRIUM_TERMINAL_BOUNDS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "common/loop.h"
#include "terminal/cgroup.h"

namespace atrium::terminal {

// What runs in one terminal.
struct Use {
  int64_t processes = 0;
  int64_t memory_bytes = 0;  // Unless it runs too many processes: 0.
  bool was_refused_processes = false;  // By the kernel.
};

class Bounds {
 public:
  // Upward news, on the loop.
  class Listener {
   public:
    virtual ~Listener() = default;
    // All terminals together came near what the host may use, or no longer are.
    virtual void OnMemory(int64_t bytes, bool alert) = 0;
  };
  struct Options {
    // Of each terminal, and the memory of all together; 0: any.
    int64_t processes = 0, memory_bytes = 0, all_memory_bytes = 0;
    // Names our groups on this machine; empty: no cgroups.
    std::string cgroup;
  };

  Bounds(Loop* loop, Options options, Listener* listener);
  ~Bounds();

  // `tab` is about to start, or is there after an upgrade. What a new process writes
  // "0" to, to be in its group; -1 where there are no groups.
  absl::StatusOr<int> Enter(const std::string& tab);
  // `tab` is closed: what ignores the hang-up is killed after limits::kHangUpGrace.
  void Leave(const std::string& tab);
  // All that may be here has entered: what else a run before us left is ended.
  void EndAllElse();
  // The bound over which all of `tab` was ended, by us or by the kernel for us.
  enum class Bound { kNone, kProcesses, kMemory };
  Bound EndedBy(const std::string& tab) const;
  // The same for people; empty for kNone.
  std::string WhyEnded(const std::string& tab) const;
  // Of what runs in all terminals, when it was last looked at.
  int64_t memory_bytes() const { return memory_bytes_; }
  // "cgroup" or "sweep", for the log and tests.
  bool has_cgroups() const { return tree_ != nullptr; }

 private:
  class Thread;
  struct Entry {
    std::shared_ptr<const Cgroup> group;  // Null: there are no groups.
    Bound ended_by = Bound::kNone;
    Loop::HandlePtr grace;  // Once it is closed.
  };
  using Uses = std::map<std::string, Use>;

  void Wait(int ticks);
  void Look();
  void Judge(const Uses& uses);
  void JudgeOne(const std::string& tab, Entry& entry, const Use& use);
  void TellMemory(int64_t bytes);
  void End(const std::string& tab, const Entry& entry);
  void EndLeftovers(const std::string& tab);

  // Given.
  Loop* const loop_;
  const Options options_;
  Listener* const listener_;
  // Owned.
  std::unique_ptr<CgroupTree> tree_;  // Null where we may make no groups.
  std::map<std::string, Entry> entries_;
  Loop::HandlePtr next_look_;
  std::shared_ptr<Bounds*> self_ = std::make_shared<Bounds*>(this);  // Not once we are gone.
  std::unique_ptr<Thread> thread_;  // Last: it ends first.
  // State.
  bool alert_ = false;
  int64_t memory_bytes_ = 0;
  int64_t last_process_ = 0;  // At the last look.
};

}  // namespace atrium::terminal

#endif  // ATRIUM_TERMINAL_BOUNDS_H_
