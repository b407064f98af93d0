// FrameRing takes a microphone's samples from the network's pace to the clock's.
// It begins with only the newest frame (what came in a burst before would else
// be heard late for ever), deepens when it ran dry, and is trimmed slowly.
//
// Locked by itself: written on a streaming thread, read on the clock's.
#ifndef ATRIUM_MEDIA_FRAME_RING_H_
#define ATRIUM_MEDIA_FRAME_RING_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>

#include "media/frame.h"

namespace atrium::media {

class FrameRing {
 public:
  void Push(const int16_t* samples, size_t count);
  // The next 20 ms; false if there is nothing, which is heard as silence.
  bool Pop(Frame* frame);
  size_t depth() const;
  int64_t dry_count() const;

 private:
  void Trim();

  // Locked.
  mutable std::mutex mu_;
  std::deque<int16_t> samples_;
  bool primed_ = false;
  size_t margin_ = 0;        // Samples kept beyond a frame when it begins.
  size_t least_ = SIZE_MAX;  // The least depth since the last look.
  int frames_ = 0;           // Since the last look.
  int64_t dry_count_ = 0;
};

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_FRAME_RING_H_
