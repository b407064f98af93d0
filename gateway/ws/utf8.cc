#include "gateway/ws/utf8.h"

namespace atrium::gateway::ws {

bool Utf8Checker::Start(uint8_t byte) {
  low_ = 0x80;
  high_ = 0xbf;
  if (byte < 0x80) return true;
  if (byte < 0xc2 || byte > 0xf4) return false;
  left_ = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
  if (byte == 0xe0) low_ = 0xa0;
  if (byte == 0xed) high_ = 0x9f;
  if (byte == 0xf0) low_ = 0x90;
  if (byte == 0xf4) high_ = 0x8f;
  return true;
}

bool Utf8Checker::Add(std::string_view bytes) {
  for (const char c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    if (left_ == 0) {
      if (!Start(byte)) return false;
      continue;
    }
    if (byte < low_ || byte > high_) return false;
    low_ = 0x80;
    high_ = 0xbf;
    --left_;
  }
  return true;
}

std::string Utf8Repairer::Add(std::string_view bytes) {
  constexpr char kReplacement[] = "\xef\xbf\xbd";
  std::string text;
  Utf8Checker checker;
  checker.Add(held_);
  for (const char c : bytes) {
    bool known = checker.Add({&c, 1});
    if (!known && !held_.empty()) {
      // What was begun is no character; this byte may begin one.
      text += kReplacement;
      held_.clear();
      checker.Reset();
      known = checker.Add({&c, 1});
    }
    if (!known) {
      text += kReplacement;
      checker.Reset();
      continue;
    }
    held_.push_back(c);
    if (!checker.complete()) continue;
    text += held_;
    held_.clear();
  }
  return text;
}

}  // namespace atrium::gateway::ws
