// The binary messages of `/buffers` (T1), as VibeTunnel 1.0 has them. Pure.
#ifndef ATRIUM_GATEWAY_COMPAT_BUFFER_CODEC_H_
#define ATRIUM_GATEWAY_COMPAT_BUFFER_CODEC_H_

#include <string>
#include <string_view>

#include "atrium/v1/tab.pb.h"

namespace atrium::gateway::compat {

// What precedes a snapshot in its message: 0xbf, the terminal's id.
std::string BufferPrefix(std::string_view session_id);
// A screen that was read as CELLS, without scrollback. `bell`: it rang since the
// snapshot before.
std::string EncodeBuffer(const atrium::v1::ReadScreenResponse& screen, bool bell);

}  // namespace atrium::gateway::compat

#endif  // ATRIUM_GATEWAY_COMPAT_BUFFER_CODEC_H_
