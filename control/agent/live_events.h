// What is said to a Live server, as its client package has it. Pure.
#ifndef ATRIUM_CONTROL_AGENT_LIVE_EVENTS_H_
#define ATRIUM_CONTROL_AGENT_LIVE_EVENTS_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "control/agent/provider.h"
#include "control/agent/realtime.h"

namespace atrium::control::live {

nlohmann::json Start(const RealtimeOptions& options, const std::string& backend_model,
                     const ProviderSettings& settings, const std::vector<HistoryItem>& history);
// Other tools for the backend.
nlohmann::json UpdateTools(const ProviderSettings& settings);
// Something to know, silently; in as many pieces as the server's bound makes of it.
std::vector<nlohmann::json> Thoughts(const std::string& text);
std::vector<nlohmann::json> Instructions(const std::string& text);

}  // namespace atrium::control::live

#endif  // ATRIUM_CONTROL_AGENT_LIVE_EVENTS_H_
