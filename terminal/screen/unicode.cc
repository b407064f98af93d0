#include "terminal/screen/unicode.h"

#include <array>
#include <memory>
#include <vector>

namespace atrium::screen {
namespace {

constexpr uint32_t kRuns[] = {
#include "terminal/screen/width_table.inc"
};

constexpr int kExtend = 2;
constexpr int kRegionalIndicator = 3;
constexpr int kSpacingMark = 4;
constexpr int kHangulL = 5;
constexpr int kHangulV = 6;
constexpr int kHangulT = 7;
constexpr int kHangulLv = 8;
constexpr int kHangulLvt = 9;
constexpr int kZeroWidthJoiner = 10;
constexpr int kPictograph = 11;

constexpr int kBlockBits = 7;
constexpr int kBlockSize = 1 << kBlockBits;
constexpr int kBlocks = 0x110000 >> kBlockBits;

// The runs unfolded into shared blocks of 128 code points.
struct PropertyTable {
  PropertyTable() {
    std::array<uint8_t, kBlockSize> block;
    size_t run = 0;
    for (int i = 0; i < kBlocks; ++i) {
      for (int j = 0; j < kBlockSize; ++j) {
        const uint32_t code = static_cast<uint32_t>(i) << kBlockBits | static_cast<uint32_t>(j);
        while (run + 1 < std::size(kRuns) && (kRuns[run + 1] >> 8) <= code) ++run;
        block[j] = static_cast<uint8_t>(kRuns[run]);
      }
      index[i] = Place(block);
    }
  }

  uint16_t Place(const std::array<uint8_t, kBlockSize>& block) {
    for (size_t i = 0; i < blocks.size(); ++i) {
      if (blocks[i] == block) return static_cast<uint16_t>(i);
    }
    blocks.push_back(block);
    return static_cast<uint16_t>(blocks.size() - 1);
  }

  uint8_t Get(char32_t code) const {
    return blocks[index[code >> kBlockBits]][code & (kBlockSize - 1)];
  }

  std::array<uint16_t, kBlocks> index;
  std::vector<std::array<uint8_t, kBlockSize>> blocks;
};

const PropertyTable& Properties() {
  static const PropertyTable* const table = new PropertyTable;
  return *table;
}

bool HangulJoins(int before, int after) {
  switch (before) {
    case kHangulL:
      return after == kHangulL || after == kHangulV || after == kHangulLv || after == kHangulLvt;
    case kHangulV:
    case kHangulLv:
      return after == kHangulV || after == kHangulT;
    case kHangulT:
    case kHangulLvt:
      return after == kHangulT;
    default:
      return false;
  }
}

bool ClassesJoin(int before, int after) {
  if (after == kExtend || after == kZeroWidthJoiner || after == kSpacingMark) return true;
  if (before == kBreakPrepend) return true;
  if (before == kZeroWidthJoiner && after == kPictograph) return true;
  if (before == kRegionalIndicator && after == kRegionalIndicator) return true;
  return HangulJoins(before, after);
}

bool IsContinuation(char byte) { return (static_cast<uint8_t>(byte) & 0xc0) == 0x80; }

}  // namespace

Joined Join(JoinState before, char32_t code) {
  const uint8_t property = Properties().Get(code);
  const int after = property & 0x0f;
  int width = (property & 0x10) != 0 ? 2 : 1;
  if (before.empty() || !ClassesJoin(before.break_class(), after)) {
    return {JoinState(after, width), false};
  }
  const bool pair = after == kRegionalIndicator;
  if (before.width() > width) {
    width = before.width();
  } else if (pair) {
    width = 2;
  }
  // A third regional indicator starts anew, so a pair leaves no class.
  return {JoinState(pair ? kBreakOther : after, width), true};
}

DecodeResult DecodeUtf8(const char* data, const char* end, char32_t* code, int* length) {
  const uint8_t lead = static_cast<uint8_t>(*data);
  *length = 1;
  if (lead < 0x80) {
    *code = lead;
    return DecodeResult::kCodePoint;
  }
  int size = 0;
  char32_t value = 0;
  char32_t least = 0;
  if ((lead & 0xe0) == 0xc0) {
    size = 2, value = lead & 0x1f, least = 0x80;
  } else if ((lead & 0xf0) == 0xe0) {
    size = 3, value = lead & 0x0f, least = 0x800;
  } else if ((lead & 0xf8) == 0xf0) {
    size = 4, value = lead & 0x07, least = 0x10000;
  } else {
    return DecodeResult::kSkip;
  }
  for (int i = 1; i < size; ++i) {
    *length = i;
    if (data + i == end) return DecodeResult::kIncomplete;
    if (!IsContinuation(data[i])) return DecodeResult::kSkip;
    value = value << 6 | (static_cast<uint8_t>(data[i]) & 0x3f);
  }
  *length = size;
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < least || value > 0x10ffff || surrogate || value == 0xfeff) {
    return DecodeResult::kSkip;
  }
  *code = value;
  return DecodeResult::kCodePoint;
}

void AppendUtf8(char32_t code, std::string* out) {
  if (code < 0x80) {
    out->push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out->push_back(static_cast<char>(0xc0 | code >> 6));
    out->push_back(static_cast<char>(0x80 | (code & 0x3f)));
  } else if (code < 0x10000) {
    out->push_back(static_cast<char>(0xe0 | code >> 12));
    out->push_back(static_cast<char>(0x80 | (code >> 6 & 0x3f)));
    out->push_back(static_cast<char>(0x80 | (code & 0x3f)));
  } else {
    out->push_back(static_cast<char>(0xf0 | code >> 18));
    out->push_back(static_cast<char>(0x80 | (code >> 12 & 0x3f)));
    out->push_back(static_cast<char>(0x80 | (code >> 6 & 0x3f)));
    out->push_back(static_cast<char>(0x80 | (code & 0x3f)));
  }
}

std::u32string ToCodePoints(std::string_view utf8) {
  std::u32string codes;
  const char* at = utf8.data();
  const char* const end = at + utf8.size();
  while (at < end) {
    char32_t code = 0;
    int length = 0;
    if (DecodeUtf8(at, end, &code, &length) == DecodeResult::kCodePoint) codes.push_back(code);
    at += length;
  }
  return codes;
}

}  // namespace atrium::screen
