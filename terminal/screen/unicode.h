// Widths and grapheme clusters, by the table the page's renderer uses
// (@xterm/addon-unicode-graphemes), and UTF-8 as that renderer reads it.
#ifndef ATRIUM_TERMINAL_SCREEN_UNICODE_H_
#define ATRIUM_TERMINAL_SCREEN_UNICODE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace atrium::screen {

// What the last printed code point leaves behind for the next one: its
// grapheme-break class and the width of the cluster so far. Empty when
// something other than printing happened since.
class JoinState {
 public:
  constexpr JoinState() = default;
  constexpr JoinState(int break_class, int width)
      : bits_(static_cast<uint8_t>(0x80 | width << 4 | break_class)) {}

  constexpr bool empty() const { return bits_ == 0; }
  constexpr int break_class() const { return bits_ & 0x0f; }
  constexpr int width() const { return (bits_ >> 4) & 3; }
  constexpr bool operator==(const JoinState&) const = default;

 private:
  uint8_t bits_ = 0;
};

inline constexpr int kBreakOther = 0;
inline constexpr int kBreakPrepend = 1;
inline constexpr JoinState kAsciiJoin(kBreakOther, 1);

struct Joined {
  JoinState state;  // After the code point; its width is the cluster's.
  bool joins;       // Whether it belongs to the cluster before it.
};

Joined Join(JoinState before, char32_t code);

enum class DecodeResult { kCodePoint, kSkip, kIncomplete };

// Reads one sequence of [data, end) as the renderer does: a wrong continuation
// drops the bytes before it, illegal code points and byte order marks vanish,
// nothing is ever replaced by U+FFFD. *length is what to advance by.
DecodeResult DecodeUtf8(const char* data, const char* end, char32_t* code, int* length);

void AppendUtf8(char32_t code, std::string* out);

std::u32string ToCodePoints(std::string_view utf8);

}  // namespace atrium::screen

#endif  // ATRIUM_TERMINAL_SCREEN_UNICODE_H_
