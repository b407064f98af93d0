#include "terminal/screen/color.h"

#include <algorithm>
#include <array>
#include <vector>

#include "terminal/screen/text.h"

namespace atrium::screen {
namespace {

constexpr std::array<uint32_t, 16> kAnsi = {
    0x2e3436, 0xcc0000, 0x4e9a06, 0xc4a000, 0x3465a4, 0x75507b, 0x06989a, 0xd3d7cf,
    0x555753, 0xef2929, 0x8ae234, 0xfce94f, 0x729fcf, 0xad7fa8, 0x34e2e2, 0xeeeeec};

std::optional<uint32_t> ParseHex(std::string_view digits) {
  if (!std::all_of(digits.begin(), digits.end(), IsHexDigit)) return std::nullopt;
  return ParseInt(digits, 16);
}

std::optional<uint32_t> ParseRgb(std::string_view text) {
  const std::vector<std::string_view> parts = Split(text, '/');
  if (parts.size() != 3) return std::nullopt;
  const size_t digits = parts[0].size();
  if (digits < 1 || digits > 4) return std::nullopt;
  const uint32_t base = (1u << (4 * digits)) - 1;
  uint32_t color = 0;
  for (std::string_view part : parts) {
    const std::optional<uint32_t> value = ParseHex(part);
    if (part.size() != digits || !value.has_value()) return std::nullopt;
    color = color << 8 | (*value * 255 * 2 + base) / (base * 2);
  }
  return color;
}

std::optional<uint32_t> ParseHash(std::string_view text) {
  const size_t digits = text.size() / 3;
  if (text.size() % 3 != 0 || digits < 1 || digits > 4) return std::nullopt;
  uint32_t color = 0;
  for (size_t i = 0; i < 3; ++i) {
    const std::optional<uint32_t> value = ParseHex(text.substr(i * digits, digits));
    if (!value.has_value()) return std::nullopt;
    const uint32_t eight = digits == 1 ? *value << 4 : *value >> (4 * digits - 8);
    color = color << 8 | eight;
  }
  return color;
}

}  // namespace

std::optional<uint32_t> ParseColor(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  std::string_view rest = lower;
  if (ConsumePrefix(&rest, "rgb:")) return ParseRgb(rest);
  if (ConsumePrefix(&rest, "#")) return ParseHash(rest);
  return std::nullopt;
}

std::string FormatColor(uint32_t color) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text = "rgb";
  for (int shift = 16; shift >= 0; shift -= 8) {
    const uint32_t value = color >> shift & 0xff;
    const std::string hex = {kDigits[value >> 4], kDigits[value & 15]};
    Append(&text, shift == 16 ? ':' : '/', hex, hex);
  }
  return text;
}

uint32_t DefaultPaletteColor(int index) {
  constexpr std::array<uint32_t, 6> kLevels = {0x00, 0x5f, 0x87, 0xaf, 0xd7, 0xff};
  if (index < 16) return kAnsi[static_cast<size_t>(index)];
  if (index < 232) {
    const auto cube = static_cast<size_t>(index - 16);
    return kLevels[cube / 36] << 16 | kLevels[cube / 6 % 6] << 8 | kLevels[cube % 6];
  }
  const uint32_t gray = 8 + static_cast<uint32_t>(index - 232) * 10;
  return gray << 16 | gray << 8 | gray;
}

}  // namespace atrium::screen
