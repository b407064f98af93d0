#include "control/agent/offline/readings.h"

#include <map>

#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace atrium::agent {

std::string WithoutManners(const std::string& text) {
  absl::string_view words = text;
  absl::ConsumePrefix(&words, "okay ");
  absl::ConsumeSuffix(&words, " please");
  return std::string(words);
}

Heard Weigh(const std::vector<std::string>& readings) {
  std::map<std::string, std::string> meant;
  for (const std::string& reading : readings) {
    const auto [known, fresh] = meant.try_emplace(WithoutManners(reading), reading);
    if (!fresh) return {.text = known->second};
  }
  if (meant.count("") > 0) return {};
  std::vector<std::string> commands = readings;
  std::erase(commands, kWakeWord);
  if (commands.size() < 2) return {.text = kWakeWord};
  return {.text = commands[0], .other = commands[1]};
}

}  // namespace atrium::agent
