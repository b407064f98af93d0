#include "control/agent/offline/session.h"

#include <algorithm>
#include <utility>

#include "common/log.h"
#include "common/random.h"
#include "common/str_cat.h"
#include "control/agent/offline/limits.h"

namespace atrium::agent {
namespace {

using nlohmann::json;

// Turns carry the speaker's name, "Olga: ..."; what counts is behind it.
std::string WithoutName(const std::string& text) {
  const size_t colon = text.find(": ");
  return colon != std::string::npos && colon <= 48 ? text.substr(colon + 2) : text;
}

// What somebody typed in an item.
std::string InputText(const json& item) {
  std::string text;
  for (const json& part : ListOf(item, "content")) {
    if (TextOf(part, "type") != "input_text") continue;
    StrAppend(&text, text.empty() ? "" : " ", TextOf(part, "text"));
  }
  return text;
}

Fault NoSuchItem(const char* code, const std::string& id) {
  return {code, StrCat("There is no item with the id '", id, "'"), "item_id"};
}

// The kinds of content that a message of a role may have.
bool MayHold(const std::string& role, const std::string& type) {
  if (role == "system") return type == "input_text";
  if (role == "assistant") return type == "output_text";
  return role == "user" && (type == "input_text" || type == "input_audio" || type == "input_image");
}

Verdict CheckItem(const json& item) {
  const std::string type = TextOf(item, "type"), role = TextOf(item, "role");
  if (type == "function_call" || type == "function_call_output") {
    if (!TextOf(item, "call_id").empty()) return std::nullopt;
    return Fault{"missing_required_parameter", "Missing required parameter: 'item.call_id'.",
                 "item.call_id"};
  }
  if (type != "message") {
    return Fault{"invalid_value",
                 "item.type must be message, function_call or function_call_output", "item.type"};
  }
  if (ListOf(item, "content").empty()) {
    return Fault{"missing_required_parameter", "Missing required parameter: 'item.content'.",
                 "item.content"};
  }
  for (const json& part : item["content"]) {
    if (MayHold(role, TextOf(part, "type"))) continue;
    return Fault{"invalid_value",
                 StrCat("A message of ", role.empty() ? "nobody" : role, " cannot hold ",
                        TextOf(part, "type").empty() ? "that" : TextOf(part, "type")),
                 "item.content"};
  }
  return std::nullopt;
}

Verdict CheckResponse(const json& params) {
  if (!params.is_object()) {
    return Fault{"invalid_value", "response must be an object", "response"};
  }
  const std::string where = params.contains("conversation") ? TextOf(params, "conversation") : "auto";
  if (where != "auto" && where != "none") {
    return Fault{"invalid_value", "conversation must be auto or none", "response.conversation"};
  }
  if (params.contains("output_modalities") && !AreModalities(params["output_modalities"])) {
    return Fault{"invalid_value", "output_modalities must be [\"audio\"] or [\"text\"]",
                 "response.output_modalities"};
  }
  if (params.contains("input") && !params["input"].is_array()) {
    return Fault{"invalid_value", "input must be a list of items", "response.input"};
  }
  return std::nullopt;
}

}  // namespace

Session::Session(Loop* loop, Recognizer* recognizer, Voice* voice, Line line,
                 const Options& options)
    : loop_(loop),
      recognizer_(recognizer),
      voice_(voice),
      line_(std::move(line)),
      id_(StrCat("sess_", RandomId())),
      expires_(loop->Now() + options.life),
      settings_(options.model),
      ear_(this),
      end_(loop->After(options.life, [this] { Expire(); })) {
  if (options.settings.is_object()) (void)settings_.Apply(options.settings);
  Learn();
}

std::string Session::NewId(const char* prefix) {
  return StrCat(prefix, "_", RandomId().substr(0, 16), ++next_id_);
}

json Session::Shape() const {
  json shape = settings_.shape();
  shape["id"] = id_;
  shape["expires_at"] = absl::ToUnixSeconds(expires_);
  return shape;
}

void Session::Emit(json event) {
  event["event_id"] = NewId("event");
  line_.send(event);
}

void Session::Begin() {
  Emit({{"type", "session.created"}, {"session", Shape()}});
  Emit({{"type", "conversation.created"},
        {"conversation", {{"id", NewId("conv")}, {"object", "realtime.conversation"}}}});
}

void Session::Expire() {
  Fail({}, {"session_expired", "Your session hit its maximum duration.", ""});
  line_.close(1001);
}

void Session::Fail(const json& event, const Fault& fault) {
  const json param = fault.param.empty() ? json() : json(fault.param);
  const json cause = event.is_object() && event.contains("event_id") ? event["event_id"] : json();
  Emit({{"type", "error"},
        {"error",
         {{"type", "invalid_request_error"},
          {"code", fault.code},
          {"message", fault.message},
          {"param", param},
          {"event_id", cause}}}});
}

void Session::OnEvent(const json& event) {
  static const std::map<std::string, Verdict (Session::*)(const json&)> kHeard = {
      {"session.update", &Session::UpdateSession},
      {"input_audio_buffer.append", &Session::AppendAudio},
      {"input_audio_buffer.commit", &Session::CommitAudio},
      {"input_audio_buffer.clear", &Session::ClearAudio},
      {"conversation.item.create", &Session::CreateItem},
      {"conversation.item.retrieve", &Session::RetrieveItem},
      {"conversation.item.delete", &Session::DeleteItem},
      {"conversation.item.truncate", &Session::TruncateItem},
      {"response.create", &Session::CreateResponse},
      {"response.cancel", &Session::CancelResponse},
      {"output_audio_buffer.clear", &Session::ClearOutput}};
  if (!event.is_object()) return Fail(event, {"invalid_json", "A message must be a JSON object", ""});
  const std::string type = TextOf(event, "type");
  if (type.empty()) {
    return Fail(event, {"missing_required_parameter", "Missing required parameter: 'type'.", "type"});
  }
  const auto heard = kHeard.find(type);
  if (heard == kHeard.end()) {
    return Fail(event, {"invalid_value", StrCat("Invalid value: '", type, "'."), "type"});
  }
  if (Verdict fault = (this->*heard->second)(event)) Fail(event, *fault);
}

// The session.

Verdict Session::UpdateSession(const json& event) {
  if (Verdict fault = settings_.Apply(event.value("session", json()))) return fault;
  Learn();
  Emit({{"type", "session.updated"}, {"session", Shape()}});
  return std::nullopt;
}

void Session::Learn() {
  ear_.Set(settings_.InputFormat(), settings_.DetectsTurns(), settings_.SilenceMs());
  commands_.SetTabs(settings_.TabTitles());
  grammar_ = commands_.Grammar([this](const std::string& word) { return recognizer_->Knows(word); });
}

// What is heard.

Verdict Session::AppendAudio(const json& event) {
  const std::optional<std::string> bytes = FromBase64(TextOf(event, "audio"));
  if (!bytes || !event.contains("audio")) {
    return Fault{"invalid_value", "Invalid 'audio': it must be base64", "audio"};
  }
  if (bytes->size() > limits::kAppendBytes) {
    return Fault{"invalid_value", "Invalid 'audio': at most 15 MiB at once", "audio"};
  }
  ear_.Append(*bytes);
  return std::nullopt;
}

Verdict Session::CommitAudio(const json&) {
  if (ear_.pending_ms() < limits::kCommitLeastMs) {
    return Fault{"input_audio_buffer_commit_empty",
                 StrCat("Error committing input audio buffer: expected at least ",
                        limits::kCommitLeastMs, "ms of audio, but buffer only has ",
                        ear_.pending_ms(), "ms of audio."),
                 ""};
  }
  Commit(NewId("item"), ear_.Take());
  return std::nullopt;
}

Verdict Session::ClearAudio(const json&) {
  ear_.Take();
  Emit({{"type", "input_audio_buffer.cleared"}});
  return std::nullopt;
}

void Session::OnBegin(int64_t at_ms) {
  item_ = NewId("item");
  Emit({{"type", "input_audio_buffer.speech_started"}, {"audio_start_ms", at_ms}, {"item_id", item_}});
  if (answer_ != nullptr && settings_.InterruptsResponses()) answer_->Cancel("turn_detected");
}

void Session::OnEnd(int64_t at_ms, const std::vector<int16_t>& utterance) {
  Emit({{"type", "input_audio_buffer.speech_stopped"}, {"audio_end_ms", at_ms}, {"item_id", item_}});
  Commit(item_, utterance);
  if (!settings_.CreatesResponses()) return;
  if (answer_ == nullptr) return Respond(NextAct(), json::object());
}

void Session::Commit(const std::string& id, const std::vector<int16_t>& utterance) {
  // One recognizer serves all sessions: this one's grammar goes first.
  const absl::Status ready = recognizer_->SetGrammar(grammar_);
  if (!ready.ok()) LogError("no grammar", {{"error", ready.message()}});
  const auto [text, other] = recognizer_->Recognize(utterance);
  LogDebug("heard", {{"bytes", text.size()}});
  json item = {{"id", id},
               {"object", "realtime.item"},
               {"type", "message"},
               {"status", "completed"},
               {"role", "user"},
               {"content", json::array({{{"type", "input_audio"}, {"transcript", nullptr}}})}};
  json previous;
  if (Verdict fault = items_.Add({.shape = item}, "", &previous)) return Fail({}, *fault);
  const std::vector<int16_t> pcm =
      Resampler(16000, 24000).Process(utterance.data(), utterance.size());
  items_.AddAudio(id,
                  ToFormat(settings_.InputFormat(),
                           std::string(reinterpret_cast<const char*>(pcm.data()), pcm.size() * 2)),
                  static_cast<int64_t>(utterance.size()) / 16);
  Emit({{"type", "input_audio_buffer.committed"}, {"item_id", id}, {"previous_item_id", previous}});
  EmitItem("conversation.item.added", item);
  EmitItem("conversation.item.done", item);
  turns_.push_back({id, text, true, other});
  items_.Find(id)->shape["content"][0]["transcript"] = text;
  if (!settings_.shape()["audio"]["input"]["transcription"].is_object()) return;
  // The transcript goes first, so that whoever asks for a response has it.
  if (!text.empty()) {
    Emit({{"type", "conversation.item.input_audio_transcription.delta"},
          {"item_id", id},
          {"content_index", 0},
          {"delta", text}});
  }
  Emit({{"type", "conversation.item.input_audio_transcription.completed"},
        {"item_id", id},
        {"content_index", 0},
        {"transcript", text},
        {"usage", {{"type", "duration"}, {"seconds", static_cast<double>(utterance.size()) / 16000}}}});
}

// Items.

void Session::EmitItem(const char* type, const json& item) {
  Emit({{"type", type}, {"previous_item_id", items_.Before(TextOf(item, "id"))}, {"item", item}});
}

Verdict Session::CreateItem(const json& event) {
  json item = event.value("item", json());
  if (!item.is_object()) {
    return Fault{"missing_required_parameter", "Missing required parameter: 'item'.", "item"};
  }
  if (!item.contains("id")) item["id"] = NewId("item");
  if (Verdict fault = CheckItem(item)) return fault;
  item["object"] = "realtime.item";
  item["status"] = "completed";
  json previous;
  if (Verdict fault = items_.Add({.shape = item}, TextOf(event, "previous_item_id"), &previous)) {
    return fault;
  }
  if (Verdict fault = Read(item)) {
    items_.Erase(TextOf(item, "id"));
    return fault;
  }
  EmitItem("conversation.item.added", item);
  EmitItem("conversation.item.done", item);
  return std::nullopt;
}

Verdict Session::Read(const json& item) {
  const std::string type = TextOf(item, "type"), role = TextOf(item, "role");
  if (type == "function_call") {
    calls_[TextOf(item, "call_id")] = {TextOf(item, "name"), TextOf(item, "arguments")};
  } else if (type == "function_call_output") {
    auto call = calls_.extract(TextOf(item, "call_id"));
    if (call.empty()) {
      return Fault{"invalid_value", "There is no call with this id that waits", "item.call_id"};
    }
    reports_.push_back(
        commands_.Report(call.mapped().tool, call.mapped().arguments, TextOf(item, "output")));
  } else if (role == "user" && !InputText(item).empty()) {
    turns_.push_back({TextOf(item, "id"), InputText(item), false});
  } else if (role == "assistant") {
    turns_.clear();  // What came before has its answer.
  }
  return std::nullopt;
}

Verdict Session::RetrieveItem(const json& event) {
  const Item* item = items_.Find(TextOf(event, "item_id"));
  if (item == nullptr) return NoSuchItem("item_retrieve_invalid_item_id", TextOf(event, "item_id"));
  Emit({{"type", "conversation.item.retrieved"}, {"item", items_.Whole(*item)}});
  return std::nullopt;
}

Verdict Session::DeleteItem(const json& event) {
  const std::string id = TextOf(event, "item_id");
  if (!items_.Erase(id)) return NoSuchItem("item_delete_invalid_item_id", id);
  std::erase_if(turns_, [&](const Turn& turn) { return turn.item == id; });
  Emit({{"type", "conversation.item.deleted"}, {"item_id", id}});
  return std::nullopt;
}

Verdict Session::TruncateItem(const json& event) {
  const json at = event.value("audio_end_ms", json()), index = event.value("content_index", json(0));
  if (!at.is_number_integer() || !index.is_number_integer()) {
    return Fault{"invalid_type", "audio_end_ms and content_index must be whole numbers",
                 "audio_end_ms"};
  }
  const std::string id = TextOf(event, "item_id");
  if (Verdict fault = items_.Truncate(id, index.get<int64_t>(), at.get<int64_t>())) return fault;
  Emit({{"type", "conversation.item.truncated"},
        {"item_id", id},
        {"content_index", index},
        {"audio_end_ms", at}});
  return std::nullopt;
}

// Responses.

Verdict Session::CreateResponse(const json& event) {
  const json params = event.value("response", json::object());
  if (Verdict fault = CheckResponse(params)) return fault;
  const bool aside = TextOf(params, "conversation") == "none";
  if (!aside && answer_ != nullptr) {
    return Fault{"conversation_already_has_active_response",
                 StrCat("Conversation already has an active response in progress: ", answer_->id(),
                        ". Wait until the response is finished before creating a new one."),
                 ""};
  }
  if (responses_.size() >= limits::kAside) {
    return Fault{"rate_limit_exceeded", "Too many responses are under way", ""};
  }
  Respond(params.contains("input") ? ActOn(params["input"]) : NextAct(), params);
  return std::nullopt;
}

Act Session::NextAct() {
  if (!reports_.empty()) {
    Act act{.say = reports_.front()};
    reports_.pop_front();
    // What was typed while another response was under way waits for this very one.
    if (!turns_.empty() && !turns_.back().spoken) {
      Act typed = commands_.Typed(WithoutName(turns_.back().text), loop_->Now());
      if (!typed.say.empty()) StrAppend(&act.say, " ", typed.say);
      act.tool = std::move(typed.tool);
      act.arguments = std::move(typed.arguments);
    }
    turns_.clear();
    return act;
  }
  // The newest turn is what is asked; older ones were history, or not for us.
  if (turns_.empty()) return {};
  const Turn turn = turns_.back();
  turns_.clear();
  if (turn.spoken) {
    return commands_.Spoken(Heard{turn.text, turn.other}, loop_->Now()).value_or(Act{});
  }
  return commands_.Typed(WithoutName(turn.text), loop_->Now());
}

// What a response is given to answer in the place of the conversation.
Act Session::ActOn(const json& input) const {
  for (auto item = input.rbegin(); item != input.rend(); ++item) {
    if (TextOf(*item, "role") != "user") continue;
    return commands_.Typed(WithoutName(InputText(*item)), loop_->Now());
  }
  return {};
}

// Nothing is called that was not declared.
Act Session::Allowed(Act act, const json& params) const {
  if (act.tool.empty()) return act;
  const json choice = params.value("tool_choice", settings_.shape()["tool_choice"]);
  const bool declared = HasTool(params.value("tools", settings_.shape()["tools"]), act.tool);
  if (declared && choice != "none") return act;
  return {.say = "I cannot do that here."};
}

void Session::Respond(Act act, const json& params) {
  const bool text = params.value("output_modalities", json()) == json::array({"text"});
  Response::Options options{.act = Allowed(std::move(act), params),
                            .in_conversation = TextOf(params, "conversation") != "none",
                            .aloud = settings_.Speaks() && !text,
                            .metadata = params.value("metadata", json()),
                            .output = settings_.shape()["audio"]["output"],
                            .input_tokens = items_.Cost()};
  if (params.contains("output_modalities")) options.aloud = !text;
  if (options.act.say.size() > limits::kSayBytes) options.act.say.resize(limits::kSayBytes);
  if (options.aloud) {
    options.audio = ToFormat(settings_.OutputFormat(), voice_->Speak(options.act.say));
    options.bytes_a_ms = BytesAMs(settings_.OutputFormat());
    if (!options.audio.empty()) settings_.FixVoice();
  }
  auto made = std::make_unique<Response>(loop_, this, std::move(options));
  Response* response = made.get();
  if (response->in_conversation()) answer_ = response;
  responses_[response] = std::move(made);
  response->Begin();
}

Verdict Session::CancelResponse(const json& event) {
  const std::string id = TextOf(event, "response_id");
  for (const auto& [response, owned] : responses_) {
    if (id.empty() ? response != answer_ : response->id() != id) continue;
    response->Cancel("client_cancelled");
    return std::nullopt;
  }
  return Fault{"response_cancel_not_active", "Cancellation failed: no active response found", ""};
}

Verdict Session::ClearOutput(const json&) {
  return Fault{"invalid_value", "There is no output audio buffer on a WebSocket", "type"};
}

void Session::OnItemAdded(const json& item) {
  json previous;
  if (Verdict fault = items_.Add({.shape = item}, "", &previous)) return Fail({}, *fault);
  EmitItem("conversation.item.added", item);
}

void Session::OnItemDone(const json& item) {
  if (Item* ours = items_.Find(TextOf(item, "id"))) ours->shape = item;
  if (TextOf(item, "type") == "function_call") {
    calls_[TextOf(item, "call_id")] = {TextOf(item, "name"), TextOf(item, "arguments")};
  }
  EmitItem("conversation.item.done", item);
}

void Session::OnItemAudio(const std::string& item, const std::string& audio, int64_t ms) {
  items_.AddAudio(item, audio, ms);
}

void Session::OnResponseOver(Response* response) {
  if (answer_ == response) answer_ = nullptr;
  auto over = responses_.extract(response);
  // We run inside it.
  loop_->Post([last = std::shared_ptr<Response>(std::move(over.mapped()))] {});
}

}  // namespace atrium::agent
