#include "gateway/compat/bell.h"

namespace atrium::gateway::compat {
namespace {

constexpr char kBel = '\x07', kEsc = '\x1b', kCan = '\x18', kSub = '\x1a';

// What begins a control string after ESC: OSC, DCS, SOS, PM, APC.
bool BeginsString(char c) { return c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_'; }

}  // namespace

bool BellFinder::Add(std::string_view bytes) {
  bool rang = false;
  for (const char c : bytes) {
    switch (state_) {
      case State::kPlain:
      case State::kEscape:
        if (c == kBel) rang = true;
        if (state_ == State::kEscape && BeginsString(c)) {
          state_ = State::kString;
        } else {
          state_ = c == kEsc ? State::kEscape : State::kPlain;
        }
        break;
      case State::kString:
      case State::kStringEscape:
        if (c == kEsc) {
          state_ = State::kStringEscape;
        } else if (c == kBel || c == kCan || c == kSub ||
                   (state_ == State::kStringEscape && c == '\\')) {
          state_ = State::kPlain;
        } else {
          state_ = State::kString;
        }
        break;
    }
  }
  return rang;
}

}  // namespace atrium::gateway::compat
