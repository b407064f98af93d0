#include "gateway/compat/buffer_codec.h"

#include <algorithm>
#include <cstdint>

namespace atrium::gateway::compat {
namespace {

using atrium::v1::CellStyle;
using atrium::v1::ReadScreenResponse;
using atrium::v1::ScreenCell;
using atrium::v1::ScreenRow;

constexpr uint8_t kMagic = 0xbf;
constexpr uint8_t kEmptyRows = 0xfe, kRow = 0xfd;
constexpr size_t kMaxCells = 0xffff, kMaxCharacterBytes = 0xff;
constexpr uint32_t kRgb = 0x1000000;  // CellStyle's colours from here on are RGB.

// Bits of a cell's first byte.
enum Type : uint8_t {
  kAscii = 0x01,
  kUnicode = 0x02,
  kBackgroundRgb = 0x04,
  kForegroundRgb = 0x08,
  kBackground = 0x10,
  kForeground = 0x20,
  kMultibyte = 0x40,
  kExtended = 0x80,
};

void Put8(std::string* out, uint32_t value) { out->push_back(static_cast<char>(value)); }
void Put16(std::string* out, uint32_t value) {
  Put8(out, value);
  Put8(out, value >> 8);
}
void Put32(std::string* out, uint32_t value) {
  Put16(out, value);
  Put16(out, value >> 16);
}

uint8_t AttributesOf(const CellStyle& style) {
  return static_cast<uint8_t>((style.bold() ? 0x01 : 0) | (style.italic() ? 0x02 : 0) |
                              (style.underline() != 0 ? 0x04 : 0) | (style.dim() ? 0x08 : 0) |
                              (style.inverse() ? 0x10 : 0) | (style.invisible() ? 0x20 : 0) |
                              (style.strikethrough() ? 0x40 : 0));
}

void PutColour(std::string* out, uint32_t colour) {
  if (colour < kRgb) return Put8(out, colour - 1);
  Put8(out, colour >> 16);
  Put8(out, colour >> 8);
  Put8(out, colour);
}

const CellStyle& StyleOf(const ReadScreenResponse& screen, const ScreenCell& cell) {
  const bool known = cell.style() >= 0 && cell.style() < screen.styles_size();
  return known ? screen.styles(cell.style()) : CellStyle::default_instance();
}

bool IsSpace(const ScreenCell& cell) { return cell.text().empty() || cell.text() == " "; }

bool IsExtended(const CellStyle& style) {
  return style.foreground() != 0 || style.background() != 0 || AttributesOf(style) != 0;
}

bool IsBlank(const ReadScreenResponse& screen, const ScreenCell& cell) {
  return IsSpace(cell) && !IsExtended(StyleOf(screen, cell));
}

// Cells up to the last that is not a plain blank.
int UsedCells(const ReadScreenResponse& screen, const ScreenRow& row) {
  int used = row.cells_size();
  while (used > 0 && IsBlank(screen, row.cells(used - 1))) --used;
  return used;
}

// Cut between characters, for the length has one byte.
std::string_view Bounded(std::string_view text) {
  size_t n = std::min(text.size(), kMaxCharacterBytes);
  while (n < text.size() && n > 0 && (static_cast<uint8_t>(text[n]) & 0xc0) == 0x80) --n;
  return text.substr(0, n);
}

void PutCell(std::string* out, const ScreenCell& cell, const CellStyle& style) {
  const std::string_view text = Bounded(cell.text());
  const bool space = IsSpace(cell), extended = IsExtended(style);
  const bool ascii = text.size() == 1 && static_cast<uint8_t>(text[0]) < 0x80;
  uint8_t type = extended ? kExtended : 0;
  if (!space) type |= ascii ? kAscii : kMultibyte | kUnicode;
  if (style.foreground() != 0) type |= kForeground;
  if (style.background() != 0) type |= kBackground;
  if (style.foreground() >= kRgb) type |= kForegroundRgb;
  if (style.background() >= kRgb) type |= kBackgroundRgb;
  Put8(out, type);
  if (!space && !ascii) Put8(out, static_cast<uint32_t>(text.size()));
  if (!space) out->append(text);
  if (!extended) return;
  Put8(out, AttributesOf(style));
  if (style.foreground() != 0) PutColour(out, style.foreground());
  if (style.background() != 0) PutColour(out, style.background());
}

}  // namespace

std::string BufferPrefix(std::string_view session_id) {
  std::string out;
  Put8(&out, kMagic);
  Put32(&out, static_cast<uint32_t>(session_id.size()));
  return out.append(session_id);
}

std::string EncodeBuffer(const ReadScreenResponse& screen, bool bell) {
  int rows = screen.rows_size();
  while (rows > 1 && UsedCells(screen, screen.rows(rows - 1)) == 0) --rows;
  std::string out;
  Put16(&out, 0x5654);
  Put8(&out, 1);
  Put8(&out, bell ? 1 : 0);
  Put32(&out, static_cast<uint32_t>(screen.size().columns()));
  Put32(&out, static_cast<uint32_t>(std::max(rows, 1)));
  Put32(&out, 0);  // The screen begins at its own first line.
  Put32(&out, static_cast<uint32_t>(screen.cursor_column()));
  Put32(&out, static_cast<uint32_t>(screen.cursor_row()));
  Put32(&out, 0);
  for (int i = 0; i < std::max(rows, 1); ++i) {
    const ScreenRow& row = i < rows ? screen.rows(i) : ScreenRow::default_instance();
    const int used = std::min(UsedCells(screen, row), static_cast<int>(kMaxCells));
    if (used == 0) {
      Put8(&out, kEmptyRows);
      Put8(&out, 1);
      continue;
    }
    Put8(&out, kRow);
    Put16(&out, static_cast<uint32_t>(used));
    for (int k = 0; k < used; ++k) PutCell(&out, row.cells(k), StyleOf(screen, row.cells(k)));
  }
  return out;
}

}  // namespace atrium::gateway::compat
