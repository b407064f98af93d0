// What of the agent's words was heard before it was cut off. Pure.
#ifndef ATRIUM_CONTROL_AGENT_HEARD_H_
#define ATRIUM_CONTROL_AGENT_HEARD_H_

#include <cstdint>
#include <string>

namespace atrium::control {

// `text` up to where its audio stopped, `played` of `received`, as if it were spoken
// evenly: whole words, and an ellipsis. Empty if not one word was heard.
std::string HeardOf(const std::string& text, int64_t played, int64_t received);

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_AGENT_HEARD_H_
