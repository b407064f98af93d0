// From VP8 key frames to pictures that can be looked at.
#ifndef ATRIUM_MEDIA_PICTURE_H_
#define ATRIUM_MEDIA_PICTURE_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "atrium/media/v1/media.pb.h"
#include "common/work_queue.h"
#include "media/gst_ref.h"

namespace atrium::media {

// Decodes one key frame after the other, on a thread of its own.
class PictureDecoder {
 public:
  // Called on that thread.
  using OnPicture = std::function<void(GRef<GstSample>)>;

  // `reaper` takes it apart.
  static absl::StatusOr<std::unique_ptr<PictureDecoder>> Make(WorkQueue* reaper,
                                                              OnPicture on_picture);
  ~PictureDecoder();

  // Does not wait. What cannot be decoded brings no picture.
  void Push(std::string key_frame);

 private:
  explicit PictureDecoder(WorkQueue* reaper) : reaper_(reaper) {}

  // Given.
  WorkQueue* const reaper_;
  // Owned.
  GRef<GstElement> pipeline_, source_;
};

// A still of a picture as `request` wants it. Takes its time: not on the loop. INTERNAL
// if there is no JPEG of it.
absl::StatusOr<atrium::media::v1::TakeStillResponse> MakeStill(
    GstSample* picture, const atrium::media::v1::TakeStillRequest& request);

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_PICTURE_H_
