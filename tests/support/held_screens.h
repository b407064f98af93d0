// The screen thread of a test does nothing while one of these lives.
#ifndef ATRIUM_TESTS_SUPPORT_HELD_SCREENS_H_
#define ATRIUM_TESTS_SUPPORT_HELD_SCREENS_H_

#include <future>
#include <utility>

#include "terminal/screen_keeper.h"

namespace atrium::terminal {

class HeldScreens {
 public:
  explicit HeldScreens(ScreenThread* screens) {
    screens->Post([over = over_.get_future().share()] { over.wait(); });
  }
  ~HeldScreens() { Release(); }
  void Release() {
    if (!std::exchange(released_, true)) over_.set_value();
  }

 private:
  std::promise<void> over_;
  bool released_ = false;
};

}  // namespace atrium::terminal

#endif  // ATRIUM_TESTS_SUPPORT_HELD_SCREENS_H_
