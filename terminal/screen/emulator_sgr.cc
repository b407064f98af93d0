// SGR, with the order of steps that decides when kExtended changes.
#include <array>

#include "terminal/screen/emulator.h"

namespace atrium::screen {
namespace {

constexpr uint32_t kRgbMask = 0xffffff;

uint32_t WithAnsi(uint32_t bits, int32_t color) {
  return (bits & ~kColorMask) | kColorAnsi | static_cast<uint32_t>(color);
}

// `mode` 2 is direct colour, 5 the palette; others change nothing.
uint32_t WithColor(uint32_t bits, int32_t mode, int32_t a, int32_t b, int32_t c) {
  const uint32_t rest = bits & ~kColorMask;
  if (mode == 2) {
    return rest | kColorRgb | (static_cast<uint32_t>(a) & 0xff) << 16 |
           (static_cast<uint32_t>(b) & 0xff) << 8 | (static_cast<uint32_t>(c) & 0xff);
  }
  if (mode == 5) return rest | kColorPalette | (static_cast<uint32_t>(a) & 0xff);
  return bits;
}

}  // namespace

void Emulator::ResetRendition() {
  pen_.fg = 0;
  pen_.bg = 0;
  pen_.underline = UnderlineStyle::kNone;
  pen_.underline_color = 0;
  pen_.UpdateExtended();
}

void Emulator::SetUnderline(int32_t style) {
  if (style < 0 || style > 5) style = 1;
  pen_.underline = static_cast<UnderlineStyle>(style);
  pen_.fg |= kUnderline;
  if (style == 0) pen_.fg &= ~kUnderline;
  pen_.UpdateExtended();
}

void Emulator::SelectRendition(const Params& params) {
  for (int i = 0; i < params.size(); ++i) {
    const int32_t what = params[i];
    if (what == 4) {
      pen_.fg |= kUnderline;
      SetUnderline(params.sub_size(i) > 0 ? params.Sub(i, 0) : 1);
    } else if (what == 38 || what == 48 || what == 58) {
      i += ExtractColor(params, i);
    } else if (!SelectFlag(what)) {
      SelectColor(what);
    }
  }
}

bool Emulator::SelectFlag(int32_t what) {
  switch (what) {
    case 0:
      ResetRendition();
      return true;
    case 1:
      pen_.fg |= kBold;
      return true;
    case 2:
      pen_.bg |= kDim;
      return true;
    case 3:
      pen_.bg |= kItalic;
      return true;
    case 5:
      pen_.fg |= kBlink;
      return true;
    case 7:
      pen_.fg |= kInverse;
      return true;
    case 8:
      pen_.fg |= kInvisible;
      return true;
    case 9:
      pen_.fg |= kStrikethrough;
      return true;
    case 21:
      SetUnderline(2);
      return true;
    case 22:
      pen_.fg &= ~kBold;
      pen_.bg &= ~kDim;
      return true;
    case 23:
      pen_.bg &= ~kItalic;
      return true;
    case 24:
      SetUnderline(0);
      return true;
    case 25:
      pen_.fg &= ~kBlink;
      return true;
    case 27:
      pen_.fg &= ~kInverse;
      return true;
    case 28:
      pen_.fg &= ~kInvisible;
      return true;
    case 29:
      pen_.fg &= ~kStrikethrough;
      return true;
    case 53:
      pen_.bg |= kOverline;
      return true;
    case 55:
      pen_.bg &= ~kOverline;
      return true;
    default:
      return false;
  }
}

bool Emulator::SelectColor(int32_t what) {
  if (what >= 30 && what <= 37) {
    pen_.fg = WithAnsi(pen_.fg, what - 30);
  } else if (what >= 40 && what <= 47) {
    pen_.bg = WithAnsi(pen_.bg, what - 40);
  } else if (what >= 90 && what <= 97) {
    pen_.fg = WithAnsi(pen_.fg, what - 90 + 8);
  } else if (what >= 100 && what <= 107) {
    pen_.bg = WithAnsi(pen_.bg, what - 100 + 8);
  } else if (what == 39) {
    pen_.fg &= ~kColorMask;
  } else if (what == 49) {
    pen_.bg &= ~kColorMask;
  } else if (what == 59) {
    // The renderer stores -1 here and shows white.
    pen_.underline_color = kColorRgb | kRgbMask;
    pen_.UpdateExtended();
  } else {
    return false;
  }
  return true;
}

// Reads 38, 48 or 58 with its colour, in the ; or : form or a mixture, and
// returns how many further parameters it took.
int Emulator::ExtractColor(const Params& params, int at) {
  // target, mode, colour space (ignored), then three values.
  std::array<int32_t, 6> values = {0, 0, -1, 0, 0, 0};
  constexpr int kSize = 6;
  int space = 0;  // 1 once the place of the colour space must be skipped
  int taken = 0;
  do {
    values[static_cast<size_t>(taken + space)] = params[at + taken];
    const int subs = params.sub_size(at + taken);
    if (subs > 0) {
      int i = 0;
      do {
        if (values[1] == 5) space = 1;
        const int slot = taken + i + 1 + space;
        if (slot < kSize) values[static_cast<size_t>(slot)] = params.Sub(at + taken, i);
      } while (++i < subs && i + taken + 1 + space < kSize);
      break;
    }
    if ((values[1] == 5 && taken + space >= 2) || (values[1] == 2 && taken + space >= 5)) break;
    if (values[1] != 0) space = 1;
  } while (++taken + at < params.size() && taken + space < kSize);
  for (size_t i = 2; i < kSize; ++i) {
    if (values[i] == -1) values[i] = 0;
  }
  uint32_t* target = nullptr;
  switch (values[0]) {
    case 38:
      target = &pen_.fg;
      break;
    case 48:
      target = &pen_.bg;
      break;
    case 58:
      target = &pen_.underline_color;
      break;
  }
  if (target != nullptr) *target = WithColor(*target, values[1], values[3], values[4], values[5]);
  return taken;
}

}  // namespace atrium::screen
