#include "terminal/screen/serializer.h"
#include "terminal/screen/text.h"

namespace atrium::screen {
namespace {

// A flag with the SGR numbers that set and clear it.
struct Switch {
  uint32_t bit;
  int on;
  int off;
};
constexpr Switch kFgFlags[] = {
    {kBold, 1, 22},      {kBlink, 5, 25},         {kInverse, 7, 27},
    {kInvisible, 8, 28}, {kStrikethrough, 9, 29},
};
constexpr Switch kBgFlags[] = {{kDim, 2, 22}, {kItalic, 3, 23}, {kOverline, 53, 55}};

// The flags SGR switches one by one.
constexpr uint32_t kFgSwitches = kBold | kBlink | kInverse | kInvisible | kStrikethrough;
constexpr uint32_t kBgSwitches = kDim | kItalic | kOverline;

}  // namespace

void PenWriter::Control(std::string_view bytes) {
  out_.append(bytes);
  join_ = JoinState();
}

void PenWriter::Csi(int a, char final) {
  Append(&out_, "\x1b[", a, std::string_view(&final, 1));
  join_ = JoinState();
}

void PenWriter::Csi(int a, int b, char final) {
  Append(&out_, "\x1b[", a, ";", b, std::string_view(&final, 1));
  join_ = JoinState();
}

void PenWriter::Sgr(std::string_view parameters) {
  if (!parameters.empty()) Control(Concat("\x1b[", parameters.substr(1), "m"));
}

bool PenWriter::IsErase(const Style& style) { return style == style.Erased(); }

bool PenWriter::IsConsistent(const Style& style) {
  const bool underlined = style.underline != UnderlineStyle::kNone;
  return style.extended() == (underlined || style.link != 0) &&
         ((style.fg & kUnderline) != 0) == underlined;
}

namespace {

// ";38;5;1" and so on. `base` is 30, 40 or 50 (which has no short forms).
void AppendColor(int base, uint32_t color, std::string* text) {
  const uint32_t value = color & 0xffffff;
  switch (color & kColorKindMask) {
    case kColorDefault:
      Append(text, ";", base + 9);
      break;
    case kColorAnsi:
      Append(text, ";", value < 8 ? base + value : base + 60 + value - 8);
      break;
    case kColorPalette:
      Append(text, ";", base + 8, base == 50 ? ":5:" : ";5;", value);
      break;
    case kColorRgb: {
      const uint32_t r = value >> 16, g = value >> 8 & 0xff, b = value & 0xff;
      if (base == 50) {
        Append(text, ";58:2::", r, ":", g, ":", b);
      } else {
        Append(text, ";", base + 8, ";2;", r, ";", g, ";", b);
      }
    }
  }
}

}  // namespace

void PenWriter::SetFlags(uint32_t fg, uint32_t bg, bool may_reset) {
  std::string text;
  const bool turns_off = (pen_.fg & ~fg & kFgSwitches) != 0 || (pen_.bg & ~bg & kBgSwitches) != 0;
  if (turns_off && may_reset) {
    text = ";0";
    pen_ = Style{.link = pen_.link};
    pen_.UpdateExtended();
  }
  if ((pen_.fg & ~fg & kBold) != 0 || (pen_.bg & ~bg & kDim) != 0) {
    text += ";22";
    pen_.fg &= ~kBold;
    pen_.bg &= ~kDim;
  }
  for (const Switch& flag : kFgFlags) {
    if ((pen_.fg & ~fg & flag.bit) != 0) Append(&text, ";", flag.off);
    if ((fg & ~pen_.fg & flag.bit) != 0) Append(&text, ";", flag.on);
  }
  for (const Switch& flag : kBgFlags) {
    if ((pen_.bg & ~bg & flag.bit) != 0) Append(&text, ";", flag.off);
    if ((bg & ~pen_.bg & flag.bit) != 0) Append(&text, ";", flag.on);
  }
  if ((fg & kColorMask) != (pen_.fg & kColorMask)) AppendColor(30, fg & kColorMask, &text);
  if ((bg & kColorMask) != (pen_.bg & kColorMask)) AppendColor(40, bg & kColorMask, &text);
  Sgr(text);
  pen_.fg = (pen_.fg & kUnderline) | (fg & (kColorMask | kFgSwitches));
  pen_.bg = (pen_.bg & (kExtended | kProtected)) | (bg & (kColorMask | kBgSwitches));
  if (((bg ^ pen_.bg) & kProtected) != 0) {
    Control((bg & kProtected) != 0 ? "\x1b[1\"q" : "\x1b[0\"q");
    pen_.bg ^= kProtected;
  }
}

void PenWriter::SetUnderline(const Style& style) {
  std::string text;
  if (style.underline_color != pen_.underline_color) {
    AppendColor(50, style.underline_color, &text);
    pen_.underline_color = style.underline_color;
  }
  const bool wants = style.underline != UnderlineStyle::kNone;
  if (style.underline != pen_.underline || wants != ((pen_.fg & kUnderline) != 0)) {
    const int number = static_cast<int>(style.underline);
    if (number == 0) {
      text += ";24";
    } else if (number == 1) {
      text += ";4";
    } else {
      Append(&text, ";4:", number);
    }
    pen_.underline = style.underline;
    pen_.fg = wants ? pen_.fg | kUnderline : pen_.fg & ~kUnderline;
    pen_.UpdateExtended();
  }
  Sgr(text);
}

void PenWriter::SetLink(uint32_t link) {
  if (link == pen_.link) return;
  if (link == 0) {
    Control("\x1b]8;;\x1b\\");
  } else {
    const Link& target = emulator_.styles().GetLink(link);
    // A link without an id gets one, so that its parts stay one link.
    const std::string id = target.id.empty() ? Concat("atrium-", link) : target.id;
    // An empty address would end the link.
    const std::string_view uri = target.uri.empty() ? "about:blank" : std::string_view(target.uri);
    Control(Concat("\x1b]8;id=", id, ";", uri, "\x1b\\"));
  }
  pen_.link = link;
  pen_.UpdateExtended();
}

void PenWriter::SetPen(const Style& style) {
  if (style == pen_.Visible()) return;
  if (!IsConsistent(style)) {
    SetPenExactly(style);
    return;
  }
  if (!IsConsistent(pen_)) Reset();
  const bool drops_color = style.extended() && style.underline_color == 0;
  if (drops_color && pen_.underline_color != 0) Reset();
  SetFlags(style.fg, style.bg, true);
  Style underline = style;
  if (!style.extended()) underline.underline_color = pen_.underline_color;
  SetUnderline(underline);
  SetLink(style.link);
}

void PenWriter::SetErase(const Style& style) {
  if (pen_.Erased() == style) return;
  std::string text;
  AppendColor(40, style.bg, &text);
  Sgr(text);
  pen_.bg = (pen_.bg & ~kColorMask) | style.bg;
}

void PenWriter::SetSavedPen(uint32_t fg, uint32_t bg) {
  const bool underlined = (fg & kUnderline) != 0;
  const bool extended = (bg & kExtended) != 0;
  if (fg == pen_.fg && bg == pen_.bg) return;
  if (!IsConsistent(pen_)) Reset();
  SetFlags(fg, bg, true);
  Style target;
  target.underline_color = pen_.underline_color;
  target.underline = underlined ? UnderlineStyle::kSingle : UnderlineStyle::kNone;
  SetUnderline(target);
  if (!extended || !underlined) SetLink(0);
  if (extended && !underlined) {
    Control("\x1b]8;;about:blank\x1b\\");
    pen_.link = UINT32_MAX;  // none of ours
    pen_.UpdateExtended();
  }
  if (underlined && !extended) {
    // The underline's style goes away behind its back, then the mark that
    // there is one.
    saves_ = true;
    Control(
        "\x1b"
        "7\x1b[24m\x1b"
        "8\x1b[59m");
    pen_.underline = UnderlineStyle::kNone;
    pen_.underline_color = kColorMask;
    pen_.fg |= kUnderline;
    pen_.bg &= ~kExtended;
  }
}

void PenWriter::Reset() {
  Sgr(";0");
  pen_ = Style{.link = pen_.link};
  pen_.UpdateExtended();
}

void PenWriter::RestoreWith(uint32_t fg, uint32_t bg, const Style& pen) {
  Reset();
  SetUnderline(pen);
  SetLink(pen.link);
  Control(
      "\x1b"
      "8");
  pen_ = pen;
  pen_.fg = fg;
  pen_.bg = bg;
  if (pen_.extended() != pen.extended()) {
    // Opening or closing a link puts the mark right.
    pen_.link = ~pen.link;
    SetLink(pen.link);
  }
  SetFlags(pen.fg, pen.bg, false);
  pen_ = pen;
}

bool PenWriter::CanRestoreWith(uint32_t fg, uint32_t bg, const Style& pen) {
  const bool natural = pen.underline != UnderlineStyle::kNone || pen.link != 0;
  const bool extended = (bg & kExtended) != 0;
  return ((fg ^ pen.fg) & kUnderline) == 0 &&
         (extended == pen.extended() || natural == pen.extended());
}

void PenWriter::RestoreOther() {
  Control(
      "\x1b"
      "8");
  Reset();
}

void PenWriter::SetPenExactly(const Style& pen) {
  if (pen == pen_) return;
  Reset();
  if (IsConsistent(pen)) {
    SetFlags(pen.fg, pen.bg, true);
    SetUnderline(pen);
    SetLink(pen.link);
    return;
  }
  saves_ = true;
  SetSavedPen(pen.fg, pen.bg);
  Control(
      "\x1b"
      "7");
  RestoreWith(pen.fg, pen.bg, pen);
}

bool PenWriter::PrintText(Cell cell, const Charset* charset) {
  const bool ascii = !cell.is_cluster() && cell.code() >= 0x20 && cell.code() < 0x7f;
  if (ascii && charset == nullptr && join_.break_class() != kBreakPrepend) {
    out_.push_back(static_cast<char>(cell.code()));
    join_ = kAsciiJoin;
    return cell.width() == 1;
  }
  const std::u32string text = emulator_.ClusterText(cell);
  if (text.empty() || text.front() == 0) return false;
  if (Join(join_, text.front()).joins) Control("\x1b\\");
  bool natural = true;
  for (size_t i = 0; i < text.size(); ++i) {
    const Joined joined = Join(join_, text[i]);
    natural = natural && joined.joins == (i > 0);
    join_ = joined.state;
    const char32_t code = charset != nullptr ? charset->Unmap(text[i]) : text[i];
    natural = natural && code != 0;
    AppendUtf8(code == 0 ? U'?' : code, &out_);
  }
  return natural && join_.width() == cell.width();
}

void PenWriter::PrintRaw(std::string_view ascii) {
  out_.append(ascii);
  join_ = kAsciiJoin;
}

}  // namespace atrium::screen
