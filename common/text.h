// Text that others will see: cleaned and bounded.
#ifndef ATRIUM_COMMON_TEXT_H_
#define ATRIUM_COMMON_TEXT_H_

#include <string>
#include <string_view>

namespace atrium {

bool IsUtf8(std::string_view text);
// Broken UTF-8 replaced: what comes from outside before it goes into a message's
// `string`, as a message that has other bytes there cannot be read at all.
std::string MakeUtf8(std::string_view text);
// As it, of at most `max_bytes`, cut between characters.
std::string MakeUtf8(std::string_view text, size_t max_bytes);
// Without a character at its end that has not wholly come.
std::string_view WithoutUnfinished(std::string_view text);
// One line: without control and invisible formatting characters, broken UTF-8
// replaced, blanks trimmed, at most `max_chars` code points.
std::string CleanName(std::string_view text, size_t max_chars);
// Many lines: as CleanName, but keeps newlines and tabs; at most `max_bytes`.
std::string CleanText(std::string_view text, size_t max_bytes);

}  // namespace atrium

#endif  // ATRIUM_COMMON_TEXT_H_
