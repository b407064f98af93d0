#include "control/agent/providers.h"

#include <cmath>
#include <utility>

#include "common/file.h"
#include "common/status_macros.h"
#include "control/agent/live.h"
#include "control/agent/realtime.h"
#include "control/agent/realtime_address.h"
#include "control/errors.h"

namespace atrium::control {

absl::StatusOr<std::unique_ptr<ProviderFactory>> MakeProviders(Loop* loop, const Config& config) {
  if (config.provider_url.empty()) return std::unique_ptr<ProviderFactory>();
  RealtimeOptions options{.url = config.provider_url,
                          .model = config.provider_model,
                          .voice = config.provider_voice,
                          .name = config.provider_name};
  if (!config.provider_key_file.empty()) {
    ASSIGN_OR_RETURN(options.key, ReadFile(config.provider_key_file));
    while (!options.key.empty() && options.key.back() <= ' ') options.key.pop_back();
  }
  if (options.name.empty()) options.name = config.provider_model;
  if (IsLiveUrl(options.url)) {
    return NewLiveFactory(loop, std::move(options), config.backend_model);
  }
  return NewRealtimeFactory(loop, std::move(options));
}

absl::StatusOr<Profiles> ReadProfiles(const Config& config) {
  Profiles profiles = {Profile()};
  if (!config.agent_profiles.empty()) {
    ASSIGN_OR_RETURN(const std::string text, ReadFile(config.agent_profiles));
    ASSIGN_OR_RETURN(profiles, ParseProfiles(text));
  }
  for (Profile& profile : profiles) {
    if (profile.language.empty()) profile.language = config.language;
    if (profile.transcription_model.empty()) {
      profile.transcription_model = config.transcription_model;
    }
  }
  return profiles;
}

absl::StatusOr<Meter::Tariff> ReadTariff(const Config& config) {
  Meter::Tariff tariff{.limit_micros = std::llround(config.session_cost_limit * 1e6)};
  if (!config.price_file.empty()) {
    ASSIGN_OR_RETURN(const std::string text, ReadFile(config.price_file));
    ASSIGN_OR_RETURN(const Prices prices, ParsePrices(text));
    tariff.currency = prices.currency;
    const auto known = prices.models.find(config.provider_model);
    if (known != prices.models.end()) tariff.prices = known->second;
  }
  if (tariff.limit_micros > 0 && !tariff.prices) return CostLimitWithoutPrice(config.provider_model);
  return tariff;
}

}  // namespace atrium::control
