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
std::string CleanName(std::string_view text, size_t max_chars) {
  return Clean(text.substr(0, 4096), max_chars, false);
}
std::string CleanText(std::string_view text, size_t max_bytes) {
  std::string out = Clean(text.substr(0, max_bytes), max_bytes, true);
  while (out.size() > max_bytes) {  // Replaced bytes grow.
    size_t cut = max_bytes;
    while (cut > 0 && (static_cast<unsigned char>(out[cut]) & 0xc0) == 0x80) --cut;
    out.resize(cut);
  }
  return out;
}

}  // namespace atrium
