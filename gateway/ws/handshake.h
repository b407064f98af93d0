// What a WebSocket handshake must say (RFC 6455, section 4.2.1). Pure.
#ifndef ATRIUM_GATEWAY_WS_HANDSHAKE_H_
#define ATRIUM_GATEWAY_WS_HANDSHAKE_H_

#include <string>

#include "absl/status/status.h"

namespace atrium::gateway::ws {

// The request's line and headers; an absent header is empty.
struct Handshake {
  std::string method;
  bool http_1_1 = false;
  std::string host, upgrade, connection, key, version;
};

// FAILED_PRECONDITION (426) if it is no upgrade to a WebSocket, or to another
// version than 13; INVALID_ARGUMENT (400) for what else is wrong, naming the header.
absl::Status CheckHandshake(const Handshake& handshake);

}  // namespace atrium::gateway::ws

#endif  // ATRIUM_GATEWAY_WS_HANDSHAKE_H_
