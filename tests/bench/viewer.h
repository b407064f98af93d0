// Viewer is a page that counts and acknowledges: one WebSocket, one tab.
#ifndef ATRIUM_TESTS_BENCH_VIEWER_H_
#define ATRIUM_TESTS_BENCH_VIEWER_H_

#include <errno.h>

#include <functional>
#include <memory>
#include <string>

#include "wire.h"

namespace bench {

class Viewer {
 public:
  // What it counted.
  int64_t output_bytes = 0, screen_bytes = 0, offset = 0;
  int marks = 0, screens = 0;
  bool welcomed = false, closed = false;
  std::string words;  // All text messages, while `keeps_words`.
  bool keeps_words = false;
  // Payload is dropped by the kernel, unseen: for many viewers in one process.
  bool discards = false;

  Viewer(int port, const std::string& ticket, const std::string& session, const std::string& page)
      : fd_(Connect(port)), session_(session), page_(page) {
    WriteAll(fd_, UpgradeRequest(port, "/ws", "atrium.v1, ticket." + ticket));
  }
  ~Viewer() { close(fd_); }
  Viewer(const Viewer&) = delete;
  Viewer& operator=(const Viewer&) = delete;

  int fd() const { return fd_; }

  void SayJson(const std::string& json) { WriteAll(fd_, Frame(1, json)); }
  void Subscribe(const std::string& tab, bool lossless) {
    tab_ = tab;
    SayJson("{\"subscribe\":{\"tab\":\"" + tab + "\",\"offset\":\"" + (lossless ? "0" : "-1") + "\",\"delivery\":\"" +
            (lossless ? "LOSSLESS" : "LIVE") + "\"}}");
  }
  void Type(std::string_view text) {
    const std::string input = Field(1, tab_) + Field(2, ++sequence_) + Field(3, text);
    WriteAll(fd_, Frame(2, Field(5, input)));
  }

  // Takes what is there, once; blocks for it unless told not to.
  void Read(bool wait) {
    if (skip_ > 0) {
      const ssize_t n = Receive(nullptr, std::min<uint64_t>(skip_, 1 << 20), wait, MSG_TRUNC);
      if (n > 0) Skip(static_cast<uint64_t>(n));
      return;
    }
    const size_t want = !discards ? 64 << 10 : std::max<uint64_t>(needed_, 160);
    const size_t held = held_.size();
    held_.resize(held + want);
    const ssize_t n = Receive(held_.data() + held, want, wait, 0);
    held_.resize(held + static_cast<size_t>(std::max<ssize_t>(n, 0)));
    if (n > 0) Parse();
  }
  void Until(const std::function<bool()>& done, const char* what, double seconds = 60) {
    const double end = Now() + seconds;
    timeval pause{0, 200000};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &pause, sizeof pause);
    while (!done()) {
      if (closed) Die(std::string("closed before: ") + what);
      if (Now() > end) Die(std::string("not in time: ") + what);
      Read(true);
    }
  }

