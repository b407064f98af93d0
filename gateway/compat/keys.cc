#include "gateway/compat/keys.h"

#include <algorithm>
#include <iterator>

namespace atrium::gateway::compat {
namespace {

struct Key {
  std::string_view name, bytes;
};

constexpr Key kKeys[] = {
    {"enter", "\r"},         {"ctrl_enter", "\n"},     {"shift_enter", "\r\n"},
    {"escape", "\x1b"},      {"backspace", "\x7f"},    {"tab", "\t"},
    {"shift_tab", "\x1b[Z"}, {"arrow_up", "\x1b[A"},   {"arrow_down", "\x1b[B"},
    {"arrow_right", "\x1b[C"}, {"arrow_left", "\x1b[D"}, {"page_up", "\x1b[5~"},
    {"page_down", "\x1b[6~"}, {"home", "\x1b[H"},      {"end", "\x1b[F"},
    {"delete", "\x1b[3~"},   {"f1", "\x1bOP"},         {"f2", "\x1bOQ"},
    {"f3", "\x1bOR"},        {"f4", "\x1bOS"},         {"f5", "\x1b[15~"},
    {"f6", "\x1b[17~"},      {"f7", "\x1b[18~"},       {"f8", "\x1b[19~"},
    {"f9", "\x1b[20~"},      {"f10", "\x1b[21~"},      {"f11", "\x1b[23~"},
    {"f12", "\x1b[24~"},
};

// The key that a message names; null if it is text.
const Key* Find(std::string_view message) {
  if (message.size() <= 2 || message.front() != '\0' || message.back() != '\0') return nullptr;
  const std::string_view name = message.substr(1, message.size() - 2);
  const Key* key = std::find_if(std::begin(kKeys), std::end(kKeys),
                                [name](const Key& one) { return one.name == name; });
  return key == std::end(kKeys) ? nullptr : key;
}

bool IsArrow(const Key& key) { return key.name.substr(0, 6) == "arrow_"; }

}  // namespace

bool IsArrow(std::string_view message) {
  const Key* key = Find(message);
  return key != nullptr && IsArrow(*key);
}

std::string BytesOf(std::string_view message, bool application) {
  const Key* key = Find(message);
  if (key == nullptr) return std::string(message);
  std::string bytes(key->bytes);
  if (application && IsArrow(*key)) bytes[1] = 'O';
  return bytes;
}

}  // namespace atrium::gateway::compat
