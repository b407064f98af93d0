#include "terminal/bounds.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "absl/time/clock.h"
#include "common/log.h"
#include "common/status_macros.h"
#include "common/str_cat.h"
#include "terminal/errors.h"
#include "terminal/limits.h"
#include "terminal/sweep.h"

namespace atrium::terminal {
namespace {

using Groups = std::map<std::string, std::shared_ptr<const Cgroup>>;
using Members = std::map<std::string, std::vector<pid_t>>;

// Whoever looks for a program that takes every core must not wait for one behind it.
constexpr int kWatcherNice = -10;

int64_t AlertBytes(const Bounds::Options& options) {
  return options.all_memory_bytes / 100 * limits::kMemoryAlertPercent;
}

}  // namespace

// Looks and kills, one job after the other. Its state is touched by jobs alone.
class Bounds::Thread {
 public:
  explicit Thread(const Options& options) : options_(options), thread_([this] { Run(); }) {}
  ~Thread() {
    {
      std::lock_guard lock(mutex_);
      over_ = true;
      jobs_.clear();
    }
    wake_.notify_one();
    thread_.join();
  }
  void Post(std::function<void()> job) {
    {
      std::lock_guard lock(mutex_);
      jobs_.push_back(std::move(job));
    }
    wake_.notify_one();
  }

  // As a job: what runs in each of `groups`.
  Uses Look(const Groups& groups) {
    const Members members = MembersOf(groups);
    Uses uses;
    Members counted_each;  // So that what they share counts more than once.
    int64_t all = 0;
    for (const auto& [tab, processes] : members) {
      const auto group = groups.find(tab);
      if (group == groups.end()) continue;
      Use& use = uses[tab];
      use.processes = static_cast<int64_t>(processes.size());
      std::optional<int64_t> memory;
      if (group->second) {
        use.was_refused_processes = group->second->WasRefusedProcesses();
        memory = group->second->MemoryBytes();
      }
      // Of more processes than there may be it is not asked what memory they use: that
      // takes long, and they are ended anyway.
      if (!memory && (options_.processes == 0 || use.processes <= options_.processes)) {
        memory = MemoryOf(processes);
        counted_each[tab] = processes;
      }
      all += use.memory_bytes = memory.value_or(0);
    }
    const bool alert = options_.all_memory_bytes > 0 && all > AlertBytes(options_);
    for (const auto& [tab, processes] : counted_each) {
      int64_t& bytes = uses[tab].memory_bytes;
      if (alert || IsOver(bytes)) bytes = WithoutSharedTwice(tab, processes, bytes);
    }
    std::erase_if(shares_, [&](const auto& share) { return counted_each.count(share.first) == 0; });
    return uses;
  }

 private:
  // What a tab used when it was last asked how much of it is shared.
  struct Share {
    int64_t each_bytes = 0;    // Each process counted by itself.
    int64_t shared_bytes = 0;  // What is shared divided among them.
    absl::Time asked_again;    // At the latest.
  };

  bool IsOver(int64_t memory_bytes) const {
    return options_.memory_bytes > 0 && memory_bytes > options_.memory_bytes;
  }
  Members MembersOf(const Groups& groups) {
    Members members;
    for (const auto& [tab, group] : groups) {
      if (!group) return MembersWithoutGroups();
      members[tab] = group->Members();
    }
    return members;
  }
  const Members& MembersWithoutGroups() {
    // While nobody is started nobody new is there.
    if (const int64_t last = LastProcess(); last < 0 || last != last_process_) {
      last_process_ = last;
      processes_ = ProcessesByTab();
    }
    return processes_;
  }
  int64_t WithoutSharedTwice(const std::string& tab, const std::vector<pid_t>& processes,
                             int64_t each_bytes) {
    Share& share = shares_[tab];
    const int64_t grown = std::max<int64_t>(0, each_bytes - share.each_bytes);
    const absl::Time now = absl::Now();
    if (grown > share.shared_bytes / limits::kShareRest || IsOver(share.shared_bytes + grown) ||
        now >= share.asked_again) {
      share.each_bytes = each_bytes;
      share.shared_bytes = SharedMemoryOf(processes);
      const absl::Time done = absl::Now();
      share.asked_again = done + limits::kShareRest * (done - now);
      return share.shared_bytes;
    }
    return share.shared_bytes + grown;
  }
  void Run() {
    // Of this thread alone, as what it starts runs as before. Who may not do it waits its turn.
    (void)setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kWatcherNice);
    for (;;) {
      std::function<void()> job;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return over_ || !jobs_.empty(); });
        if (over_) return;
        job = std::move(jobs_.front());
        jobs_.pop_front();
      }
      job();
    }
  }

  // Given.
  const Options options_;
  // State of jobs.
  int64_t last_process_ = -1;
  Members processes_;
  std::map<std::string, Share> shares_;  // By tab.
  // State, under the lock.
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  bool over_ = false;
  std::thread thread_;  // Last: it uses all above.
};

Bounds::Bounds(Loop* loop, Options options, Listener* listener)
    : loop_(loop),
      options_(std::move(options)),
      listener_(listener),
      thread_(std::make_unique<Thread>(options_)) {
  if (!options_.cgroup.empty()) {
    auto tree = CgroupTree::Open(options_.cgroup, {.processes = options_.processes,
                                                   .memory_bytes = options_.memory_bytes});
    if (tree.ok()) {
      tree_ = *std::move(tree);
      LogInfo("terminals have cgroups", {{"directory", tree_->directory()},
                                         {"keeps_processes", tree_->keeps_processes()},
                                         {"keeps_memory", tree_->keeps_memory()}});
    } else {
      LogInfo("terminals are watched without cgroups", {{"why", tree.status().message()}});
    }
  }
  Look();
}

