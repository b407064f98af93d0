#include "common/text.h"

#include <glib.h>

#include <algorithm>

namespace atrium {
namespace {

// Controls, and what changes how the rest is shown: bidirectional overrides,
// zero-width characters, the tag block.
bool Invisible(gunichar c, bool keep_lines) {
  if (keep_lines && (c == '\n' || c == '\t')) return false;
  if (g_unichar_iscntrl(c)) return true;
  return (c >= 0x200b && c <= 0x200f && c != 0x200d) || (c >= 0x202a && c <= 0x202e) ||
         (c >= 0x2060 && c <= 0x2069) || c == 0xfeff || (c >= 0xe0000 && c <= 0xe007f) ||
         (c >= 0xfff9 && c <= 0xfffb);
}

// Where the character begins that has its place at `at`.
size_t CharacterStart(std::string_view text, size_t at) {
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) --at;
  return at;
}

std::string Clean(std::string_view text, size_t max_chars, bool keep_lines) {
  gchar* valid = g_utf8_make_valid(text.data(), static_cast<gssize>(text.size()));
  std::string out;
  size_t count = 0;
  for (const gchar* p = valid; *p != '\0' && count < max_chars; p = g_utf8_next_char(p)) {
    if (Invisible(g_utf8_get_char(p), keep_lines)) continue;
    out.append(p, static_cast<size_t>(g_utf8_next_char(p) - p));
    ++count;
  }
  g_free(valid);
  const size_t first = out.find_first_not_of(" \n\t");
  if (first == std::string::npos) return "";
  return out.substr(first, out.find_last_not_of(" \n\t") - first + 1);
}

}  // namespace

bool IsUtf8(std::string_view text) {
  return g_utf8_validate(text.data(), static_cast<gssize>(text.size()), nullptr);
}
std::string MakeUtf8(std::string_view text) {
  if (IsUtf8(text)) return std::string(text);
  gchar* valid = g_utf8_make_valid(text.data(), static_cast<gssize>(text.size()));
  std::string out = valid;
  g_free(valid);
  return out;
}
std::string MakeUtf8(std::string_view text, size_t max_bytes) {
  std::string out = MakeUtf8(text);
  if (out.size() > max_bytes) out.resize(CharacterStart(out, max_bytes));
  return out;
}
std::string_view WithoutUnfinished(std::string_view text) {
  if (text.empty()) return text;
  const size_t last = CharacterStart(text, text.size() - 1);
  const auto lead = static_cast<unsigned char>(text[last]);
  const size_t whole = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  return text.size() - last < whole ? text.substr(0, last) : text;
}
std::string CleanName(std::string_view text, size_t max_chars) {
  return Clean(text.substr(0, 4096), max_chars, false);
}
std::string CleanText(std::string_view text, size_t max_bytes) {
  std::string out = Clean(text.substr(0, max_bytes), max_bytes, true);
  // Replaced bytes grow.
  if (out.size() > max_bytes) out.resize(CharacterStart(out, max_bytes));
  return out;
}

}  // namespace atrium
