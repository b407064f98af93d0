// The only place where the media process's parts are built and joined.
#ifndef ATRIUM_MEDIA_APP_H_
#define ATRIUM_MEDIA_APP_H_

#include "absl/status/status.h"
#include "media/config.h"

namespace atrium::media {

// Serves until SIGTERM or SIGINT.
absl::Status RunApp(const Config& config);

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_APP_H_