// The terminals were just hung up on; nothing of them outlives us.
Bounds::~Bounds() {
  thread_.reset();
  const absl::Duration begin = loop_->Monotonic();
  for (const auto& [tab, entry] : entries_) {
    while (entry.group && !entry.group->Remove()) {
      const absl::Duration waited = loop_->Monotonic() - begin;
      if (waited > 2 * limits::kHangUpGrace) break;  // The next run removes it.
      if (waited > limits::kHangUpGrace) {
        const absl::Status status = entry.group->Kill();
        if (!status.ok()) LogError("cannot end what was left", {{"error", status.message()}});
      }
      absl::SleepFor(absl::Milliseconds(5));
    }
  }
}

absl::StatusOr<int> Bounds::Enter(const std::string& tab) {
  Entry& entry = entries_[tab];
  entry = Entry();
  if (!tree_) return -1;
  absl::StatusOr<std::shared_ptr<const Cgroup>> group = tree_->Make(tab);
  if (!group.ok()) {
    entries_.erase(tab);
    return group.status();
  }
  entry.group = *std::move(group);
  return entry.group->entrance();
}

void Bounds::Leave(const std::string& tab) {
  auto it = entries_.find(tab);
  if (it == entries_.end()) return;
  it->second.grace = loop_->After(limits::kHangUpGrace, [this, tab] { EndLeftovers(tab); });
}

// Its timer calls, and again until nothing of it is left.
void Bounds::EndLeftovers(const std::string& tab) {
  Entry& entry = entries_[tab];
  const auto done = std::move(entry.grace);
  const bool gone = entry.group && entry.group->Remove();
  if (!gone) End(tab, entry);
  if (gone || !entry.group) {
    entries_.erase(tab);
    return;
  }
  entry.grace = loop_->After(limits::kUseWatch, [this, tab] { EndLeftovers(tab); });
}

void Bounds::EndAllElse() {
  if (!tree_) return;
  std::set<std::string> tabs;
  for (const auto& [tab, entry] : entries_) tabs.insert(tab);
  tree_->EndAllBut(tabs);
}

Bounds::Bound Bounds::EndedBy(const std::string& tab) const {
  auto it = entries_.find(tab);
  if (it == entries_.end()) return Bound::kNone;
  const Entry& entry = it->second;
  const bool by_kernel = entry.group && entry.group->RanOutOfMemory();
  return entry.ended_by == Bound::kNone && by_kernel ? Bound::kMemory : entry.ended_by;
}

std::string Bounds::WhyEnded(const std::string& tab) const {
  switch (EndedBy(tab)) {
    case Bound::kNone:
      return "";
    case Bound::kProcesses:
      return RanTooManyProcesses(options_.processes);
    case Bound::kMemory:
      return UsedTooMuchMemory(options_.memory_bytes);
  }
}

// Between looks it is only asked how many processes were started on this machine.
void Bounds::Wait(int ticks) {
  next_look_ = loop_->After(limits::kUseWatch / limits::kUseTicks, [this, ticks] {
    const auto done = std::move(next_look_);
    const bool storm = LastProcess() - last_process_ > limits::kForkStorm;
    if (storm || ticks >= limits::kUseTicks) {
      Look();
    } else {
      Wait(ticks + 1);
    }
  });
}

void Bounds::Look() {
  last_process_ = LastProcess();
  Groups groups;
  for (const auto& [tab, entry] : entries_) groups[tab] = entry.group;
  thread_->Post([this, groups = std::move(groups), thread = thread_.get(), loop = loop_,
                 self = std::weak_ptr(self_)] {
    Uses uses = groups.empty() ? Uses() : thread->Look(groups);
    loop->Post([self, uses = std::move(uses)] {
      const auto alive = self.lock();
      if (!alive) return;
      (*alive)->Judge(uses);
      (*alive)->Wait(1);
    });
  });
}

void Bounds::Judge(const Uses& uses) {
  int64_t all = 0;
  for (auto& [tab, entry] : entries_) {
    auto use = uses.find(tab);
    if (use == uses.end()) continue;
    all += use->second.memory_bytes;
    JudgeOne(tab, entry, use->second);
  }
  TellMemory(all);
}

void Bounds::JudgeOne(const std::string& tab, Entry& entry, const Use& use) {
  if (entry.ended_by == Bound::kNone) {
    const bool processes = use.was_refused_processes ||
                           (options_.processes > 0 && use.processes > options_.processes);
    // Where the kernel keeps the bound, it ends who goes over it.
    const bool memory = options_.memory_bytes > 0 && use.memory_bytes > options_.memory_bytes &&
                        !(tree_ && tree_->keeps_memory());
    if (!processes && !memory) return;
    entry.ended_by = processes ? Bound::kProcesses : Bound::kMemory;
    LogWarning("a terminal goes over a bound and is ended", {{"tab", tab},
                                                             {"processes", use.processes},
                                                             {"memory_bytes", use.memory_bytes}});
  }
  // Also again: what was just being forked may have been missed.
  if (use.processes > 0) End(tab, entry);
}

void Bounds::TellMemory(int64_t bytes) {
  memory_bytes_ = bytes;
  const bool alert = options_.all_memory_bytes > 0 && bytes > AlertBytes(options_);
  if (alert == alert_) return;
  alert_ = alert;
  listener_->OnMemory(bytes, alert);
}

void Bounds::End(const std::string& tab, const Entry& entry) {
  thread_->Post([tab, group = entry.group] {
    if (!group) {
      KillAllOf(tab);
    } else if (const absl::Status status = group->Kill(); !status.ok()) {
      LogError("cannot end what runs in a terminal",
               {{"tab", tab}, {"error", status.message()}});
    }
  });
}

}  // namespace atrium::terminal
