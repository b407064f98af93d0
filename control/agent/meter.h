// Meter counts what one conversation has used and cost, and says when that is enough
// (S22). Pure.
#ifndef ATRIUM_CONTROL_AGENT_METER_H_
#define ATRIUM_CONTROL_AGENT_METER_H_

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "atrium/v1/conversation.pb.h"
#include "control/agent/prices.h"
#include "control/agent/provider.h"

namespace atrium::control {

class Meter {
 public:
  using Usage = atrium::v1::Conversation::Usage;
  // What is known of cost; a limit of 0: none.
  struct Tariff {
    std::optional<ModelPrices> prices;
    std::string currency;
    int64_t limit_micros = 0;
  };

  // Goes on from `so_far`.
  Meter(Tariff tariff, Usage so_far);

  // A response ended.
  void AddResponse(const ProviderUsage& usage);
  // Something was used beside responses.
  void Add(const ProviderUsage& usage);
  // The provider is connected since `now`, or not any more; then time counts up to `now`.
  void Connect(absl::Duration now);
  void Disconnect(absl::Duration now);
  void Advance(absl::Duration now);

  const Usage& usage() const { return usage_; }
  bool exhausted() const;
  // For people: "5.00 USD".
  std::string limit() const;

 private:
  const Tariff tariff_;
  Usage usage_;
  std::optional<absl::Duration> since_;  // Counted up to here, while it is connected.
  absl::Duration uncounted_;             // Less than a second.
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_AGENT_METER_H_
