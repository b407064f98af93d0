#include "control/agent/realtime_events.h"

#include <glib.h>

#include <algorithm>
#include <map>

#include "common/str_cat.h"

namespace atrium::control::realtime {

using nlohmann::json;

std::string Text(const json& object, const char* name) {
  if (!object.is_object()) return "";
  auto it = object.find(name);
  return it != object.end() && it->is_string() ? it->get<std::string>() : "";
}
int64_t Number(const json& object, const char* name) {
  if (!object.is_object()) return 0;
  auto it = object.find(name);
  if (it == object.end() || !it->is_number()) return 0;
  if (it->is_number_integer()) return it->get<int64_t>();
  // Some servers give milliseconds and times with a fraction.
  const double value = it->get<double>();
  return value > -9e15 && value < 9e15 ? static_cast<int64_t>(value) : 0;
}
const json& Object(const json& object, const char* name) {
  static const json kNone = json::object();
  if (!object.is_object()) return kNone;
  auto it = object.find(name);
  return it != object.end() && it->is_object() ? *it : kNone;
}
const json& List(const json& object, const char* name) {
  static const json kNone = json::array();
  if (!object.is_object()) return kNone;
  auto it = object.find(name);
  return it != object.end() && it->is_array() ? *it : kNone;
}

bool Holds(const json& list, std::string_view text) {
  return std::any_of(list.begin(), list.end(), [text](const json& one) {
    return one.is_string() && one.get_ref<const std::string&>() == text;
  });
}

std::string ToBase64(const std::string& bytes) {
  gchar* text = g_base64_encode(reinterpret_cast<const guchar*>(bytes.data()), bytes.size());
  std::string out = text;
  g_free(text);
  return out;
}
std::string FromBase64(const std::string& text) {
  gsize size = 0;
  guchar* bytes = g_base64_decode(text.c_str(), &size);
  std::string out(reinterpret_cast<char*>(bytes), size);
  g_free(bytes);
  return out;
}

json TranscriptionOf(const ProviderSettings& settings, const Transcribing& told) {
  json transcription = json::object();
  const auto name = [&](const char* field, const std::string& value, bool was_told) {
    if (!value.empty()) {
      transcription[field] = value;
    } else if (was_told) {
      transcription[field] = nullptr;
    }
  };
  name("model", settings.transcription_model, told.model);
  name("language", settings.language, told.language);
  return transcription;
}

std::string GaName(const std::string& type) {
  static const std::map<std::string, std::string> kNames = {
      {"response.audio.delta", "response.output_audio.delta"},
      {"response.audio.done", "response.output_audio.done"},
      {"response.audio_transcript.delta", "response.output_audio_transcript.delta"},
      {"response.audio_transcript.done", "response.output_audio_transcript.done"},
      {"response.text.delta", "response.output_text.delta"},
      {"response.text.done", "response.output_text.done"},
      {"conversation.item.created", "conversation.item.added"}};
  auto it = kNames.find(type);
  return it == kNames.end() ? type : it->second;
}

bool IsFinal(const std::string& code) {
  return code == "insufficient_quota" || code == "invalid_api_key" ||
         code == "account_deactivated" || code == "billing_hard_limit_reached" ||
         code == "model_not_found";
}

std::string RemedyFor(const std::string& code, const std::string& message) {
  if (code == "insufficient_quota") return "its quota is used up: add credit at the provider";
  if (code == "invalid_api_key") return "it does not accept the key: put a good one into the key file";
  if (code == "account_deactivated") return "the account is closed: ask the provider";
  if (code == "billing_hard_limit_reached") {
    return "the account's spending limit is reached: raise it at the provider";
  }
  if (code == "model_not_found") return "it has no such model: choose another with --model";
  return message.empty() ? code : message;
}

std::string RemedyForHttp(int status) {
  if (status == 404) {
    return "HTTP 404, there is nothing at its address: check --provider and --model";
  }
  if (status == 429) {
    return "HTTP 429, too much is asked of it, or its quota is used up: end other sessions, or "
           "raise the limit or add credit at the provider";
  }
  return StrCat("HTTP ", status);
}

ProviderUsage UsageOf(const json& usage) {
  const json& in = Object(usage, "input_token_details");
  const json& out = Object(usage, "output_token_details");
  const json& cached = Object(in, "cached_tokens_details");
  ProviderUsage used{.input_text = Number(in, "text_tokens"),
                     .input_audio = Number(in, "audio_tokens"),
                     .input_image = Number(in, "image_tokens"),
                     .cached = Number(in, "cached_tokens"),
                     .cached_audio = Number(cached, "audio_tokens"),
                     .cached_image = Number(cached, "image_tokens"),
                     .output_text = Number(out, "text_tokens"),
                     .output_audio = Number(out, "audio_tokens")};
  // Without details all counts as text.
  if (in.empty()) used.input_text = Number(usage, "input_tokens");
  if (out.empty()) used.output_text = Number(usage, "output_tokens");
  for (int64_t* count :
       {&used.input_text, &used.input_audio, &used.input_image, &used.cached, &used.cached_audio,
        &used.cached_image, &used.output_text, &used.output_audio}) {
    *count = std::max<int64_t>(*count, 0);
  }
  return used;
}

ResponseEnd EndOf(const json& response) {
  ResponseEnd end{.completed = Text(response, "status") == "completed",
                  .usage = UsageOf(Object(response, "usage"))};
  if (Text(response, "status") == "failed") {
    const json& error = Object(Object(response, "status_details"), "error");
    end.problem = StrCat("The voice agent could not answer: ",
                         RemedyFor(FailureCodeOf(response), Text(error, "message")));
  }
  return end;
}

std::string FailureCodeOf(const json& response) {
  const json& error = Object(Object(response, "status_details"), "error");
  const std::string code = Text(error, "code");
  return code.empty() ? Text(error, "type") : code;
}

}  // namespace atrium::control::realtime
