// Keys as `/ws/input` has them (T2): NUL, a name, NUL. Pure.
#ifndef ATRIUM_GATEWAY_COMPAT_KEYS_H_
#define ATRIUM_GATEWAY_COMPAT_KEYS_H_

#include <string>
#include <string_view>

namespace atrium::gateway::compat {

// True for an arrow key, whose bytes depend on the cursor keys' mode.
bool IsArrow(std::string_view message);
// What a terminal is sent for a message: a key's bytes, or the message as it is.
// `application`: the cursor keys send their application form (DECCKM).
std::string BytesOf(std::string_view message, bool application);

}  // namespace atrium::gateway::compat

#endif  // ATRIUM_GATEWAY_COMPAT_KEYS_H_
