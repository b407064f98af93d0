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

bool Audit::Open() {
  const int file = open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0 || !GoOnWith(file)) {
    const int error = errno;
    if (file >= 0) close(file);
    if (!std::exchange(told_, true)) {
      LogError("what is typed is not audited until its file can be written",
               {{"path", path_}, {"error", std::strerror(error)}});
    }
    return false;
  }
  told_ = false;
  return true;
}

bool Audit::GoOnWith(int file) {
  // The last line is all that counts; where reading begins in the middle of one, that
  // is left out.
  const off_t end = lseek(file, 0, SEEK_END);
  if (end < 0) return false;
  const auto from = std::max<int64_t>(0, end - limits::kAuditLineBytes);
  std::string last(static_cast<size_t>(end - from), '\0');
  const ssize_t n = pread(file, last.data(), last.size(), from);
  if (n != static_cast<ssize_t>(last.size())) return false;
  const size_t lines = last.rfind('\n');
  if (lines != std::string::npos) {
    last.resize(lines);
    const size_t before = last.rfind('\n');
    if (before != std::string::npos) last.erase(0, before + 1);
    if (before != std::string::npos || from == 0) hash_ = Split(last).second;
  }
  size_ = lines != std::string::npos ? from + static_cast<int64_t>(lines) + 1 : from;
  // A line that was cut short by a power cut.
  if (end > size_ && ftruncate(file, size_) != 0) return false;
  file_ = file;
  if (WriteLine(StrCat(Time(), " ", kBegins, " after ", hash_.empty() ? "nothing" : hash_))) {
    return true;
  }
  file_ = -1;
  return false;
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

std::string Audit::Time() const {
  return absl::FormatTime(absl::RFC3339_full, loop_->Now(), absl::UTCTimeZone());
}

// A line that the disk does not take leaves a gap that is told in the next one.
void Audit::Append(std::string_view what) {
  if (file_ < 0 && !Open()) {
    ++lost_;
    return;
  }
  if (lost_ > 0 && WriteLine(StrCat(Time(), " lost ", lost_))) lost_ = 0;
  if (lost_ == 0 && WriteLine(StrCat(Time(), " ", what))) return Rotate();
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
  if (size_ < rotate_at_) return;
  if (std::rename(path_.c_str(), StrCat(path_, ".1").c_str()) != 0) {
    if (rotate_at_ == limits::kAuditBytes) {
      LogError("the audit cannot be put aside, and grows on",
               {{"path", path_}, {"error", std::strerror(errno)}});
    }
    rotate_at_ = size_ + limits::kAuditLineBytes;
    return;
  }
  rotate_at_ = limits::kAuditBytes;
  close(std::exchange(file_, -1));
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
