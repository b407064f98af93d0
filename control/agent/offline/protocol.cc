#include "control/agent/offline/protocol.h"

#include <glib.h>

#include <algorithm>

#include "absl/strings/ascii.h"

namespace atrium::agent {

using nlohmann::json;

std::string TextOf(const json& object, const char* name) {
  if (!object.is_object()) return "";
  auto it = object.find(name);
  return it != object.end() && it->is_string() ? it->get<std::string>() : "";
}

const json& ObjectOf(const json& object, const char* name) {
  static const json kNone = json::object();
  if (!object.is_object()) return kNone;
  auto it = object.find(name);
  return it != object.end() && it->is_object() ? *it : kNone;
}

const json& ListOf(const json& object, const char* name) {
  static const json kNone = json::array();
  if (!object.is_object()) return kNone;
  auto it = object.find(name);
  return it != object.end() && it->is_array() ? *it : kNone;
}

std::string ToBase64(std::string_view bytes) {
  gchar* text = g_base64_encode(reinterpret_cast<const guchar*>(bytes.data()), bytes.size());
  std::string out = text;
  g_free(text);
  return out;
}

std::optional<std::string> FromBase64(const std::string& text) {
  size_t padding = 0;
  while (padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  const bool legal = std::all_of(text.begin(), text.end() - static_cast<int64_t>(padding), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '/';
  });
  if (!legal || padding > 2 || text.size() % 4 != 0) return std::nullopt;
  gsize size = 0;
  guchar* bytes = g_base64_decode(text.c_str(), &size);
  std::string out(reinterpret_cast<char*>(bytes), size);
  g_free(bytes);
  return out;
}

}  // namespace atrium::agent
