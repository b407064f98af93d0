// What a provider's answers cost, by the deployment's price list. Pure.
#ifndef ATRIUM_CONTROL_AGENT_PRICES_H_
#define ATRIUM_CONTROL_AGENT_PRICES_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "control/agent/provider.h"

namespace atrium::control {

// In units of the currency: for a million tokens of each kind, and for a minute.
struct ModelPrices {
  double input_text = 0, input_audio = 0, input_image = 0, cached = 0;
  double output_text = 0, output_audio = 0;
  double per_minute = 0;
};

struct Prices {
  std::string currency;  // ISO 4217; empty: there are no prices.
  std::map<std::string, ModelPrices> models;
};

// A JSON object {currency, models: {MODEL: {input_text, input_audio, input_image, cached,
// output_text, output_audio, per_minute}}}; what is left out costs nothing.
absl::StatusOr<Prices> ParsePrices(const std::string& text);

// In millionths of the currency. What the provider had kept costs `cached` in place of the
// rest.
int64_t CostMicros(const ModelPrices& prices, const ProviderUsage& usage);
int64_t MinutesMicros(const ModelPrices& prices, absl::Duration connected);

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_AGENT_PRICES_H_
