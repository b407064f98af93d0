#include "control/agent/live_events.h"

#include <algorithm>

#include "control/agent/live_stretch.h"
#include "control/limits.h"

namespace atrium::control {

bool IsSilence(const std::string& pcm) {
  constexpr int kQuiet = 33;  // -60 dBFS.
  for (size_t i = 0; i + 1 < pcm.size(); i += 2) {
    const auto sample =
        static_cast<int16_t>(static_cast<uint8_t>(pcm[i]) | static_cast<uint8_t>(pcm[i + 1]) << 8);
    if (sample > kQuiet || sample < -kQuiet) return false;
  }
  return true;
}

namespace live {

using nlohmann::json;

namespace {

constexpr int kRate = 24000;

json ToolsOf(const ProviderSettings& settings) {
  json tools = json::array();
  for (const ToolDeclaration& tool : settings.tools) {
    tools.push_back({{"type", "function"},
                     {"name", tool.name},
                     {"description", tool.description},
                     {"parameters", json::parse(tool.parameters, nullptr, false)}});
  }
  return tools;
}

// The newest part of the history that the server takes, oldest first.
json InputOf(const std::vector<HistoryItem>& history) {
  size_t bytes = 0;
  auto from = history.end();
  while (from != history.begin()) {
    bytes += (from - 1)->text.size();
    if (bytes > limits::kLiveHistoryBytes) break;
    --from;
  }
  json input = json::array();
  for (; from != history.end(); ++from) {
    const char* roles[] = {"user", "assistant", "developer"};
    const bool agent = from->role == HistoryItem::Role::kAgent;
    input.push_back({{"type", "message"},
                     {"role", roles[static_cast<int>(from->role)]},
                     {"content", json::array({{{"type", agent ? "output_text" : "input_text"},
                                               {"text", from->text}}})}});
  }
  return input;
}

std::vector<json> Appends(const char* type, std::string text) {
  std::vector<json> events;
  while (!text.empty()) {
    size_t end = std::min(text.size(), limits::kLiveAppendBytes);
    // Never in the middle of a character.
    while (end < text.size() && end > 1 && (text[end] & 0xC0) == 0x80) --end;
    const std::string piece = text.substr(0, end);
    text.erase(0, end);
    events.push_back({{"type", type}, {"content", piece}, {"delegation_id", nullptr}});
  }
  return events;
}

}  // namespace

json Start(const RealtimeOptions& options, const std::string& backend_model,
           const ProviderSettings& settings, const std::vector<HistoryItem>& history) {
  json audio = {{"format", {{"type", "audio/pcm"}, {"rate", kRate}}}};
  const std::string& voice = settings.voice.empty() ? options.voice : settings.voice;
  if (!voice.empty()) audio["output"] = {{"voice", voice}};
  json session = {{"model", options.model},
                  {"audio", audio},
                  {"instructions", settings.instructions},
                  {"store", false}};
  if (const json input = InputOf(history); !input.empty()) session["input"] = input;
  if (!backend_model.empty()) {
    session["delegation"] = {{"type", "responses"},
                             {"responses",
                              {{"model", backend_model},
                               {"instructions", settings.instructions},
                               {"tools", ToolsOf(settings)}}}};
  }
  return {{"type", "session.start"}, {"session", session}};
}

json UpdateTools(const ProviderSettings& settings) {
  return {
      {"type", "session.update"},
      {"session",
       {{"delegation", {{"type", "responses"}, {"responses", {{"tools", ToolsOf(settings)}}}}}}}};
}

std::vector<json> Thoughts(const std::string& text) {
  return Appends("session.thinking.append", text);
}
std::vector<json> Instructions(const std::string& text) {
  return Appends("session.instructions.append", text);
}

}  // namespace live
}  // namespace atrium::control
