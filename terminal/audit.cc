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

Audit::Audit(Loop* loop, std::string path, Listener* listener)
    : loop_(loop), path_(std::move(path)), listener_(listener) {
  if (!path_.empty() && !Open()) Fail(errno);
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
    errno = error;
    return false;
  }
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

// A line that the disk does not take leaves a gap that is told before the next one.
void Audit::Append(std::string_view what) {
  const bool open = file_ >= 0 || Open();
  if (open && TellGap() && WriteLine(StrCat(Time(), " ", what))) return Rotate();
  const int error = errno;
  ++lost_;
  Fail(error);
}

bool Audit::TellGap() {
  if (lost_ == 0) return true;
  if (!WriteLine(StrCat(Time(), " lost ", lost_))) return false;
  LogInfo("the audit goes on", {{"path", path_}, {"lost", lost_}});
  lost_ = 0;
  return true;
}

void Audit::Fail(int error) {
  if (problem_.empty()) {
    problem_ = AuditProblem(path_, error);
    LogError("what is typed is not audited", {{"path", path_}, {"error", std::strerror(error)}});
    // Told in a turn of its own: whoever hears may be under construction.
    retry_ = loop_->After(absl::ZeroDuration(), [this] { Retry(); });
  }
}

void Audit::Retry() {
  const auto done = std::move(retry_);
  if ((file_ >= 0 || Open()) && TellGap()) {
    problem_.clear();
  } else {
    retry_ = loop_->After(limits::kAuditRetry, [this] { Retry(); });
  }
  if (listener_ != nullptr) listener_->OnAuditProblem(problem_);
}

bool Audit::WriteLine(const std::string& content) {
  std::string hash = Hash(hash_, content);
  const std::string line = StrCat(content, " ", hash, "\n");
  const ssize_t n = write(file_, line.data(), line.size());
  if (n != static_cast<ssize_t>(line.size())) {
    const int error = n < 0 ? errno : ENOSPC;  // A part of it found room.
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
