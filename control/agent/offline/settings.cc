#include "control/agent/offline/settings.h"

#include <algorithm>
#include <set>

#include "common/str_cat.h"
#include "control/agent/offline/limits.h"

namespace atrium::agent {

using nlohmann::json;

namespace {

constexpr int kSilenceMs = 500;

json DefaultTurns() {
  return {{"type", "server_vad"},       {"threshold", 0.5},
          {"prefix_padding_ms", 300},   {"silence_duration_ms", kSilenceMs},
          {"create_response", true},    {"interrupt_response", true},
          {"idle_timeout_ms", nullptr}};
}

Fault BadValue(const std::string& param, const std::string& why) {
  return {"invalid_value", StrCat("Invalid value for '", param, "': ", why), param};
}

Verdict CheckFormat(const json& side, const std::string& param) {
  auto it = side.find("format");
  if (it == side.end() || it->is_null()) return std::nullopt;
  const std::string type = TextOf(*it, "type");
  if (type == "audio/pcmu" || type == "audio/pcma") return std::nullopt;
  if (type != "audio/pcm") {
    return BadValue(param + ".type", "it must be audio/pcm, audio/pcmu or audio/pcma");
  }
  if (it->value("rate", json(24000)) != 24000) return BadValue(param + ".rate", "it must be 24000");
  return std::nullopt;
}

Verdict CheckTurns(const json& input) {
  const std::string param = "session.audio.input.turn_detection";
  auto it = input.find("turn_detection");
  if (it == input.end() || it->is_null()) return std::nullopt;
  const std::string type = TextOf(*it, "type");
  if (type != "server_vad" && type != "semantic_vad") {
    return BadValue(param + ".type", "it must be server_vad or semantic_vad");
  }
  const json silence = it->value("silence_duration_ms", json(kSilenceMs));
  if (!silence.is_number_integer() || silence < 100 || silence > 10'000) {
    return BadValue(param + ".silence_duration_ms", "it must be from 100 to 10000");
  }
  for (const char* flag : {"create_response", "interrupt_response"}) {
    if (!it->value(flag, json(true)).is_boolean()) {
      return BadValue(StrCat(param, ".", flag), "it must be true or false");
    }
  }
  return std::nullopt;
}

// The fields that a session has.
const std::set<std::string>& Fields() {
  static const std::set<std::string> kFields = {
      "type",        "model",     "output_modalities", "instructions",        "audio",
      "tools",       "prompt",    "tool_choice",       "max_output_tokens",   "truncation",
      "tracing",     "include",   "reasoning",         "parallel_tool_calls", "object",
      "id",          "expires_at"};
  return kFields;
}

}  // namespace

bool AreModalities(const json& modalities) {
  return modalities == json::array({"audio"}) || modalities == json::array({"text"});
}

bool HasTool(const json& tools, const std::string& name) {
  return tools.is_array() && std::any_of(tools.begin(), tools.end(), [&](const json& tool) {
           return TextOf(tool, "type") == "function" && TextOf(tool, "name") == name;
         });
}

Settings::Settings(const std::string& model) {
  const json pcm = {{"type", "audio/pcm"}, {"rate", 24000}};
  shape_ = {{"type", "realtime"},
            {"object", "realtime.session"},
            {"model", model},
            {"output_modalities", json::array({"audio"})},
            {"instructions", ""},
            {"tools", json::array()},
            {"tool_choice", "auto"},
            {"max_output_tokens", "inf"},
            {"truncation", "auto"},
            {"tracing", nullptr},
            {"prompt", nullptr},
            {"include", nullptr},
            {"audio",
             {{"input",
               {{"format", pcm},
                {"noise_reduction", nullptr},
                {"transcription", nullptr},
                {"turn_detection", DefaultTurns()}}},
              {"output", {{"format", pcm}, {"voice", "en-us"}, {"speed", 1.0}}}}}};
}

Verdict Settings::Apply(const json& update) {
  if (!update.is_object()) return BadValue("session", "it must be an object");
  if (update.dump(-1, ' ', false, json::error_handler_t::replace).size() > limits::kSettingsBytes) {
    return BadValue("session", StrCat("it has more than ", limits::kSettingsBytes, " bytes"));
  }
  if (!update.contains("type")) {
    return Fault{"missing_required_parameter", "Missing required parameter: 'session.type'.",
                 "session.type"};
  }
  if (update["type"] != "realtime") return BadValue("session.type", "it must be realtime");
  for (const auto& [field, value] : update.items()) {
    if (Fields().count(field) > 0) continue;
    return Fault{"unknown_parameter", StrCat("Unknown parameter: 'session.", field, "'."),
                 "session." + field};
  }
  if (update.contains("output_modalities") && !AreModalities(update["output_modalities"])) {
    return BadValue("session.output_modalities", "it must be [\"audio\"] or [\"text\"]");
  }
  if (update.contains("tools") && !update["tools"].is_array()) {
    return BadValue("session.tools", "it must be a list");
  }
  const json& input = ObjectOf(ObjectOf(update, "audio"), "input");
  const json& output = ObjectOf(ObjectOf(update, "audio"), "output");
  if (Verdict fault = CheckFormat(input, "session.audio.input.format")) return fault;
  if (Verdict fault = CheckFormat(output, "session.audio.output.format")) return fault;
  if (Verdict fault = CheckTurns(input)) return fault;
  const std::string voice = TextOf(output, "voice");
  if (voice_fixed_ && !voice.empty() && voice != shape_["audio"]["output"]["voice"]) {
    return Fault{"cannot_update_voice",
                 "The voice of a conversation cannot be changed once the assistant spoke",
                 "session.audio.output.voice"};
  }
  for (const auto& [field, value] : update.items()) {
    const bool fixed = field == "audio" || field == "model" || field == "object" || field == "id" ||
                       field == "expires_at";
    if (!fixed) shape_[field] = value;
  }
  for (const auto& [side, fields] : {std::pair("input", &input), std::pair("output", &output)}) {
    for (const auto& [field, value] : fields->items()) shape_["audio"][side][field] = value;
  }
  json& turns = shape_["audio"]["input"]["turn_detection"];
  if (turns.is_object()) {
    json whole = DefaultTurns();
    whole.update(turns);
    turns = whole;
  }
  return std::nullopt;
}

bool Settings::Speaks() const { return shape_["output_modalities"] == json::array({"audio"}); }

std::string Settings::InputFormat() const {
  return TextOf(ObjectOf(shape_["audio"]["input"], "format"), "type");
}
std::string Settings::OutputFormat() const {
  return TextOf(ObjectOf(shape_["audio"]["output"], "format"), "type");
}

bool Settings::DetectsTurns() const {
  return shape_["audio"]["input"]["turn_detection"].is_object();
}
bool Settings::CreatesResponses() const {
  return DetectsTurns() && shape_["audio"]["input"]["turn_detection"].value("create_response", true);
}
bool Settings::InterruptsResponses() const {
  return DetectsTurns() &&
         shape_["audio"]["input"]["turn_detection"].value("interrupt_response", true);
}
int Settings::SilenceMs() const {
  return DetectsTurns()
             ? shape_["audio"]["input"]["turn_detection"].value("silence_duration_ms", kSilenceMs)
             : kSilenceMs;
}

std::vector<std::string> Settings::TabTitles() const {
  const auto pointer = json::json_pointer("/parameters/properties/tab/enum");
  for (const json& tool : ListOf(shape_, "tools")) {
    if (!tool.is_object() || !tool.contains(pointer) || !tool.at(pointer).is_array()) continue;
    std::vector<std::string> titles;
    for (const json& title : tool.at(pointer)) {
      if (title.is_string()) titles.push_back(title.get<std::string>());
    }
    return titles;
  }
  return {};
}

}  // namespace atrium::agent
