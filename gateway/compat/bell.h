// BellFinder hears a terminal's bell in its output: BEL, but not the one that ends
// a control string (a title, for example). Pure.
#ifndef ATRIUM_GATEWAY_COMPAT_BELL_H_
#define ATRIUM_GATEWAY_COMPAT_BELL_H_

#include <string_view>

namespace atrium::gateway::compat {

class BellFinder {
 public:
  // Takes output, split anywhere; true if it rang.
  bool Add(std::string_view bytes);

 private:
  enum class State { kPlain, kEscape, kString, kStringEscape };

  State state_ = State::kPlain;
};

}  // namespace atrium::gateway::compat

#endif  // ATRIUM_GATEWAY_COMPAT_BELL_H_
