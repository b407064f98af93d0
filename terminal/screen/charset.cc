#include "terminal/screen/charset.h"

#include <string_view>
#include <vector>

namespace atrium::screen {
namespace {

struct Definition {
  std::string_view flags;  // the final bytes that designate it
  std::string_view from;
  std::u32string_view to;
};

constexpr Definition kDefinitions[] = {
    {"0", "`abcdefghijklmnopqrstuvwxyz{|}~", U"◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·"},
    {"A", "#", U"£"},
    {"4", "#@[\\]{|}~", U"£¾i½|¨f¼´"},
    {"C5", "[\\]^`{|}~", U"ÄÖÅÜéäöåü"},
    {"R", "#@[\\]{|}~", U"£à°ç§éùè¨"},
    {"Q", "@[\\]^`{|}~", U"àâçêîôéùèû"},
    {"K", "@[\\]{|}~", U"§ÄÖÜäöüß"},
    {"Y", "#@[\\]`{|}~", U"£§°çéùàòèì"},
    {"E6", "@[\\]^`{|}~", U"ÄÆØÅÜäæøåü"},
    {"Z", "#@[\\]{|}", U"£§¡Ñ¿°ñç"},
    {"H7", "@[\\]^`{|}~", U"ÉÄÖÅÜéäöåü"},
    {"=", "#@[\\]^_`{|}~", U"ùàéçêîèôäöüû"},
};

Charset Make(char flag, const Definition& definition) {
  Charset charset = {flag, {}};
  for (size_t i = 0; i < definition.from.size(); ++i) {
    charset.text[static_cast<size_t>(definition.from[i])] = definition.to[i];
  }
  return charset;
}

const std::vector<Charset>& Charsets() {
  static const std::vector<Charset>* const charsets = [] {
    auto* made = new std::vector<Charset>;
    for (const Definition& definition : kDefinitions) {
      for (char flag : definition.flags) made->push_back(Make(flag, definition));
    }
    return made;
  }();
  return *charsets;
}

}  // namespace

char32_t Charset::Unmap(char32_t code) const {
  if (code >= 127 || text[code] == 0) return code;
  for (char32_t from = 0; from < 127; ++from) {
    if (text[from] == code) return from;
  }
  return 0;
}

bool FindCharset(char flag, const Charset** charset) {
  *charset = nullptr;
  if (flag == 'B') return true;
  for (const Charset& candidate : Charsets()) {
    if (candidate.flag != flag) continue;
    *charset = &candidate;
    return true;
  }
  return false;
}

}  // namespace atrium::screen
