// Small steps on text that std::string_view lacks.
#ifndef ATRIUM_TERMINAL_SCREEN_TEXT_H_
#define ATRIUM_TERMINAL_SCREEN_TEXT_H_

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace atrium::screen {

inline void AppendPart(std::string* out, std::string_view part) { out->append(part); }
inline void AppendPart(std::string* out, char part) { out->push_back(part); }
template <std::integral T>
requires(!std::same_as<T, char>) void AppendPart(std::string* out, T part) {
  out->append(std::to_string(part));
}

// Appends text, single characters and decimal numbers.
template <typename... Parts>
void Append(std::string* out, const Parts&... parts) {
  (AppendPart(out, parts), ...);
}

template <typename... Parts>
std::string Concat(const Parts&... parts) {
  std::string out;
  Append(&out, parts...);
  return out;
}

std::vector<std::string_view> Split(std::string_view text, char separator);
bool ConsumePrefix(std::string_view* text, std::string_view prefix);
std::string_view TrimSpaces(std::string_view text);
bool IsHexDigit(char c);

// The whole of `text` as a number.
std::optional<int> ParseInt(std::string_view text, int base = 10);

}  // namespace atrium::screen

#endif  // ATRIUM_TERMINAL_SCREEN_TEXT_H_
