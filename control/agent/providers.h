// Which voice agent a deployment has.
#ifndef ATRIUM_CONTROL_AGENT_PROVIDERS_H_
#define ATRIUM_CONTROL_AGENT_PROVIDERS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "common/loop.h"
#include "control/agent/meter.h"
#include "control/agent/profiles.h"
#include "control/agent/provider.h"
#include "control/config.h"

namespace atrium::control {

// By the settings; null if the deployment has none.
absl::StatusOr<std::unique_ptr<ProviderFactory>> MakeProviders(Loop* loop, const Config& config);

// What the agent can be, by the settings; at least one profile.
absl::StatusOr<Profiles> ReadProfiles(const Config& config);

// What the provider costs and a session may, by the settings.
absl::StatusOr<Meter::Tariff> ReadTariff(const Config& config);

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_AGENT_PROVIDERS_H_