 private:
  ssize_t Receive(char* at, size_t size, bool wait, int flags) {
    static char nowhere[1 << 20];
    const ssize_t n = recv(fd_, at == nullptr ? nowhere : at, size, flags | (wait ? 0 : MSG_DONTWAIT));
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) closed = true;
    return n;
  }
  void Skip(uint64_t n) {
    output_bytes += static_cast<int64_t>(n);
    offset += static_cast<int64_t>(n);
    skip_ -= n;
    if (skip_ == 0) Acknowledge(false);
  }
  void Acknowledge(bool at_once) {
    if (!at_once && offset - acknowledged_ < (64 << 10)) return;
    acknowledged_ = offset;
    WriteAll(fd_, Frame(2, Field(6, Field(1, tab_) + Field(2, static_cast<uint64_t>(offset)))));
  }
  void Parse() {
    std::string_view in(held_);
    for (;;) {
      if (skip_ > 0) {
        const uint64_t here = std::min<uint64_t>(skip_, in.size());
        if (here == 0) break;
        in.remove_prefix(here);
        Skip(here);
      } else if (!TakeOne(&in)) {
        break;
      }
    }
    held_.erase(0, held_.size() - in.size());
  }
  bool TakeOne(std::string_view* in) {
    needed_ = 0;
    if (!upgraded_) {
      const size_t end = in->find("\r\n\r\n");
      if (end == std::string_view::npos) return false;
      if (in->substr(0, end).find(" 101") == std::string_view::npos) {
        Die("no upgrade: " + std::string(in->substr(0, end)));
      }
      upgraded_ = true;
      in->remove_prefix(end + 4);
      SayJson("{\"hello\":{\"session\":\"" + session_ + "\",\"pageId\":\"" + page_ + "\"}}");
      return true;
    }
    int opcode;
    uint64_t length;
    const size_t header = ParseFrame(*in, &opcode, &length);
    if (header == 0) return false;
    const std::string_view rest = in->substr(header);
    // 0x22: output.
    if (discards && opcode == 2 && !rest.empty() && rest[0] == 0x22 &&
        (rest.size() >= 128 || rest.size() >= length)) {
      in->remove_prefix(header + Output(rest.substr(0, length), /*head_only=*/true));
      return true;
    }
    if (rest.size() < length) {
      if (!(discards && opcode == 2 && (rest.empty() || rest[0] == 0x22))) needed_ = length - rest.size();
      return false;
    }
    Hear(opcode, rest.substr(0, length));
    in->remove_prefix(header + length);
    return true;
  }
  void Hear(int opcode, std::string_view payload) {
    if (opcode == 8) closed = true;
    if (opcode == 9) WriteAll(fd_, Frame(10, payload));
    if (opcode == 1) {
      if (!welcomed && payload.substr(0, 12).find("welcome") != std::string_view::npos) welcomed = true;
      if (keeps_words) words.append(payload).push_back('\n');
    }
    if (opcode != 2 || payload.empty()) return;
    if (payload[0] == 0x22) Output(payload, false);
    if (payload[0] == 0x32) Screen(payload);
  }
  // Returns the size of what stands before the bytes.
  size_t Output(std::string_view all, bool head_only) {
    std::string_view in = all;
    uint64_t n = 0, at = 0;
    in.remove_prefix(1);
    GetVarint(&in, &n);
    while (!in.empty()) {
      const int tag = in[0];
      in.remove_prefix(1);
      if (!GetVarint(&in, &n)) break;
      if (tag == 0x10) at = n;
      if (tag == 0x1a) break;
      if (tag == 0x0a) in.remove_prefix(n);
    }
    offset = static_cast<int64_t>(at);
    if (head_only) {
      skip_ = n;
    } else {
      const std::string_view bytes = in.substr(0, n);
      offset += static_cast<int64_t>(n);
      output_bytes += static_cast<int64_t>(n);
      if (memchr(bytes.data(), kMark, bytes.size()) != nullptr) marks += static_cast<int>(CountMarks(bytes));
      Acknowledge(false);
    }
    return all.size() - in.size();
  }
  void Screen(std::string_view in) {
    uint64_t n = 0, at = 0, last = 0;
    in.remove_prefix(1);
    GetVarint(&in, &n);
    while (!in.empty()) {
      const int tag = in[0];
      in.remove_prefix(1);
      if (!GetVarint(&in, &n)) break;
      if (tag == 0x10) at = n;
      if (tag == 0x30) last = n;
      if ((tag & 7) == 2) {
        if (tag == 0x22) screen_bytes += static_cast<int64_t>(n);
        in.remove_prefix(std::min<size_t>(n, in.size()));
      }
    }
    if (last == 0) return;
    ++screens;
    offset = static_cast<int64_t>(at);
    Acknowledge(true);
  }

  const int fd_;
  const std::string session_, page_;
  std::string tab_, held_;
  uint64_t sequence_ = 0, skip_ = 0, needed_ = 0;
  int64_t acknowledged_ = 0;
  bool upgraded_ = false;
};

}  // namespace bench

#endif  // ATRIUM_TESTS_BENCH_VIEWER_H_
