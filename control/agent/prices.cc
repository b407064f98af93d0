#include "control/agent/prices.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "common/errors.h"
#include "common/str_cat.h"

namespace atrium::control {
namespace {

using nlohmann::json;

constexpr size_t kCurrencyChars = 3;
constexpr double kMost = 1e6;  // Of a currency, for a million tokens or a minute.

double* FieldOf(ModelPrices* prices, const std::string& name) {
  if (name == "input_text") return &prices->input_text;
  if (name == "input_audio") return &prices->input_audio;
  if (name == "input_image") return &prices->input_image;
  if (name == "cached") return &prices->cached;
  if (name == "output_text") return &prices->output_text;
  if (name == "output_audio") return &prices->output_audio;
  return name == "per_minute" ? &prices->per_minute : nullptr;
}

absl::StatusOr<ModelPrices> ParseModel(const std::string& model, const json& given) {
  const std::string field = StrCat("--price_file.models[", model, "]");
  if (!given.is_object()) return BadField(field, "must be an object");
  ModelPrices prices;
  for (const auto& [name, value] : given.items()) {
    double* price = FieldOf(&prices, name);
    if (price == nullptr) return BadField(StrCat(field, ".", name), "is unknown");
    const double number = value.is_number() ? value.get<double>() : -1;
    if (!(number >= 0 && number <= kMost)) {
      return BadField(StrCat(field, ".", name), "must be a number, 0 or more");
    }
    *price = number;
  }
  return prices;
}

}  // namespace

absl::StatusOr<Prices> ParsePrices(const std::string& text) {
  const json given = json::parse(text, nullptr, false);
  if (!given.is_object()) return BadField("--price_file", "must be a file with a JSON object");
  Prices prices;
  const json currency = given.value("currency", json());
  if (currency.is_string()) prices.currency = currency;
  if (prices.currency.size() != kCurrencyChars ||
      !std::all_of(prices.currency.begin(), prices.currency.end(), absl::ascii_isupper)) {
    return BadField("--price_file.currency", "must be three capital letters, for example USD");
  }
  const json models = given.value("models", json());
  if (!models.is_object()) return BadField("--price_file.models", "must be an object");
  for (const auto& [model, one] : models.items()) {
    absl::StatusOr<ModelPrices> parsed = ParseModel(model, one);
    if (!parsed.ok()) return parsed.status();
    prices.models[model] = *parsed;
  }
  return prices;
}

int64_t CostMicros(const ModelPrices& prices, const ProviderUsage& usage) {
  // A million tokens cost so many units: one costs so many millionths.
  const int64_t cached_audio = std::clamp<int64_t>(usage.cached_audio, 0, usage.input_audio);
  const int64_t cached_image = std::clamp<int64_t>(usage.cached_image, 0, usage.input_image);
  const int64_t cached_text =
      std::clamp<int64_t>(usage.cached - cached_audio - cached_image, 0, usage.input_text);
  const double cost =
      static_cast<double>(usage.input_text - cached_text) * prices.input_text +
      static_cast<double>(usage.input_audio - cached_audio) * prices.input_audio +
      static_cast<double>(usage.input_image - cached_image) * prices.input_image +
      static_cast<double>(cached_text + cached_audio + cached_image) * prices.cached +
      static_cast<double>(usage.output_text) * prices.output_text +
      static_cast<double>(usage.output_audio) * prices.output_audio;
  return std::llround(cost);
}

int64_t MinutesMicros(const ModelPrices& prices, absl::Duration connected) {
  return std::llround(absl::ToDoubleMinutes(connected) * prices.per_minute * 1e6);
}

}  // namespace atrium::control
