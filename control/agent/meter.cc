#include "control/agent/meter.h"

#include <utility>

#include "absl/strings/str_format.h"

namespace atrium::control {

Meter::Meter(Tariff tariff, Usage so_far) : tariff_(std::move(tariff)), usage_(std::move(so_far)) {
  usage_.set_currency(tariff_.prices ? tariff_.currency : "");
}

void Meter::AddResponse(const ProviderUsage& usage) {
  usage_.set_responses(usage_.responses() + 1);
  Add(usage);
}

void Meter::Add(const ProviderUsage& used) {
  usage_.set_input_text_tokens(usage_.input_text_tokens() + used.input_text);
  usage_.set_input_audio_tokens(usage_.input_audio_tokens() + used.input_audio);
  usage_.set_input_image_tokens(usage_.input_image_tokens() + used.input_image);
  usage_.set_cached_tokens(usage_.cached_tokens() + used.cached);
  usage_.set_output_text_tokens(usage_.output_text_tokens() + used.output_text);
  usage_.set_output_audio_tokens(usage_.output_audio_tokens() + used.output_audio);
  if (tariff_.prices) {
    usage_.set_cost_micros(usage_.cost_micros() + CostMicros(*tariff_.prices, used));
  }
}

void Meter::Connect(absl::Duration now) { since_ = now; }
void Meter::Disconnect(absl::Duration now) {
  Advance(now);
  since_.reset();
}
void Meter::Advance(absl::Duration now) {
  if (!since_) return;
  uncounted_ += now - std::exchange(*since_, now);
  const absl::Duration whole = absl::Trunc(uncounted_, absl::Seconds(1));
  uncounted_ -= whole;
  usage_.set_connected_seconds(usage_.connected_seconds() + absl::ToInt64Seconds(whole));
  if (tariff_.prices) {
    usage_.set_cost_micros(usage_.cost_micros() + MinutesMicros(*tariff_.prices, whole));
  }
}

bool Meter::exhausted() const {
  return tariff_.limit_micros > 0 && usage_.cost_micros() >= tariff_.limit_micros;
}

std::string Meter::limit() const {
  return absl::StrFormat("%.2f %s", static_cast<double>(tariff_.limit_micros) / 1e6,
                         tariff_.currency);
}

}  // namespace atrium::control
