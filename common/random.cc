#include "common/random.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>

namespace atrium {
namespace {

std::string Base32(const std::string& bytes) {
  static constexpr char kAlphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
  std::string out;
  unsigned bits = 0, count = 0;
  for (unsigned char byte : bytes) {
    bits = (bits << 8) | byte;
    count += 8;
    while (count >= 5) {
      out += kAlphabet[(bits >> (count - 5)) & 31];
      count -= 5;
    }
  }
  if (count > 0) out += kAlphabet[(bits << (5 - count)) & 31];
  return out;
}

}  // namespace

std::string RandomBytes(size_t bytes) {
  std::string out(bytes, '\0');
  size_t done = 0;
  while (done < bytes) {
    const ssize_t n = getrandom(out.data() + done, bytes - done, 0);
    if (n > 0) done += static_cast<size_t>(n);
    if (n < 0 && errno != EINTR) std::abort();  // No randomness, no security.
  }
  return out;
}

std::string RandomId() { return Base32(RandomBytes(16)); }
std::string RandomSecret() { return Base32(RandomBytes(32)); }

}  // namespace atrium
