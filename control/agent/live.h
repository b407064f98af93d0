// Provider over the full-duplex Live protocol (`/v1/live/sessions`): the provider owns the
// turns, hears the room all the time and speaks when it likes; its context only grows, it
// takes no pictures, and it bills by the minute. Our tools are those of its Responses
// backend, if the deployment names a model for that.
//
// On the loop.
#ifndef ATRIUM_CONTROL_AGENT_LIVE_H_
#define ATRIUM_CONTROL_AGENT_LIVE_H_

#include <memory>

#include "common/loop.h"
#include "control/agent/provider.h"
#include "control/agent/realtime.h"

namespace atrium::control {

// `backend_model`: who calls the tools; empty: there are none.
std::unique_ptr<ProviderFactory> NewLiveFactory(Loop* loop, RealtimeOptions options,
                                                std::string backend_model);

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_AGENT_LIVE_H_
