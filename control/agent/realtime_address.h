// Where a Realtime server is, and how it wants to be asked. Pure.
#ifndef ATRIUM_CONTROL_AGENT_REALTIME_ADDRESS_H_
#define ATRIUM_CONTROL_AGENT_REALTIME_ADDRESS_H_

#include <string>
#include <utility>

#include "control/agent/realtime.h"

namespace atrium::control {

// The path of the unix socket in `ws+unix:PATH`; empty for any other URL.
std::string UnixPathOf(const std::string& url);
// The WebSocket's URL, with the model.
std::string SocketUrlOf(const RealtimeOptions& options);
// Whether it is one that speaks the Live protocol, by its path.
bool IsLiveUrl(const std::string& url);
// Where secrets are minted.
std::string SecretsUrlOf(const RealtimeOptions& options);
// The header that carries the key, by name and value; both empty without a key.
// Azure has one of its own.
std::pair<std::string, std::string> KeyHeaderOf(const RealtimeOptions& options);

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_AGENT_REALTIME_ADDRESS_H_
