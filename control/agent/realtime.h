// Provider over the OpenAI Realtime protocol (GA names; beta names are read too),
// on a WebSocket: OpenAI, Azure, compatible servers, or our offline agent on a
// unix socket.
//
// On the loop.
#ifndef ATRIUM_CONTROL_AGENT_REALTIME_H_
#define ATRIUM_CONTROL_AGENT_REALTIME_H_

#include <memory>
#include <string>

#include "common/loop.h"
#include "control/agent/provider.h"

namespace atrium::control {

struct RealtimeOptions {
  std::string url;    // wss://, ws://, or ws+unix:PATH.
  std::string model;
  std::string voice;  // Empty: the provider's default.
  std::string key;    // Empty: none is sent.
  std::string name;   // For people.
};

std::unique_ptr<ProviderFactory> NewRealtimeFactory(Loop* loop, RealtimeOptions options);

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_AGENT_REALTIME_H_
