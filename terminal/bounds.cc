#include "terminal/bounds.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
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

// Of more processes than there may be it is not asked what memory they use: that
// takes long, and they are ended anyway.
Use UseOf(const std::vector<pid_t>& processes, int64_t bound) {
  Use use{.processes = static_cast<int64_t>(processes.size())};
  if (bound == 0 || use.processes <= bound) use.memory_bytes = MemoryOf(processes);
  return use;
}

}  // namespace

// Looks and kills, one job after the other. Its state is touched by jobs alone.
class Bounds::Thread {
 public:
  explicit Thread(int64_t process_bound)
      : process_bound_(process_bound), thread_([this] { Run(); }) {}
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
    Uses uses;
    for (const auto& [tab, group] : groups) {
      if (!group) return LookWithoutGroups();
      Use& use = uses[tab] = UseOf(group->Members(), process_bound_);
      use.was_refused_processes = group->WasRefusedProcesses();
    }
    return uses;
  }

 private:
  Uses LookWithoutGroups() {
    // While nobody is started nobody new is there.
    if (const int64_t last = LastProcess(); last < 0 || last != last_process_) {
      last_process_ = last;
      processes_ = ProcessesByTab();
    }
    Uses uses;
    for (const auto& [tab, processes] : processes_) uses[tab] = UseOf(processes, process_bound_);
    return uses;
  }
  void Run() {
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
  const int64_t process_bound_;
  // State of jobs.
  int64_t last_process_ = -1;
  std::map<std::string, std::vector<pid_t>> processes_;
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
      thread_(std::make_unique<Thread>(options_.processes)) {
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

std::string Bounds::WhyEnded(const std::string& tab) const {
  auto it = entries_.find(tab);
  if (it == entries_.end()) return "";
  const Entry& entry = it->second;
  if (entry.why_ended.empty() && entry.group && entry.group->RanOutOfMemory()) {
    return UsedTooMuchMemory(options_.memory_bytes);
  }
  return entry.why_ended;
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
  if (entry.why_ended.empty()) {
    const bool processes = use.was_refused_processes ||
                           (options_.processes > 0 && use.processes > options_.processes);
    const bool memory = options_.memory_bytes > 0 && use.memory_bytes > options_.memory_bytes;
    if (!processes && !memory) return;
    entry.why_ended = processes ? RanTooManyProcesses(options_.processes)
                                : UsedTooMuchMemory(options_.memory_bytes);
    LogWarning("a terminal goes over a bound and is ended", {{"tab", tab},
                                                             {"processes", use.processes},
                                                             {"memory_bytes", use.memory_bytes}});
  }
  // Also again: what was just being forked may have been missed.
  if (use.processes > 0) End(tab, entry);
}

void Bounds::TellMemory(int64_t bytes) {
  const bool alert = options_.all_memory_bytes > 0 &&
                     bytes > options_.all_memory_bytes / 100 * limits::kMemoryAlertPercent;
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
