// Pace says in the log how often the mixer was late and how many frames were not sent, in
// each minute in which that happened, and at the end.
#ifndef ATRIUM_MEDIA_PACE_H_
#define ATRIUM_MEDIA_PACE_H_

#include <cstdint>
#include <functional>

#include "common/loop.h"

namespace atrium::media {

// On the loop.
class Pace {
 public:
  // Counted since the process began.
  struct Counts {
    int64_t ticks = 0;    // Of 20 ms.
    int64_t late = 0;     // Of those, by more than 5 ms.
    int64_t dropped = 0;  // Frames of rooms that a sender had no time for.
  };
  Pace(Loop* loop, std::function<Counts()> counts);
  ~Pace();
  Pace(const Pace&) = delete;
  Pace& operator=(const Pace&) = delete;

 private:
  void Look();

  // Given.
  Loop* const loop_;
  const std::function<Counts()> counts_;
  // State.
  Counts told_;
  Loop::HandlePtr look_;
};

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_PACE_H_
