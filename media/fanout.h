// Fanout encodes each mix once and pushes the same Opus frame to everybody who
// hears it, on worker threads, never on the clock's. A room stays with one
// worker, so its frames keep their order.
//
// Send() and Forget() are safe on any thread.
#ifndef ATRIUM_MEDIA_FANOUT_H_
#define ATRIUM_MEDIA_FANOUT_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "media/frame.h"
#include "media/gst_ref.h"

namespace atrium::media {

// Where encoded frames go. Safe on any thread.
class FrameSink {
 public:
  virtual ~FrameSink() = default;
  virtual void Push(GstBuffer* opus) = 0;
};

class Fanout {
 public:
  // One mix and who gets it. Mixes of one `encode` follow each other.
  struct Mix {
    int64_t encode = 0;
    Frame pcm{};
    std::vector<std::shared_ptr<FrameSink>> to;
  };

  explicit Fanout(int workers);
  ~Fanout();

  void Send(int64_t room, GstClockTime pts, std::vector<Mix> mixes);
  // Frees a room's encoders.
  void Forget(int64_t room);
  // Frames encoded so far, for tests and figures.
  int64_t encoded_count() const { return encoded_; }
  int64_t dropped_count() const { return dropped_; }

 private:
  class Worker;

  Worker* WorkerOf(int64_t room) const;

  // Owned.
  std::vector<std::unique_ptr<Worker>> workers_;
  // Safe on any thread.
  std::atomic<int64_t> encoded_{0}, dropped_{0};
};

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_FANOUT_H_
