// Frames as a WebSocket's other side makes them.
#ifndef ATRIUM_TESTS_SUPPORT_WS_FRAMES_H_
#define ATRIUM_TESTS_SUPPORT_WS_FRAMES_H_

#include <cstdint>
#include <string>

namespace atrium::gateway {

// How many bytes say how long the payload is.
enum class Length { kMinimal, kTwo, kEight };

// A frame whose first byte is `first`, of `payload`.
inline std::string Frame(int first, std::string payload, bool masked = true,
                         Length length = Length::kMinimal) {
  std::string frame(1, static_cast<char>(first));
  const size_t n = payload.size();
  const int mask_bit = masked ? 0x80 : 0;
  const auto put = [&](int bytes) {
    for (int i = bytes - 1; i >= 0; --i) frame += static_cast<char>(static_cast<uint64_t>(n) >> (8 * i));
  };
  if (length == Length::kEight || n > 0xffff) {
    frame += static_cast<char>(mask_bit | 127);
    put(8);
  } else if (length == Length::kTwo || n > 125) {
    frame += static_cast<char>(mask_bit | 126);
    put(2);
  } else {
    frame += static_cast<char>(mask_bit | static_cast<int>(n));
  }
  if (!masked) return frame + payload;
  const std::string mask = "\x01\x02\x83\x04";
  for (size_t i = 0; i < n; ++i) payload[i] ^= mask[i & 3];
  return frame + mask + payload;
}

}  // namespace atrium::gateway

#endif  // ATRIUM_TESTS_SUPPORT_WS_FRAMES_H_
