#include "control/agent/heard.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "common/str_cat.h"

namespace atrium::control {
namespace {

constexpr char kEllipsis[] = "\xe2\x80\xa6";

// Inside of a character's bytes.
bool Continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// From U+3000 on there are scripts that put no blanks between words.
bool IsWide(char c) { return static_cast<unsigned char>(c) >= 0xe3; }

// Whether a word ends before `at`.
bool EndsAt(const std::string& text, size_t at) {
  if (at == text.size() || absl::ascii_isspace(static_cast<unsigned char>(text[at]))) return true;
  if (Continues(text[at])) return false;
  size_t last = at - 1;
  while (last > 0 && Continues(text[last])) --last;
  return IsWide(text[at]) && IsWide(text[last]);
}

}  // namespace

std::string HeardOf(const std::string& text, int64_t played, int64_t received) {
  if (played <= 0 || received <= 0) return "";
  const auto size = static_cast<int64_t>(text.size());
  auto end = static_cast<size_t>(played >= received ? size : size * played / received);
  while (end > 0 && !EndsAt(text, end)) --end;
  std::string heard(absl::StripTrailingAsciiWhitespace(text.substr(0, end)));
  while (!heard.empty() && (heard.back() == '.' || heard.back() == ',')) heard.pop_back();
  return heard.empty() ? heard : heard + kEllipsis;
}

}  // namespace atrium::control
