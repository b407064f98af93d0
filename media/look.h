// How a picture looks, coarsely, so that two can be compared without keeping either.
// Pure.
#ifndef ATRIUM_MEDIA_LOOK_H_
#define ATRIUM_MEDIA_LOOK_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace atrium::media {

// The brightness of a picture, 8 bits a pixel, rows `stride` bytes apart.
struct Luma {
  const uint8_t* pixels = nullptr;
  size_t stride = 0;
  int width = 0, height = 0;
};

// Its size and the mean brightness in each field of a grid.
std::string LookOf(const Luma& luma);
// Whether they are of the same size and no field differs by more than a coder's noise;
// also false if one is not a look at all.
bool LooksSame(std::string_view a, std::string_view b);

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_LOOK_H_
