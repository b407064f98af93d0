#include "terminal/cgroup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/errors.h"
#include "common/log.h"
#include "common/status_macros.h"
#include "common/str_cat.h"
#include "terminal/errors.h"
#include "terminal/limits.h"

namespace atrium::terminal {
namespace {

// Where we ourselves are if the group that was delegated to us has groups.
constexpr char kOwnLeaf[] = "/atrium-terminal";
// Of a group's name, what the kernel takes.
constexpr size_t kNameBytes = 200;

// What a file of the kernel holds now; empty if it cannot be read.
std::string Text(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

absl::Status Write(const std::string& path, const std::string& text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return SystemError("open", path, errno);
  const ssize_t n = write(fd, text.data(), text.size());
  const int error = errno;
  close(fd);
  if (n != static_cast<ssize_t>(text.size())) return SystemError("write", path, error);
  return absl::OkStatus();
}

absl::Status Make(const std::string& directory) {
  if (mkdir(directory.c_str(), 0755) == 0 || errno == EEXIST) return absl::OkStatus();
  return SystemError("make", directory, errno);
}

std::set<std::string> Words(const std::string& path) {
  return absl::StrSplit(Text(path), absl::ByAnyChar(" \n"), absl::SkipEmpty());
}

std::vector<pid_t> Pids(const std::string& path) {
  std::vector<pid_t> pids;
  for (const std::string& word : Words(path)) {
    pid_t pid = 0;
    if (absl::SimpleAtoi(word, &pid) && pid > 0) pids.push_back(pid);
  }
  return pids;
}

// A value of a file of `key value` lines; 0 if it is not there.
int64_t Count(const std::string& path, const std::string& key) {
  std::ifstream in(path);
  std::string name;
  for (int64_t value = 0; in >> name >> value;) {
    if (name == key) return value;
  }
  return 0;
}

std::string MountPoint(const std::string& mounts) {
  for (const auto line : absl::StrSplit(mounts, '\n')) {
    const std::vector<std::string> fields = absl::StrSplit(line, ' ');
    if (fields.size() > 2 && fields[2] == "cgroup2") return fields[1];
  }
  return "";
}

// Our own group below the mount point; before an upgrade of us, what it was.
std::string OwnGroup(const std::string& own) {
  for (const auto line : absl::StrSplit(own, '\n')) {
    if (line.substr(0, 3) != "0::") continue;
    std::string path(line.substr(3));
    if (path == "/") path.clear();
    if (path.ends_with(kOwnLeaf)) path.resize(path.size() - sizeof kOwnLeaf + 1);
    return path;
  }
  return "";
}

// Lets the groups in `directory` have a controller.
absl::Status Enable(const std::string& directory, const std::string& controller) {
  const std::string enabled = directory + "/cgroup.subtree_control";
  if (Words(enabled).count(controller) > 0) return absl::OkStatus();
  return Write(enabled, "+" + controller);
}

// Moves us out of `directory`, if nobody else is in it.
bool StepAside(const std::string& directory) {
  const std::vector<pid_t> in = Pids(directory + "/cgroup.procs");
  if (in.size() != 1 || in[0] != getpid()) return false;
  const std::string leaf = directory + kOwnLeaf;
  return Make(leaf).ok() && Write(leaf + "/cgroup.procs", StrCat(getpid())).ok();
}

// Which of what we need the groups in `directory` can have.
std::set<std::string> EnableAll(const std::string& directory) {
  std::set<std::string> enabled;
  const std::set<std::string> there = Words(directory + "/cgroup.controllers");
  for (const std::string controller : {"pids", "memory"}) {
    if (there.count(controller) == 0) continue;
    absl::Status status = Enable(directory, controller);
    if (!status.ok() && StepAside(directory)) status = Enable(directory, controller);
    if (status.ok()) enabled.insert(controller);
  }
  return enabled;
}

std::string FileName(const std::string& name) {
  const std::string flat = absl::StrReplaceAll(name, {{"/", "."}, {"\n", "."}});
  return flat.substr(flat.size() > kNameBytes ? flat.size() - kNameBytes : 0);
}

// A directory for groups of ours in `base`, and the controllers that they can have.
absl::StatusOr<std::pair<std::string, std::set<std::string>>> Settle(const std::string& base,
                                                                     const std::string& name) {
  const std::string directory = StrCat(base, "/atrium", FileName(name));
  RETURN_IF_ERROR(Make(directory));
  if (access((directory + "/cgroup.kill").c_str(), W_OK) != 0) {
    const int error = errno;
    rmdir(directory.c_str());
    return SystemError("write", directory + "/cgroup.kill", error);
  }
  const std::set<std::string> offered = EnableAll(base);
  std::set<std::string> enabled;
  for (const std::string& controller : offered) {
    if (Enable(directory, controller).ok()) enabled.insert(controller);
  }
  return std::pair(directory, enabled);
}

}  // namespace

Cgroup::Cgroup(std::string directory, int entrance)
    : directory_(std::move(directory)), entrance_(entrance) {}

Cgroup::~Cgroup() { close(entrance_); }

std::vector<pid_t> Cgroup::Members() const { return Pids(directory_ + "/cgroup.procs"); }

std::optional<int64_t> Cgroup::MemoryBytes() const {
  int64_t bytes = 0;
  if (!(std::ifstream(directory_ + "/memory.current") >> bytes)) return std::nullopt;
  const std::string parts = directory_ + "/memory.stat";
  return std::max<int64_t>(0, bytes - Count(parts, "active_file") - Count(parts, "inactive_file"));
}

absl::Status Cgroup::Kill() const { return Write(directory_ + "/cgroup.kill", "1"); }

bool Cgroup::WasRefusedProcesses() const { return Count(directory_ + "/pids.events", "max") > 0; }

bool Cgroup::RanOutOfMemory() const { return Count(directory_ + "/memory.events", "oom_kill") > 0; }

bool Cgroup::Remove() const { return rmdir(directory_.c_str()) == 0 || errno == ENOENT; }

absl::StatusOr<std::unique_ptr<CgroupTree>> CgroupTree::Open(const std::string& name,
                                                             Bounds bounds) {
  return Open(name, bounds, Sources());
}

absl::StatusOr<std::unique_ptr<CgroupTree>> CgroupTree::Open(const std::string& name,
                                                             Bounds bounds,
                                                             const Sources& sources) {
  const std::string mount = MountPoint(Text(sources.mounts));
  if (mount.empty()) return NoCgroups("no cgroup2 file system is mounted");
  absl::Status why;
  std::unique_ptr<CgroupTree> best;
  for (const std::string& base : {mount + OwnGroup(Text(sources.own)), mount}) {
    const auto place = Settle(base, name);
    if (!place.ok()) {
      why = place.status();
      continue;
    }
    const auto& [directory, controllers] = *place;
    if (best && (controllers.size() <= best->controllers_.size() || best->directory_ == directory)) {
      continue;
    }
    best.reset(new CgroupTree(directory, bounds, controllers));
    if (controllers.size() == 2) break;
  }
  if (!best) return NoCgroups(StrCat(why.message()));
  return best;
}

CgroupTree::CgroupTree(std::string directory, Bounds bounds, std::set<std::string> controllers)
    : directory_(std::move(directory)), bounds_(bounds), controllers_(std::move(controllers)) {}

CgroupTree::~CgroupTree() { rmdir(directory_.c_str()); }

std::string CgroupTree::DirectoryOf(const std::string& tab) const {
  return StrCat(directory_, "/", FileName(tab));
}

absl::StatusOr<std::shared_ptr<const Cgroup>> CgroupTree::Make(const std::string& tab) const {
  const std::string directory = DirectoryOf(tab);
  RETURN_IF_ERROR(terminal::Make(directory));
  if (keeps_processes() && bounds_.processes > 0) {
    RETURN_IF_ERROR(Write(directory + "/pids.max", StrCat(bounds_.processes)));
  }
  if (keeps_memory() && bounds_.memory_bytes > 0) {
    RETURN_IF_ERROR(Write(directory + "/memory.max", StrCat(bounds_.memory_bytes)));
    RETURN_IF_ERROR(Write(directory + "/memory.oom.group", "1"));
    // Not there on machines without swap.
    const std::string swap = directory + "/memory.swap.max";
    if (access(swap.c_str(), W_OK) == 0) RETURN_IF_ERROR(Write(swap, "0"));
  }
  const std::string procs = directory + "/cgroup.procs";
  const int entrance = open(procs.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (entrance < 0) return SystemError("open", procs, errno);
  return std::make_shared<const Cgroup>(directory, entrance);
}

void CgroupTree::EndAllBut(const std::set<std::string>& tabs) const {
  std::set<std::string> kept;
  for (const std::string& tab : tabs) kept.insert(FileName(tab));
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, error)) {
    if (!entry.is_directory() || kept.count(entry.path().filename()) > 0) continue;
    const std::string directory = entry.path();
    if (const absl::Status status = Write(directory + "/cgroup.kill", "1"); !status.ok()) {
      LogWarning("cannot end what was left behind", {{"error", status.message()}});
    }
    // What dies just now holds it a little longer; then the next start removes it.
    rmdir(directory.c_str());
  }
  if (error) LogWarning("cannot list the groups", {{"error", error.message()}});
}

}  // namespace atrium::terminal
