#include "media/look.h"

#include <algorithm>
#include <cstdlib>

namespace atrium::media {
namespace {

// A field of a screen of 1280 x 720 is 40 pixels wide and high: a word in it shows.
constexpr int kColumns = 32, kRows = 18;
constexpr size_t kSizeBytes = 4;
constexpr size_t kLookBytes = kSizeBytes + kColumns * kRows;
// What the same picture may differ by when it is coded anew.
constexpr int kNoise = 3;

// Where field `i` of `count` begins along `size` pixels.
int Begin(int i, int count, int size) {
  return static_cast<int>(static_cast<int64_t>(i) * size / count);
}

uint8_t MeanOf(const Luma& luma, int left, int right, int top, int bottom) {
  // A picture smaller than the grid has fields of one pixel, some of them alike.
  right = std::max(right, left + 1);
  bottom = std::max(bottom, top + 1);
  uint64_t sum = 0;
  for (int y = top; y < bottom; ++y) {
    const uint8_t* row = luma.pixels + static_cast<size_t>(y) * luma.stride;
    uint32_t in_row = 0;
    for (int x = left; x < right; ++x) in_row += row[x];
    sum += in_row;
  }
  return static_cast<uint8_t>(
      sum / (static_cast<uint64_t>(right - left) * static_cast<uint64_t>(bottom - top)));
}

}  // namespace

std::string LookOf(const Luma& luma) {
  std::string look;
  for (int size : {luma.width, luma.height}) {
    look.push_back(static_cast<char>(size & 0xff));
    look.push_back(static_cast<char>(size >> 8 & 0xff));
  }
  for (int row = 0; row < kRows; ++row) {
    const int top = Begin(row, kRows, luma.height), bottom = Begin(row + 1, kRows, luma.height);
    for (int column = 0; column < kColumns; ++column) {
      look.push_back(
          static_cast<char>(MeanOf(luma, Begin(column, kColumns, luma.width),
                                   Begin(column + 1, kColumns, luma.width), top, bottom)));
    }
  }
  return look;
}

bool LooksSame(std::string_view a, std::string_view b) {
  if (a.size() != kLookBytes || b.size() != kLookBytes) return false;
  if (a.substr(0, kSizeBytes) != b.substr(0, kSizeBytes)) return false;
  return std::equal(a.begin() + kSizeBytes, a.end(), b.begin() + kSizeBytes, [](char x, char y) {
    return std::abs(static_cast<uint8_t>(x) - static_cast<uint8_t>(y)) <= kNoise;
  });
}

}  // namespace atrium::media
