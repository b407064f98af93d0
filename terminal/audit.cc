#include "terminal/audit.h"

#include <fcntl.h>
#include <glib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/time/time.h"
#include "common/log.h"
#include "common/str_cat.h"
#include "terminal/errors.h"
#include "terminal/limits.h"

namespace atrium::terminal {
namespace {

constexpr char kBegins[] = "begins";

std::string Hash(const std::string& before, const std::string& content) {
  const std::string all = before + "\n" + content;
  gchar* hex = g_compute_checksum_for_string(G_CHECKSUM_SHA256, all.data(),
                                             static_cast<gssize>(all.size()));
  std::string hash = hex;
  g_free(hex);
  return hash;
}

// What a line says, and its hash.
std::pair<std::string, std::string> Split(const std::string& line) {
  const size_t at = line.rfind(' ');
  if (at == std::string::npos) return {line, ""};
  return {line.substr(0, at), line.substr(at + 1)};
}

}  // namespace

Audit::Audit(Loop* loop, std::string path) : loop_(loop), path_(std::move(path)) {
  if (!path_.empty()) Open();
}

Audit::~Audit() {
  Flush();
  if (file_ >= 0) close(file_);
}

void Audit::Open() {
  // The last line is all that counts; where reading begins in the middle of one, that
  // is left out.
  std::ifstream in(path_, std::ios::binary | std::ios::ate);
  int64_t whole = std::max<int64_t>(0, static_cast<int64_t>(in.tellg()) - limits::kAuditLineBytes);
  in.seekg(whole);
  std::string line;
  if (whole > 0 && std::getline(in, line)) whole += static_cast<int64_t>(line.size()) + 1;
  while (std::getline(in, line) && !in.eof()) {
    whole += static_cast<int64_t>(line.size()) + 1;
    hash_ = Split(line).second;
  }
  file_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file_ < 0) {
    LogError("what is typed is not audited", {{"path", path_}, {"error", std::strerror(errno)}});
    return;
  }
  // A line that was cut short by a power cut.
  if (lseek(file_, 0, SEEK_END) > whole && ftruncate(file_, whole) != 0) {
    LogError("the audit's last line is broken", {{"error", std::strerror(errno)}});
  }
  size_ = whole;
  Append(StrCat(kBegins, " after ", hash_.empty() ? "nothing" : hash_));
}

void Audit::Typed(const std::string& tab, const std::string& who, std::string_view bytes,
                  bool hidden) {
  if (path_.empty() || bytes.empty()) return;
  Keys& keys = keys_[tab];
  if (!keys.text.empty() && (keys.who != who || keys.hidden != hidden)) WriteKeys(tab);
  keys.who = who;
  keys.hidden = hidden;
  keys.text += bytes;
  const bool entered = bytes.back() == '\r' || bytes.back() == '\n';
  if (entered || keys.text.size() >= limits::kAuditKeysBytes) return WriteKeys(tab);
  if (timer_) return;
  timer_ = loop_->After(limits::kAuditWait, [this] {
    const auto done = std::move(timer_);
    Flush();
  });
}

void Audit::Flush() {
  for (const auto& [tab, keys] : keys_) WriteKeys(tab);
  keys_.clear();
}

void Audit::WriteKeys(const std::string& tab) {
  Keys& keys = keys_[tab];
  const std::string text = std::exchange(keys.text, "");
  if (text.empty()) return;
  const std::string what =
      keys.hidden ? "redacted" : StrCat("typed \"", absl::CHexEscape(text), "\"");
  Append(StrCat(tab, " ", keys.who, " ", what));
}

// A line that the disk does not take leaves a gap that is told in the next one.
void Audit::Append(std::string_view what) {
  if (file_ < 0) return;
  const std::string time = absl::FormatTime(absl::RFC3339_full, loop_->Now(), absl::UTCTimeZone());
  if (lost_ > 0 && WriteLine(StrCat(time, " lost ", lost_))) lost_ = 0;
  if (lost_ == 0 && WriteLine(StrCat(time, " ", what))) return Rotate();
  if (lost_++ == 0) {
    LogError("the disk does not take the audit", {{"path", path_}, {"error", std::strerror(errno)}});
  }
}

bool Audit::WriteLine(const std::string& content) {
  std::string hash = Hash(hash_, content);
  const std::string line = StrCat(content, " ", hash, "\n");
  if (write(file_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    const int error = errno;
    // What went in of it is no line.
    if (ftruncate(file_, size_) != 0) LogError("the audit has half a line", {{"path", path_}});
    errno = error;
    return false;
  }
  size_ += static_cast<int64_t>(line.size());
  hash_ = std::move(hash);
  return true;
}

void Audit::Rotate() {
  if (size_ < limits::kAuditBytes) return;
  close(std::exchange(file_, -1));
  if (std::rename(path_.c_str(), StrCat(path_, ".1").c_str()) != 0) {
    LogError("the audit cannot be put aside", {{"path", path_}, {"error", std::strerror(errno)}});
  }
  Open();  // The chain goes on: it says after which hash.
}

absl::Status Audit::Verify(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string before;
  int64_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    const auto [content, hash] = Split(line);
    if (number == 1) {
      const std::string last = Split(content).second;
      before = last == "nothing" ? "" : last;
    }
    if (in.eof() || Hash(before, content) != hash) return BrokenAudit(path, number);
    before = hash;
  }
  return number > 0 ? absl::OkStatus() : BrokenAudit(path, 1);
}

}  // namespace atrium::terminal
