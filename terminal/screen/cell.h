// One cell of the grid in eight bytes.
#ifndef ATRIUM_TERMINAL_SCREEN_CELL_H_
#define ATRIUM_TERMINAL_SCREEN_CELL_H_

#include <cstdint>

namespace atrium::screen {

// `content` holds a code point (or the number of a cluster) and the width;
// `style` is a number of StyleTable, 0 being the default look. A cell without
// text has content() == 0; the right half of a wide one also has width() == 0.
struct Cell {
  static constexpr uint32_t kCodeMask = 0x1fffff;
  static constexpr uint32_t kCluster = 0x200000;
  static constexpr uint32_t kTextMask = 0x3fffff;
  static constexpr int kWidthShift = 22;

  static constexpr Cell Of(uint32_t code, int width, uint32_t style) {
    return Cell{code | static_cast<uint32_t>(width) << kWidthShift, style};
  }
  static constexpr Cell Blank(uint32_t style) { return Of(0, 1, style); }

  constexpr bool has_text() const { return (bits & kTextMask) != 0; }
  constexpr bool is_cluster() const { return (bits & kCluster) != 0; }
  constexpr uint32_t code() const { return bits & kCodeMask; }
  constexpr int width() const { return static_cast<int>(bits >> kWidthShift); }
  constexpr bool operator==(const Cell&) const = default;

  uint32_t bits = 1u << kWidthShift;
  uint32_t style = 0;
};
static_assert(sizeof(Cell) == 8);

}  // namespace atrium::screen

#endif  // ATRIUM_TERMINAL_SCREEN_CELL_H_
