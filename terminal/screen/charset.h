// Character sets a program can designate: DEC graphics and the national ones.
#ifndef ATRIUM_TERMINAL_SCREEN_CHARSET_H_
#define ATRIUM_TERMINAL_SCREEN_CHARSET_H_

#include <array>
#include <cstdint>

namespace atrium::screen {

// US ASCII is a null Charset*. Charsets are static and never freed.
struct Charset {
  char flag;                       // its final byte in ESC ( F
  std::array<char32_t, 128> text;  // 0 where ASCII stays as it is

  char32_t Map(char32_t code) const { return code < 127 && text[code] != 0 ? text[code] : code; }
  // What to send for `code` to be printed; 0 when nothing does.
  char32_t Unmap(char32_t code) const;
};

// Sets *charset and returns true for a known final byte, 'B' being US ASCII.
bool FindCharset(char flag, const Charset** charset);

}  // namespace atrium::screen

#endif  // ATRIUM_TERMINAL_SCREEN_CHARSET_H_
