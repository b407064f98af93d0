// Modes, and answers to queries about them.
#include <algorithm>

#include "terminal/screen/emulator.h"
#include "terminal/screen/limits.h"
#include "terminal/screen/text.h"

namespace atrium::screen {
namespace {

// Values of a mode report (DECRPM).
constexpr int kUnknown = 0;
constexpr int kSet = 1;
constexpr int kReset = 2;
constexpr int kAlwaysSet = 3;
constexpr int kAlwaysReset = 4;

constexpr int Report(bool set) { return set ? kSet : kReset; }

}  // namespace

void Emulator::Reply(std::string_view bytes) {
  if (listener_ != nullptr) listener_->OnReply(bytes);
}

void Emulator::SetAnsiModes(const Params& params, bool on) {
  for (int i = 0; i < params.size(); ++i) {
    if (params[i] == 4) modes_.insert = on;
    if (params[i] == 20) modes_.newline = on;
  }
}

void Emulator::SetPrivateModes(const Params& params, bool on) {
  for (int i = 0; i < params.size(); ++i) {
    const int32_t mode = params[i];
    if (SetPrivateMode(mode, on)) continue;
    switch (mode) {
      case 2:
        // DECANM: only setting it means something.
        if (on) {
          for (int g = 0; g < 4; ++g) charsets_.Designate(g, nullptr);
        }
        break;
      case 9:
      case 1000:
      case 1002:
      case 1003:
      case 1006:
      case 1016:
        SetMouse(mode, on);
        break;
      case 1048:
        on ? SaveCursor() : RestoreCursor();
        break;
      case 1049:
        if (on) SaveCursor();
        SwitchGrid(on);
        if (!on) RestoreCursor();
        break;
      case 47:
      case 1047:
        SwitchGrid(on);
        break;
    }
  }
}

// The modes that are switches.
bool Emulator::SetPrivateMode(int mode, bool on) {
  switch (mode) {
    case 1:
      modes_.application_cursor_keys = on;
      return true;
    case 6:
      modes_.origin = on;
      SetCursor(0, 0);
      return true;
    case 7:
      modes_.wraparound = on;
      return true;
    case 12:
      modes_.cursor_blink = on;
      return true;
    case 25:
      modes_.cursor_hidden = !on;
      return true;
    case 45:
      modes_.reverse_wraparound = on;
      return true;
    case 66:
      modes_.application_keypad = on;
      return true;
    case 1004:
      modes_.send_focus = on;
      return true;
    case 2004:
      modes_.bracketed_paste = on;
      return true;
    case 2026:
      modes_.synchronized_output = on;
      return true;
    default:
      return false;
  }
}

void Emulator::SetMouse(int mode, bool on) {
  switch (mode) {
    case 9:
      modes_.mouse_protocol = on ? MouseProtocol::kX10 : MouseProtocol::kNone;
      break;
    case 1000:
      modes_.mouse_protocol = on ? MouseProtocol::kVt200 : MouseProtocol::kNone;
      break;
    case 1002:
      modes_.mouse_protocol = on ? MouseProtocol::kDrag : MouseProtocol::kNone;
      break;
    case 1003:
      modes_.mouse_protocol = on ? MouseProtocol::kAny : MouseProtocol::kNone;
      break;
    case 1006:
      modes_.mouse_encoding = on ? MouseEncoding::kSgr : MouseEncoding::kDefault;
      break;
    case 1016:
      modes_.mouse_encoding = on ? MouseEncoding::kSgrPixels : MouseEncoding::kDefault;
      break;
  }
}

void Emulator::SwitchGrid(bool to_alternate) {
  if (to_alternate == in_alternate()) return;
  if (to_alternate) {
    alternate_.FillScreen(EraseBlank());
    alternate_.x = normal_.x;
    alternate_.y = normal_.y;
    grid_ = &alternate_;
  } else {
    normal_.x = alternate_.x;
    normal_.y = alternate_.y;
    alternate_.Clear();
    grid_ = &normal_;
  }
}

void Emulator::RequestAnsiMode(int32_t mode) {
  int value = kUnknown;
  if (mode == 2) value = kAlwaysReset;
  if (mode == 4) value = Report(modes_.insert);
  if (mode == 12) value = kAlwaysSet;
  if (mode == 20) value = Report(modes_.newline);
  Reply(Concat("\x1b[", mode, ";", value, "$y"));
}

void Emulator::RequestPrivateMode(int32_t mode) {
  const MouseProtocol protocol = modes_.mouse_protocol;
  const struct {
    int32_t mode;
    int value;
  } reports[] = {
      {1, Report(modes_.application_cursor_keys)},
      {6, Report(modes_.origin)},
      {7, Report(modes_.wraparound)},
      {8, kAlwaysSet},
      {9, Report(protocol == MouseProtocol::kX10)},
      {12, Report(modes_.cursor_blink.value_or(false))},
      {25, Report(!modes_.cursor_hidden)},
      {45, Report(modes_.reverse_wraparound)},
      {47, Report(in_alternate())},
      {66, Report(modes_.application_keypad)},
      {67, kAlwaysReset},
      {1000, Report(protocol == MouseProtocol::kVt200)},
      {1002, Report(protocol == MouseProtocol::kDrag)},
      {1003, Report(protocol == MouseProtocol::kAny)},
      {1004, Report(modes_.send_focus)},
      {1005, kAlwaysReset},
      {1006, Report(modes_.mouse_encoding == MouseEncoding::kSgr)},
      {1015, kAlwaysReset},
      {1016, Report(modes_.mouse_encoding == MouseEncoding::kSgrPixels)},
      {1047, Report(in_alternate())},
      {1048, kSet},
      {1049, Report(in_alternate())},
      {2004, Report(modes_.bracketed_paste)},
      {2026, Report(modes_.synchronized_output)},
  };
  int value = kUnknown;
  for (const auto& report : reports) {
    if (report.mode == mode) value = report.value;
  }
  Reply(Concat("\x1b[?", mode, ";", value, "$y"));
}

void Emulator::DeviceStatus(int what, bool is_private) {
  if (what == 5 && !is_private) Reply("\x1b[0n");
  if (what == 6) {
    Reply(Concat(is_private ? "\x1b[?" : "\x1b[", grid_->y + 1, ";", grid_->x + 1, "R"));
  }
}

// DECRQCRA: the negated sum of the rectangle's characters, as xterm has it.
void Emulator::Checksum(const Params& params) {
  const int top = std::clamp(params.Count(2), 1, grid_->rows());
  const int left = std::clamp(params.Count(3), 1, grid_->columns());
  const int bottom = params[4] == 0 ? grid_->rows() : std::min(params[4], grid_->rows());
  const int right = params[5] == 0 ? grid_->columns() : std::min(params[5], grid_->columns());
  uint32_t sum = 0;
  for (int row = top - 1; row < bottom; ++row) {
    for (int column = left - 1; column < right; ++column) {
      const Cell cell = grid_->Row(row).At(column);
      sum += cell.is_cluster() ? styles_.GetCluster(cell.code()).front() : cell.code();
    }
  }
  std::string hex;
  for (int shift = 12; shift >= 0; shift -= 4) {
    hex += "0123456789ABCDEF"[(0x10000 - sum) >> shift & 15];
  }
  Reply(Concat("\x1bP", params[0], "!~", hex, "\x1b\\"));
}

}  // namespace atrium::screen
