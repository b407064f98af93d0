// Forward hands the packets of the page that shows a screen to all who watch it, as
// they are but for their headers: nothing is decoded.
//
// Safe on any thread.
#ifndef ATRIUM_MEDIA_FORWARD_H_
#define ATRIUM_MEDIA_FORWARD_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "media/gst_ref.h"

namespace atrium::media {

// What a receiver sees of a stream's place and time stays one unbroken stream whoever
// sends, see RFC 3550, section 5.1. A packet that was lost stays lost, so that the
// receiver sees the gap. Pure.
class RtpSequence {
 public:
  struct Place {
    uint16_t sequence = 0;
    uint32_t timestamp = 0;
  };
  // `first` is where the stream begins.
  explicit RtpSequence(Place first) : next_(first) {}
  // Where the packet at `place` of `source` goes.
  Place Take(int64_t source, Place place);
  // A packet is left out on purpose: that leaves no gap.
  void Skip(int64_t source) {
    if (source_ == source) --sequence_shift_;
  }

 private:
  Place next_;  // Behind the newest.
  std::optional<int64_t> source_;
  uint16_t sequence_shift_ = 0;
  uint32_t timestamp_shift_ = 0;
};

class Forward {
 public:
  // The page that shows.
  class Source {
   public:
    virtual ~Source() = default;
    // Asks the browser for a picture that needs none before it. On any thread.
    virtual void AskForKeyFrame() = 0;
  };
  // A page that watches.
  class Sink {
   public:
    virtual ~Sink() = default;
    // `payload` is shared; `marker` ends a picture. On the source's thread.
    virtual void Send(int64_t source, RtpSequence::Place place, bool marker,
                      const GRef<GstBuffer>& payload) = 0;
  };

  // `now` may be called on any thread.
  explicit Forward(std::function<absl::Duration()> now) : now_(std::move(now)) {}

  // Whose packets go on, from a key frame on; null: nobody's. `id` names it.
  void SetSource(int64_t id, std::shared_ptr<Source> source);
  // Of the source; 0: nobody.
  int64_t source_id() const;
  // Who gets them. Whoever is new gets a key frame soon.
  void SetSinks(std::vector<std::shared_ptr<Sink>> sinks);
  // Somebody who gets them beside those; null: nobody.
  void SetTap(std::shared_ptr<Sink> tap);
  bool has_tap() const;
  // One RTP packet.
  void Push(int64_t source, GstBuffer* packet);
  // From the source, at most twice a second.
  void AskForKeyFrame();

 private:
  const std::function<absl::Duration()> now_;
  mutable std::mutex mu_;
  // Guarded by mu_.
  int64_t source_id_ = 0;
  std::shared_ptr<Source> source_;
  bool begun_ = false;  // A key frame of the source was seen.
  std::vector<std::shared_ptr<Sink>> sinks_;
  std::shared_ptr<Sink> tap_;
  absl::Duration asked_at_ = -absl::InfiniteDuration();
};

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_FORWARD_H_
