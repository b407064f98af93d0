// FrameRing takes a microphone's samples from the network's pace to the clock's.
// It begins with only the newest frame (what came in a burst before would else
// be heard late for ever), deepens when it ran dry, and is trimmed slowly. For a moment
// what is missing is made up by whoever knows how.
//
// Locked by itself: written on a streaming thread, read on the clock's.
#ifndef ATRIUM_MEDIA_FRAME_RING_H_
#define ATRIUM_MEDIA_FRAME_RING_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <utility>

#include "media/frame.h"

namespace atrium::media {

class FrameRing {
 public:
  // Pushes what it can make up, on the reader's thread; true if that was the voice
  // itself. `deepen`: what is made up is to make the ring deeper, as too much comes late.
  using Filler = std::function<bool(bool deepen)>;

  // Before anything is pushed.
  void set_filler(Filler filler) { filler_ = std::move(filler); }
  void Push(const int16_t* samples, size_t count);
  // The next 20 ms; false if there is nothing, which is heard as silence.
  bool Pop(Frame* frame);
  size_t depth() const;
  int64_t dry_count() const;

 private:
  void Trim();
  void RanDry();

  // Given.
  Filler filler_;
  // Locked.
  mutable std::mutex mu_;
  std::deque<int16_t> samples_;
  bool primed_ = false;
  size_t margin_ = 0;        // Samples kept beyond a frame when it begins.
  size_t least_ = SIZE_MAX;  // The least depth since the last look.
  int frames_ = 0;           // Since the last look.
  int rest_frames_ = 0;      // Since it ran dry.
  int fills_ = 0;            // Frames made up in a row.
  int64_t dry_count_ = 0;
};

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_FRAME_RING_H_
