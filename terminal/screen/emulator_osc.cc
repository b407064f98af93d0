// Operating system commands: titles, links, colours, shell integration.
#include <algorithm>

#include "terminal/screen/color.h"
#include "terminal/screen/emulator.h"
#include "terminal/screen/limits.h"
#include "terminal/screen/text.h"
#include "terminal/screen/unicode.h"

namespace atrium::screen {
namespace {

// Characters that do not print or reorder what surrounds them.
bool IsInvisible(char32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x200b && code <= 0x200f) ||
         (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f);
}

// `lines`: line feeds and tabs stay.
std::string Clean(std::string_view text, size_t max_bytes, bool lines = false) {
  std::string clean;
  for (char32_t code : ToCodePoints(text)) {
    if (IsInvisible(code) && !(lines && (code == U'\n' || code == U'\t'))) continue;
    const size_t before = clean.size();
    AppendUtf8(code, &clean);
    if (clean.size() > max_bytes) {
      clean.resize(before);
      break;
    }
  }
  return clean;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

bool IsColorNumber(std::string_view text, int* number) {
  if (!std::all_of(text.begin(), text.end(), IsDigit)) return false;
  *number = ParseInt(text).value_or(256);
  return *number < 256;
}

std::string PercentDecode(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    const std::string_view hex = text.substr(std::min(i + 1, text.size()), 2);
    if (text[i] == '%' && hex.size() == 2 && IsHexDigit(hex[0]) && IsHexDigit(hex[1])) {
      decoded += static_cast<char>(*ParseInt(hex, 16));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

}  // namespace

void Emulator::Osc(int number, const std::string* payload) {
  join_ = JoinState();
  if (payload == nullptr) return;
  switch (number) {
    case 0:
    case 2:
      SetTitle(*payload);
      break;
    case 4:
      IndexedColors(*payload);
      break;
    case 7:
      SetWorkingDirectory(*payload);
      break;
    case 8:
      SetHyperlink(*payload);
      break;
    case 10:
    case 11:
    case 12:
      SpecialColors(*payload, kForegroundColor + number - 10);
      break;
    case 52:
      SetClipboard(*payload);
      break;
    case 104:
      RestoreColors(*payload);
      break;
    case 110:
    case 111:
    case 112:
      palette_.colors.erase(kForegroundColor + number - 110);
      break;
    case 133:
      SetMark(*payload);
      break;
  }
}

// DECRQSS and the rest are not in the fixed set of answers.
void Emulator::Dcs(uint32_t id, const std::string* payload) { join_ = JoinState(); }

void Emulator::SetTitle(const std::string& title) {
  raw_title_ = title;
  title_ = Clean(title, kMaxTitleBytes);
  if (listener_ != nullptr) listener_->OnTitle(title_);
}

void Emulator::SetHyperlink(std::string_view payload) {
  const size_t semicolon = payload.find(';');
  if (semicolon == std::string_view::npos) return;
  const std::string_view parameters = TrimSpaces(payload.substr(0, semicolon));
  const std::string_view uri = payload.substr(semicolon + 1);
  if (uri.empty() && !parameters.empty()) return;
  std::string_view id;
  if (!uri.empty()) {
    for (std::string_view parameter : Split(parameters, ':')) {
      if (!ConsumePrefix(&parameter, "id=")) continue;
      id = parameter;
      break;
    }
  }
  pen_.link = uri.empty() ? 0 : styles_.AddLink(id, uri);
  pen_.UpdateExtended();
}

void Emulator::SetWorkingDirectory(std::string_view uri) {
  if (!ConsumePrefix(&uri, "file://")) return;
  const size_t slash = uri.find('/');
  if (slash == std::string_view::npos) return;
  const std::string path = PercentDecode(uri.substr(slash));
  if (path.size() > kMaxPathBytes) return;
  if (std::any_of(path.begin(), path.end(), IsControl)) return;
  working_directory_ = path;
  if (listener_ != nullptr) listener_->OnWorkingDirectory(path);
}

void Emulator::SetMark(std::string_view payload) {
  const std::vector<std::string_view> parts = Split(payload, ';');
  constexpr std::string_view kKinds = "ABCD";
  const size_t kind = parts[0].size() == 1 ? kKinds.find(parts[0]) : std::string_view::npos;
  if (kind == std::string_view::npos) return;
  Mark mark{.kind = static_cast<Mark::Kind>(kind)};
  if (mark.kind == Mark::Kind::kCommandEnd && parts.size() > 1) mark.exit_code = ParseInt(parts[1]);
  for (size_t i = 1; i < parts.size(); ++i) {
    std::string_view value = parts[i];
    if (ConsumePrefix(&value, "cmdline_url=")) {
      mark.text = Clean(PercentDecode(value), kMaxCommandTextBytes, /*lines=*/true);
    } else if (ConsumePrefix(&value, "atrium=")) {
      mark.key = value.substr(0, kMaxMarkKeyBytes);
    }
  }
  mark.line = grid_->first_number() + grid_->history() + grid_->y;
  mark.column = std::min(grid_->x, grid_->columns() - 1);
  if (grid_ == &normal_) Row().mutable_marks()->Add(mark);
  if (listener_ != nullptr) listener_->OnMark(mark);
}

void Emulator::SetClipboard(std::string_view payload) {
  const size_t semicolon = payload.find(';');
  if (semicolon == std::string_view::npos || listener_ == nullptr) return;
  const std::string_view base64 = payload.substr(semicolon + 1);
  const bool is_base64 = std::all_of(base64.begin(), base64.end(), [](char c) {
    return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' || c == '/' ||
           c == '=';
  });
  if (is_base64) listener_->OnClipboardSet(base64);
}

void Emulator::IndexedColors(std::string_view payload) {
  const std::vector<std::string_view> slots = Split(payload, ';');
  for (size_t i = 0; i + 1 < slots.size(); i += 2) {
    int number = 0;
    if (!IsColorNumber(slots[i], &number)) continue;
    if (slots[i + 1] == "?") {
      ReplyColor(number);
    } else if (const auto color = ParseColor(slots[i + 1])) {
      palette_.colors[number] = *color;
      palette_.touched = true;
    }
  }
}

void Emulator::SpecialColors(std::string_view payload, int first) {
  int number = first;
  for (std::string_view slot : Split(payload, ';')) {
    if (number > kCursorColor) break;
    if (slot == "?") {
      ReplyColor(number);
    } else if (const auto color = ParseColor(slot)) {
      palette_.colors[number] = *color;
      palette_.touched = true;
    }
    ++number;
  }
}

void Emulator::RestoreColors(std::string_view payload) {
  if (payload.empty()) {
    palette_.colors.erase(palette_.colors.begin(), palette_.colors.lower_bound(256));
    return;
  }
  for (std::string_view slot : Split(payload, ';')) {
    int number = 0;
    if (IsColorNumber(slot, &number)) palette_.colors.erase(number);
  }
}

// Always the fixed colours, whatever was set.
void Emulator::ReplyColor(int index) {
  uint32_t color = 0;
  std::string name;
  switch (index) {
    case kForegroundColor:
      color = options_.foreground, name = "10";
      break;
    case kBackgroundColor:
      color = options_.background, name = "11";
      break;
    case kCursorColor:
      color = options_.cursor, name = "12";
      break;
    default:
      color = DefaultPaletteColor(index), name = Concat("4;", index);
  }
  Reply(Concat("\x1b]", name, ";", FormatColor(color), "\x1b\\"));
}

}  // namespace atrium::screen
