// Utf8Checker reads UTF-8 as it comes, split anywhere, and says at the first wrong
// byte that it is wrong (RFC 3629: no surrogates, nothing overlong, nothing over
// U+10FFFF). NUL is a character like any other. Pure.
#ifndef ATRIUM_GATEWAY_WS_UTF8_H_
#define ATRIUM_GATEWAY_WS_UTF8_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace atrium::gateway::ws {

class Utf8Checker {
 public:
  // False at the first byte that no UTF-8 can go on with; then start anew.
  bool Add(std::string_view bytes);
  // True between characters.
  bool complete() const { return left_ == 0; }
  void Reset() { left_ = 0; }

 private:
  bool Start(uint8_t byte);

  int left_ = 0;                        // Bytes that the character still needs.
  uint8_t low_ = 0x80, high_ = 0xbf;    // What the next of them may be.
};

// Makes text of bytes that come split anywhere: what is not UTF-8 becomes U+FFFD,
// and a character that has not wholly come waits. Pure.
class Utf8Repairer {
 public:
  std::string Add(std::string_view bytes);

 private:
  std::string held_;  // The beginning of a character; at most three bytes.
};

}  // namespace atrium::gateway::ws

#endif  // ATRIUM_GATEWAY_WS_UTF8_H_
