// What a Live session says has no items and no ends: Stretch cuts it into utterances where
// nothing comes for a while. Pure.
#ifndef ATRIUM_CONTROL_AGENT_LIVE_STRETCH_H_
#define ATRIUM_CONTROL_AGENT_LIVE_STRETCH_H_

#include <cstdint>
#include <string>

#include "common/str_cat.h"

namespace atrium::control {

class Stretch {
 public:
  // Utterances are named `{name}-1`, `{name}-2` and so on.
  explicit Stretch(std::string name) : name_(std::move(name)) {}

  bool open() const { return open_; }
  std::string id() const { return StrCat(name_, "-", number_); }
  const std::string& text() const { return text_; }
  int64_t start_ms() const { return start_ms_; }
  int64_t end_ms() const { return end_ms_; }

  // Begins one, if none is open; returns whether it did.
  bool Begin(int64_t start_ms) {
    if (open_) return false;
    open_ = true;
    ++number_;
    text_.clear();
    start_ms_ = end_ms_ = start_ms;
    return true;
  }
  void Append(const std::string& delta, int64_t end_ms) {
    text_ += delta;
    end_ms_ = end_ms > end_ms_ ? end_ms : end_ms_;
  }
  void End() { open_ = false; }

 private:
  const std::string name_;
  int number_ = 0;
  bool open_ = false;
  std::string text_;
  int64_t start_ms_ = 0, end_ms_ = 0;
};

// Whether 16-bit PCM holds nothing that anybody would hear (below -60 dBFS at its peak).
bool IsSilence(const std::string& pcm);

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_AGENT_LIVE_STRETCH_H_
