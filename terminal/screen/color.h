// Colour specifications of OSC 4 and 10-12, and the colours we answer with.
#ifndef ATRIUM_TERMINAL_SCREEN_COLOR_H_
#define ATRIUM_TERMINAL_SCREEN_COLOR_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace atrium::screen {

// Reads "rgb:r/g/b" with one to four digits each or "#" with 3, 6, 9 or 12
// digits into 0xrrggbb, rounding as the renderer does.
std::optional<uint32_t> ParseColor(std::string_view text);

// "rgb:rrrr/gggg/bbbb".
std::string FormatColor(uint32_t color);

// The renderer's default colour for 0..255.
uint32_t DefaultPaletteColor(int index);

}  // namespace atrium::screen

#endif  // ATRIUM_TERMINAL_SCREEN_COLOR_H_
