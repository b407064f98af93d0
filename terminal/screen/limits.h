// Bounds of the terminal core: what hostile output can make it hold.
#ifndef ATRIUM_TERMINAL_SCREEN_LIMITS_H_
#define ATRIUM_TERMINAL_SCREEN_LIMITS_H_

#include <cstddef>
#include <cstdint>

namespace atrium::screen {

// The renderer cannot be narrower than two columns.
inline constexpr int kMinColumns = 2;
inline constexpr int kMaxColumns = 1000;
inline constexpr int kMinRows = 1;
inline constexpr int kMaxRows = 500;

inline constexpr int kMaxScrollbackLines = 100'000;
inline constexpr size_t kMaxScrollbackBytes = 16u << 20;

inline constexpr int kMaxParams = 32;
inline constexpr int kMaxSubParams = 32;
inline constexpr int32_t kMaxParamValue = 0x7fffffff;

// A count above this makes IL, DL, SU, SD, CHT and CBT do nothing; the page
// swallows them too, since its renderer would loop for minutes. The same for
// REP, where every count is so many characters to print.
inline constexpr int32_t kMaxCount = 65535;
inline constexpr int32_t kMaxRepeat = 8192;

// Payloads in UTF-16 units, as the page counts them. Longer ones are ignored.
inline constexpr size_t kMaxOscUnits = 64u << 10;
inline constexpr size_t kMaxClipboardUnits = 1u << 20;
inline constexpr size_t kMaxDcsUnits = 1u << 20;

// Code points kept of one grapheme cluster. Longer clusters keep their width.
inline constexpr size_t kMaxClusterCodePoints = 64;

// Text of all live hyperlinks together; a link past it keeps its extent only.
inline constexpr size_t kMaxLinkBytes = 4u << 20;

// Styles and clusters; past it the scrollback gets shorter.
inline constexpr size_t kMaxStyleBytes = 32u << 20;

inline constexpr size_t kMaxTitleBytes = 512;
inline constexpr size_t kMaxPathBytes = 4096;
// What a shell says of a command it starts, and the key of a mark.
inline constexpr size_t kMaxCommandTextBytes = 4096;
inline constexpr size_t kMaxMarkKeyBytes = 64;

}  // namespace atrium::screen

#endif  // ATRIUM_TERMINAL_SCREEN_LIMITS_H_
