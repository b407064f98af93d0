#include "terminal/sweep.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>

namespace atrium::terminal {
namespace {

constexpr size_t kEnvironmentBytes = 256 << 10;

// The value of ATRIUM_TAB that a process was started with; empty if it had none or
// is not ours to look at.
std::string TabOf(const std::filesystem::path& process) {
  const int fd = open((process / "environ").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return "";
  std::string environment(kEnvironmentBytes, '\0');
  const ssize_t n = read(fd, environment.data(), environment.size());
  close(fd);
  environment.resize(n > 0 ? static_cast<size_t>(n) : 0);
  environment.insert(0, 1, '\0');
  const std::string name = std::string(1, '\0') + "ATRIUM_TAB=";
  const size_t at = environment.find(name);
  if (at == std::string::npos) return "";
  return environment.c_str() + at + name.size();
}

void ForEachProcess(const std::function<void(pid_t, const std::string& tab,
                                             const std::filesystem::path&)>& fn) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const pid_t pid = std::atoi(entry.path().filename().c_str());
    if (pid <= 1 || pid == getpid()) continue;
    const std::string tab = TabOf(entry.path());
    if (!tab.empty()) fn(pid, tab, entry.path());
  }
}

}  // namespace

std::vector<pid_t> ProcessesOf(const std::string& tab) {
  std::vector<pid_t> found;
  ForEachProcess([&](pid_t pid, const std::string& of, const auto&) {
    if (of == tab) found.push_back(pid);
  });
  return found;
}

std::vector<int64_t> MemoryOf(const std::vector<std::string>& tabs) {
  std::map<std::string, int64_t> bytes;
  ForEachProcess([&](pid_t, const std::string& tab, const std::filesystem::path& process) {
    std::ifstream in(process / "statm");
    int64_t size = 0, resident = 0;
    if (in >> size >> resident) bytes[tab] += resident * sysconf(_SC_PAGESIZE);
  });
  std::vector<int64_t> result;
  for (const std::string& tab : tabs) result.push_back(bytes[tab]);
  return result;
}

}  // namespace atrium::terminal
