#include "terminal/sweep.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "common/str_cat.h"
#include "terminal/limits.h"

namespace atrium::terminal {
namespace {

constexpr size_t kEnvironmentBytes = 256 << 10;

// The value of ATRIUM_TAB that a process was started with; empty if it had none or
// is not ours to look at.
std::string TabOf(pid_t pid) {
  static thread_local std::string environment(kEnvironmentBytes, '\0');
  const int fd = open(StrCat("/proc/", pid, "/environ").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return "";
  const ssize_t n = read(fd, environment.data(), environment.size());
  close(fd);
  const std::string_view all(environment.data(), n > 0 ? static_cast<size_t>(n) : 0);
  constexpr std::string_view kName = "ATRIUM_TAB=";
  for (size_t at = 0; at < all.size();) {
    const std::string_view pair = all.substr(at, all.find('\0', at) - at);
    if (pair.substr(0, kName.size()) == kName) return std::string(pair.substr(kName.size()));
    at += pair.size() + 1;
  }
  return "";
}

}  // namespace

std::map<std::string, std::vector<pid_t>> ProcessesByTab() {
  std::map<std::string, std::vector<pid_t>> found;
  // Of which tab a session is, once one of its processes told. To read an environment
  // may wait for a process that just forks.
  std::map<pid_t, std::string> sessions;
  std::error_code error;
  std::filesystem::directory_iterator it("/proc", error);
  // One that ends while we look is no error.
  for (; !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
    const pid_t pid = std::atoi(it->path().filename().c_str());
    if (pid <= 1 || pid == getpid()) continue;
    std::string& tab = sessions[getsid(pid)];
    if (tab.empty()) tab = TabOf(pid);
    if (!tab.empty()) found[tab].push_back(pid);
  }
  return found;
}

std::vector<pid_t> ProcessesOf(const std::string& tab) { return ProcessesByTab()[tab]; }

int64_t MemoryOf(const std::vector<pid_t>& processes) {
  int64_t pages = 0;
  for (const pid_t pid : processes) {
    std::ifstream in(StrCat("/proc/", pid, "/statm"));
    int64_t size = 0, resident = 0;
    if (in >> size >> resident) pages += resident;
  }
  return pages * sysconf(_SC_PAGESIZE);
}

int64_t SharedMemoryOf(const std::vector<pid_t>& processes) {
  int64_t bytes = 0;
  for (const pid_t pid : processes) {
    std::ifstream in(StrCat("/proc/", pid, "/smaps_rollup"));
    bool told = false;
    for (std::string line; !told && std::getline(in, line);) {
      if (line.rfind("Pss:", 0) != 0) continue;
      bytes += std::atoll(line.c_str() + 4) << 10;
      told = true;
    }
    if (told) continue;
    std::ifstream statm(StrCat("/proc/", pid, "/statm"));
    int64_t size = 0, resident = 0, of_files = 0;
    if (statm >> size >> resident >> of_files) {
      bytes += (resident - of_files) * sysconf(_SC_PAGESIZE);
    }
  }
  return bytes;
}

int64_t LastProcess() {
  std::ifstream in("/proc/loadavg");
  std::string one, five, fifteen, running;
  int64_t last = 0;
  return in >> one >> five >> fifteen >> running >> last ? last : -1;
}

void KillAllOf(const std::string& tab) {
  for (int pass = 0; pass < limits::kKillPasses; ++pass) {
    const std::vector<pid_t> processes = ProcessesOf(tab);
    if (processes.empty()) return;
    std::set<pid_t> groups;
    for (const pid_t pid : processes) {
      const pid_t group = getpgid(pid);
      if (group > 1 && group != getpgrp() && groups.insert(group).second) kill(-group, SIGKILL);
      kill(pid, SIGKILL);
    }
  }
}

}  // namespace atrium::terminal
