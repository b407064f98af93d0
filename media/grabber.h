// The process that grabs this machine's display: Xlib ends whatever process its server
// leaves, so it is not the one with the calls. atrium-media starts itself as this one.
//
// It has one socket, of packets. It is told `bps N` first, and whenever it is another, and
// `key` for a key frame; it tells RTP packets, or `!` and why it ends.
#ifndef ATRIUM_MEDIA_GRABBER_H_
#define ATRIUM_MEDIA_GRABBER_H_

#include <string>

#include "absl/status/status.h"

namespace atrium::media {

// Where it has its socket.
inline constexpr int kGrabberSocket = 3;
inline constexpr char kGrabberKeyFrame[] = "key";
inline constexpr char kGrabberBitrate[] = "bps ";
inline constexpr char kGrabberEnd = '!';

// Grabs until the socket's other end is closed, or says what went wrong.
absl::Status RunGrabber(const std::string& display);

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_GRABBER_H_
