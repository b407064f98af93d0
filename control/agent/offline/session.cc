#include "control/agent/offline/session.h"

#include <glib.h>

#include <algorithm>
#include <utility>

#include "common/log.h"
#include "common/random.h"
#include "common/str_cat.h"

namespace atrium::agent {
namespace {

using nlohmann::json;

constexpr size_t kDeltaBytes = 24000 * 2 / 5;  // 200 ms of audio.
constexpr int64_t kSessionSeconds = 24 * 3600;

std::string Text(const json& object, const char* name) {
  auto it = object.find(name);
  return it != object.end() && it->is_string() ? it->get<std::string>() : "";
}

std::string Base64(const char* bytes, size_t size) {
  gchar* text = g_base64_encode(reinterpret_cast<const guchar*>(bytes), size);
  std::string out = text;
  g_free(text);
  return out;
}

// Turns carry the speaker's name, "Olga: ..."; what counts is behind it.
std::string WithoutName(const std::string& text) {
  const size_t colon = text.find(": ");
  return colon != std::string::npos && colon <= 48 ? text.substr(colon + 2) : text;
}

// The titles of live tabs stand in the tools' declarations.
std::vector<std::string> TitlesIn(const json& tools) {
  if (!tools.is_array()) return {};
  for (const json& tool : tools) {
    const auto pointer = json::json_pointer("/parameters/properties/tab/enum");
    if (tool.contains(pointer) && tool.at(pointer).is_array()) {
      std::vector<std::string> titles;
      for (const json& title : tool.at(pointer)) {
        if (title.is_string()) titles.push_back(title.get<std::string>());
      }
      return titles;
    }
  }
  return {};
}

}  // namespace

Session::Session(Loop* loop, Recognizer* recognizer, Voice* voice, Send send)
    : loop_(loop), recognizer_(recognizer), voice_(voice), send_(std::move(send)) {
  session_ = {{"type", "realtime"}, {"model", "atrium-offline"}};
}

std::string Session::NewId(const char* prefix) {
  return StrCat(prefix, "_", RandomId().substr(0, 16), ++next_id_);
}

json Session::Shape() const {
  json shape = session_;
  shape["object"] = "realtime.session";
  shape["expires_at"] = absl::ToUnixSeconds(loop_->Now()) + kSessionSeconds;
  return shape;
}

void Session::Emit(json event) {
  event["event_id"] = NewId("event");
  send_(event);
}

void Session::Begin() { Emit({{"type", "session.created"}, {"session", Shape()}}); }

void Session::Fail(const json& event, const std::string& code, const std::string& message) {
  Emit({{"type", "error"},
        {"error",
         {{"type", "invalid_request_error"},
          {"code", code},
          {"message", message},
          {"event_id", event.contains("event_id") ? event["event_id"] : json()}}}});
}

void Session::OnEvent(const json& event) {
  const std::string type = Text(event, "type");
  if (type == "session.update") {
    UpdateSession(event.value("session", json::object()));
  } else if (type == "input_audio_buffer.append") {
    AppendAudio(Text(event, "audio"));
  } else if (type == "conversation.item.create") {
    AddItem(event);
  } else if (type == "response.create") {
    Respond(event);
  } else if (type == "conversation.item.truncate") {
    Emit({{"type", "conversation.item.truncated"},
          {"item_id", Text(event, "item_id")},
          {"content_index", 0},
          {"audio_end_ms", event.value("audio_end_ms", 0)}});
  } else if (type == "input_audio_buffer.clear") {
    Emit({{"type", "input_audio_buffer.cleared"}});
  } else if (type == "input_audio_buffer.commit") {
    Emit({{"type", "input_audio_buffer.committed"}, {"item_id", NewId("item")}});
  } else if (type == "conversation.item.delete") {
    Emit({{"type", "conversation.item.deleted"}, {"item_id", Text(event, "item_id")}});
  } else if (type != "response.cancel") {
    // A response is complete at once, so there is never one to cancel.
    Fail(event, "unknown_event", StrCat("There is no event ", type));
  }
}

void Session::UpdateSession(const json& update) {
  if (!update.is_object()) return Fail({}, "invalid_value", "session must be an object");
  session_.merge_patch(update);
  const json modalities = session_.value("output_modalities", json::array());
  text_only_ = modalities == json::array({"text"});
  commands_.SetTabs(TitlesIn(session_.value("tools", json::array())));
  const std::string grammar =
      commands_.Grammar([this](const std::string& word) { return recognizer_->Knows(word); });
  if (grammar != grammar_) {
    grammar_ = grammar;
    const absl::Status status = recognizer_->SetGrammar(grammar);
    if (!status.ok()) LogError("no grammar", {{"error", status.message()}});
  }
  Emit({{"type", "session.updated"}, {"session", Shape()}});
}

void Session::AppendAudio(const std::string& base64) {
  gsize size = 0;
  guchar* bytes = g_base64_decode(base64.c_str(), &size);
  const std::vector<int16_t> audio =
      resampler_.Process(reinterpret_cast<const int16_t*>(bytes), size / sizeof(int16_t));
  g_free(bytes);
  endpointer_.Process(audio);
}

void Session::OnBegin(int64_t at_ms) {
  item_ = NewId("item");
  Emit({{"type", "input_audio_buffer.speech_started"}, {"audio_start_ms", at_ms}, {"item_id", item_}});
}

void Session::OnEnd(int64_t at_ms, std::vector<int16_t> utterance) {
  // One recognizer serves all sessions: this one's grammar goes first.
  (void)recognizer_->SetGrammar(grammar_);
  const std::string text = recognizer_->Recognize(utterance);
  LogDebug("heard", {{"text", text}});
  // The transcript goes first, so that whoever asks for a response has it.
  Emit({{"type", "input_audio_buffer.speech_stopped"}, {"audio_end_ms", at_ms}, {"item_id", item_}});
  Emit({{"type", "input_audio_buffer.committed"}, {"item_id", item_}});
  const json item = {{"id", item_},
                     {"type", "message"},
                     {"role", "user"},
                     {"content", json::array({{{"type", "input_audio"}, {"transcript", text}}})}};
  Emit({{"type", "conversation.item.added"}, {"item", item}});
  Emit({{"type", "conversation.item.done"}, {"item", item}});
  Emit({{"type", "conversation.item.input_audio_transcription.completed"},
        {"item_id", item_},
        {"content_index", 0},
        {"transcript", text}});
  turns_.push_back({text, true});
}

void Session::AddItem(const json& event) {
  json item = event.value("item", json::object());
  if (!item.contains("id")) item["id"] = NewId("item");
  const std::string type = Text(item, "type");
  if (type == "function_call_output") {
    auto call = calls_.extract(Text(item, "call_id"));
    if (call.empty()) return Fail(event, "invalid_value", "There is no such call");
    reports_.push_back(
        commands_.Report(call.mapped().tool, call.mapped().arguments, Text(item, "output")));
  } else if (type == "message" && Text(item, "role") == "user") {
    for (const json& content : item.value("content", json::array())) {
      if (Text(content, "type") == "input_text") turns_.push_back({Text(content, "text"), false});
    }
  }
  Emit({{"type", "conversation.item.added"}, {"item", item}});
  Emit({{"type", "conversation.item.done"}, {"item", item}});
}

void Session::Respond(const json&) {
  if (!reports_.empty()) {
    Act act{.say = reports_.front()};
    reports_.pop_front();
    turns_.clear();
    return RespondWith(act);
  }
  // The newest turn is what is asked; older ones were history, or not for us.
  Act act;
  if (!turns_.empty()) {
    const Turn turn = turns_.back();
    turns_.clear();
    if (turn.spoken) {
      act = commands_.Spoken(turn.text, loop_->Now()).value_or(Act{});
    } else {
      act = commands_.Typed(WithoutName(turn.text), loop_->Now());
    }
  }
  RespondWith(act);
}

void Session::RespondWith(const Act& act) {
  const std::string response = NewId("resp");
  Emit({{"type", "response.created"},
        {"response",
         {{"id", response}, {"object", "realtime.response"}, {"status", "in_progress"}, {"output", json::array()}}}});
  if (!act.say.empty()) return EmitSpeech(response, act.say);
  if (!act.tool.empty()) return EmitCall(response, act);
  FinishResponse(response, json::array());
}

void Session::EmitCall(const std::string& response, const Act& act) {
  const std::string call = NewId("call"), item_id = NewId("item");
  calls_[call] = {act.tool, act.arguments};
  const json item = {{"id", item_id},     {"type", "function_call"}, {"status", "completed"},
                     {"call_id", call},   {"name", act.tool},        {"arguments", act.arguments}};
  Emit({{"type", "response.output_item.added"}, {"response_id", response}, {"output_index", 0}, {"item", item}});
  Emit({{"type", "response.function_call_arguments.done"},
        {"response_id", response},
        {"item_id", item_id},
        {"output_index", 0},
        {"call_id", call},
        {"name", act.tool},
        {"arguments", act.arguments}});
  Emit({{"type", "response.output_item.done"}, {"response_id", response}, {"output_index", 0}, {"item", item}});
  FinishResponse(response, json::array({item}));
}

void Session::EmitSpeech(const std::string& response, const std::string& text) {
  const std::string item_id = NewId("item");
  const char* kind = text_only_ ? "output_text" : "output_audio";
  json item = {{"id", item_id}, {"type", "message"}, {"role", "assistant"}, {"content", json::array()}};
  const json where = {{"response_id", response}, {"item_id", item_id}, {"output_index", 0}, {"content_index", 0}};
  const auto emit = [&](const char* type, json more) {
    more.update(where);
    more["type"] = type;
    Emit(std::move(more));
  };
  Emit({{"type", "response.output_item.added"}, {"response_id", response}, {"output_index", 0}, {"item", item}});
  emit("response.content_part.added", {{"part", {{"type", kind}}}});
  const std::string words = text_only_ ? "response.output_text" : "response.output_audio_transcript";
  emit((words + ".delta").c_str(), {{"delta", text}});
  if (!text_only_) {
    const std::string pcm = voice_->Speak(text);
    for (size_t at = 0; at < pcm.size(); at += kDeltaBytes) {
      const size_t n = std::min(kDeltaBytes, pcm.size() - at);
      emit("response.output_audio.delta", {{"delta", Base64(pcm.data() + at, n)}});
    }
    emit("response.output_audio.done", json::object());
  }
  emit((words + ".done").c_str(), {{text_only_ ? "text" : "transcript", text}});
  item["content"] = json::array({{{"type", kind}, {text_only_ ? "text" : "transcript", text}}});
  emit("response.content_part.done", {{"part", item["content"][0]}});
  Emit({{"type", "response.output_item.done"}, {"response_id", response}, {"output_index", 0}, {"item", item}});
  FinishResponse(response, json::array({item}));
}

void Session::FinishResponse(const std::string& response, const json& output) {
  Emit({{"type", "response.done"},
        {"response",
         {{"id", response}, {"object", "realtime.response"}, {"status", "completed"}, {"output", output}}}});
}

}  // namespace atrium::agent
