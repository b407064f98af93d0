// Looks of cells, interned, with the hyperlinks and grapheme clusters that
// cells name by number.
#ifndef ATRIUM_TERMINAL_SCREEN_STYLE_H_
#define ATRIUM_TERMINAL_SCREEN_STYLE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace atrium::screen {

// A colour: bits 24-25 say how bits 0-23 are meant.
inline constexpr uint32_t kColorKindMask = 0x3000000;
inline constexpr uint32_t kColorDefault = 0;
inline constexpr uint32_t kColorAnsi = 0x1000000;     // 0..15
inline constexpr uint32_t kColorPalette = 0x2000000;  // 0..255
inline constexpr uint32_t kColorRgb = 0x3000000;
inline constexpr uint32_t kColorMask = 0x3ffffff;

// Flags of Style::fg and Style::bg, above the colour.
inline constexpr uint32_t kInverse = 1u << 26;
inline constexpr uint32_t kBold = 1u << 27;
inline constexpr uint32_t kUnderline = 1u << 28;
inline constexpr uint32_t kBlink = 1u << 29;
inline constexpr uint32_t kInvisible = 1u << 30;
inline constexpr uint32_t kStrikethrough = 1u << 31;
inline constexpr uint32_t kItalic = 1u << 26;
inline constexpr uint32_t kDim = 1u << 27;
inline constexpr uint32_t kExtended = 1u << 28;  // underline and link below count
inline constexpr uint32_t kProtected = 1u << 29;
inline constexpr uint32_t kOverline = 1u << 30;

enum class UnderlineStyle : uint8_t { kNone, kSingle, kDouble, kCurly, kDotted, kDashed };

// A pen or the look of a cell. As in the renderer, kExtended follows the other
// three fields only at certain steps, so it is a state of its own.
struct Style {
  uint32_t fg = 0;
  uint32_t bg = 0;
  uint32_t underline_color = 0;
  uint32_t link = 0;  // number of a Link, 0 for none
  UnderlineStyle underline = UnderlineStyle::kNone;

  bool extended() const { return (bg & kExtended) != 0; }
  bool is_protected() const { return (bg & kProtected) != 0; }
  // The background alone: what erasing leaves.
  Style Erased() const { return Style{.bg = bg & kColorMask}; }
  // Without what does not show while kExtended is off.
  Style Visible() const;
  // Sets or clears kExtended by whether there is an underline or a link.
  void UpdateExtended();

  bool operator==(const Style&) const = default;
  template <typename H>
  friend H AbslHashValue(H h, const Style& s) {
    return H::combine(std::move(h), s.fg, s.bg, s.underline_color, s.link, s.underline);
  }
};

struct Link {
  std::string id;  // the program's id= parameter; empty for none
  std::string uri;
  bool operator==(const Link&) const = default;
};

// Numbers for styles, links and clusters. Numbers stay valid until Sweep says
// which are still in use; unused ones are then given out again.
class StyleTable {
 public:
  StyleTable();

  uint32_t Intern(const Style& style);
  // The number of a style if it has one, otherwise UINT32_MAX.
  uint32_t Find(const Style& style) const;
  const Style& Get(uint32_t number) const { return styles_[number]; }

  // A link with an id is the same as an earlier one with that id and uri; one
  // without an id is always new.
  uint32_t AddLink(std::string_view id, std::string_view uri);
  const Link& GetLink(uint32_t number) const { return links_[number]; }

  uint32_t AddCluster(std::u32string text);
  const std::u32string& GetCluster(uint32_t number) const { return clusters_[number]; }
  std::u32string* MutableCluster(uint32_t number) { return &clusters_[number]; }

  // True when enough was added that a sweep is worth its time.
  bool WantsSweep() const;

  // Frees what is not marked.
  struct Marks {
    std::vector<bool> styles, links, clusters;
  };
  Marks NewMarks() const;
  void Sweep(Marks marks);

  size_t memory_bytes() const;

 private:
  void SweepLinks(const std::vector<bool>& used);

  // State.
  std::vector<Style> styles_;
  std::vector<uint32_t> free_styles_;
  absl::flat_hash_map<Style, uint32_t> style_numbers_;
  Style last_style_;
  uint32_t last_number_ = 0;

  std::vector<Link> links_;
  std::vector<uint32_t> free_links_;
  absl::flat_hash_map<std::string, uint32_t> link_numbers_;  // by id and uri
  size_t link_bytes_ = 0;

  std::vector<std::u32string> clusters_;
  std::vector<uint32_t> free_clusters_;

  size_t added_ = 0;  // since the last sweep
  size_t sweep_after_ = 4096;
};

}  // namespace atrium::screen

#endif  // ATRIUM_TERMINAL_SCREEN_STYLE_H_
