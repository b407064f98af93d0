// Real VP8 for tests, and a look into JPEGs.
#ifndef ATRIUM_TESTS_MEDIA_PICTURES_H_
#define ATRIUM_TESTS_MEDIA_PICTURES_H_

#include <string>
#include <vector>

#include "media/gst_ref.h"

namespace atrium::media {

// The RTP packets of a picture of `pattern` (as videotestsrc has them) and of `more` that
// need it.
std::vector<GRef<GstBuffer>> ShowPictures(const std::string& pattern, int width, int height,
                                          int more = 0);

// A JPEG's size and its mean brightness, 0 to 255; all 0 if it is none.
struct Seen {
  int width = 0, height = 0, brightness = 0;
};
Seen Look(const std::string& jpeg);

}  // namespace atrium::media

#endif  // ATRIUM_TESTS_MEDIA_PICTURES_H_
