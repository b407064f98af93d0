// Still takes pictures of one screen that is shown. While somebody asks, it takes single
// key frames out of what is forwarded and has them decoded; nothing changes for those who
// watch. Who asks again while nothing has come since gets the same picture.
//
// On the loop.
#ifndef ATRIUM_MEDIA_STILL_H_
#define ATRIUM_MEDIA_STILL_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "atrium/media/v1/media.pb.h"
#include "common/loop.h"
#include "common/work_queue.h"
#include "media/forward.h"
#include "media/picture.h"
#include "media/vp8.h"

namespace atrium::media {

class Still {
 public:
  struct Context {
    Loop* loop;
    WorkQueue* reaper;    // Takes decoders apart.
    WorkQueue* pictures;  // Scales and codes.
  };
  // Called once, on the loop.
  using Done = std::function<void(absl::StatusOr<atrium::media::v1::TakeStillResponse>)>;

  Still(const Context& context, std::shared_ptr<Forward> forward);
  // Who waits is told that there is no such screen.
  ~Still();

  // See MediaService.TakeStill.
  void Take(const atrium::media::v1::TakeStillRequest& request, Done done);

 private:
  class Tap;
  struct Ask {
    atrium::media::v1::TakeStillRequest request;
    Done done;
  };

  absl::Status Prepare();
  // For a key frame, again and again until one begins.
  void AskForKeyFrame();
  void OnKeyFrame(int64_t source, KeyFrameCollector::KeyFrame frame);
  void OnPicture(int64_t decoder, GRef<GstSample> picture);
  void Answer();
  void End(absl::StatusOr<atrium::media::v1::TakeStillResponse> result);
  void Rest();

  // Given.
  const Context context_;
  const std::shared_ptr<Forward> forward_;
  // State.
  std::optional<Ask> ask_;
  int64_t last_ask_ = 0, last_decoder_ = 0;  // What comes of earlier ones is void.
  int64_t source_ = 0;                       // What `picture_` is of.
  GRef<GstSample> picture_;
  // Owned.
  std::shared_ptr<Still*> self_;  // Empty it, and what other threads posted is void.
  std::shared_ptr<Tap> tap_;      // Null while nobody asks.
  std::unique_ptr<PictureDecoder> decoder_;
  Loop::HandlePtr again_, deadline_, idle_;
};

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_STILL_H_
