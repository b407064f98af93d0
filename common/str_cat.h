// absl::StrCat and absl::StrAppend that also take std::string_view: Debian builds
// Abseil with a string_view of its own.
#ifndef ATRIUM_COMMON_STR_CAT_H_
#define ATRIUM_COMMON_STR_CAT_H_

#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"

namespace atrium {

inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view ToStd(absl::string_view text) { return {text.data(), text.size()}; }

namespace str_cat_internal {
template <typename T>
const T& Piece(const T& value) {
  return value;
}
inline absl::string_view Piece(const std::string_view& value) { return ToAbsl(value); }
}  // namespace str_cat_internal

template <typename... T>
std::string StrCat(const T&... pieces) {
  return absl::StrCat(str_cat_internal::Piece(pieces)...);
}
template <typename... T>
void StrAppend(std::string* out, const T&... pieces) {
  absl::StrAppend(out, str_cat_internal::Piece(pieces)...);
}

}  // namespace atrium

#endif  // ATRIUM_COMMON_STR_CAT_H_
