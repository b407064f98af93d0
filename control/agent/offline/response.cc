#include "control/agent/offline/response.h"

#include <algorithm>
#include <utility>

namespace atrium::agent {

using nlohmann::json;

namespace {

// A piece of audio, and how it is spread: the first at once, then four times as
// fast as it is heard.
constexpr int64_t kPieceMs = 200;
constexpr int64_t kFirstMs = 600;
constexpr int64_t kFaster = 4;
constexpr int64_t kOutputMsAToken = 50;

// The end of the word at `at` or behind it.
size_t WordEnd(const std::string& text, size_t at) {
  const size_t blank = text.find(' ', std::min(at, text.size()));
  return blank == std::string::npos ? text.size() : blank + 1;
}

}  // namespace

Response::Response(Loop* loop, Listener* listener, Options options)
    : loop_(loop),
      listener_(listener),
      options_(std::move(options)),
      id_(listener->NewId("resp")) {}

void Response::Begin() {
  json shape = {{"id", id_},
                {"object", "realtime.response"},
                {"status", "in_progress"},
                {"status_details", nullptr},
                {"output", json::array()},
                {"output_modalities", json::array({options_.aloud ? "audio" : "text"})},
                {"audio", {{"output", options_.output}}},
                {"metadata", options_.metadata},
                {"usage", nullptr}};
  listener_->Emit({{"type", "response.created"}, {"response", std::move(shape)}});
  if (!options_.act.say.empty()) return BeginSpeech();
  if (!options_.act.tool.empty()) return GiveCall();
  Finish("completed", nullptr);
}

void Response::Cancel(const char* reason) {
  next_.reset();
  if (!item_.is_null()) EndSpeech("incomplete");
  Finish("cancelled", reason);
}

void Response::AddItem() {
  if (options_.in_conversation) listener_->OnItemAdded(item_);
  listener_->Emit({{"type", "response.output_item.added"},
                   {"response_id", id_},
                   {"output_index", output_.size()},
                   {"item", item_}});
}

void Response::EndItem() {
  if (options_.in_conversation) listener_->OnItemDone(item_);
  listener_->Emit({{"type", "response.output_item.done"},
                   {"response_id", id_},
                   {"output_index", output_.size()},
                   {"item", item_}});
  output_.push_back(std::exchange(item_, json()));
}

void Response::EmitPart(const char* type, json more) {
  more["type"] = type;
  more["response_id"] = id_;
  more["item_id"] = item_["id"];
  more["output_index"] = output_.size();
  more["content_index"] = 0;
  listener_->Emit(std::move(more));
}

void Response::BeginSpeech() {
  item_ = {{"id", listener_->NewId("item")}, {"object", "realtime.item"}, {"type", "message"},
           {"status", "in_progress"},        {"role", "assistant"},       {"content", json::array()}};
  AddItem();
  json part = {{"type", options_.aloud ? "audio" : "text"}};
  part[options_.aloud ? "transcript" : "text"] = "";
  EmitPart("response.content_part.added", {{"part", std::move(part)}});
  Continue();
}

void Response::Continue() {
  const std::string& words = options_.act.say;
  const std::string& audio = options_.audio;
  const size_t wait = options_.aloud && sent_ == 0 ? kFirstMs : kPieceMs;
  const size_t end = std::min(audio.size(), sent_ + wait * options_.bytes_a_ms);
  // The words go along with the audio, a word at a time.
  const size_t share = audio.empty() ? words.size() : words.size() * end / audio.size();
  const size_t until = end == audio.size() ? words.size() : WordEnd(words, share);
  if (until > said_.size()) {
    const std::string delta = words.substr(said_.size(), until - said_.size());
    said_ += delta;
    EmitPart(options_.aloud ? "response.output_audio_transcript.delta" : "response.output_text.delta",
             {{"delta", delta}});
  }
  const size_t piece = kPieceMs * options_.bytes_a_ms;
  for (size_t n = 0; sent_ < end; sent_ += n) {
    n = std::min(piece, end - sent_);
    const std::string bytes = audio.substr(sent_, n);
    EmitPart("response.output_audio.delta", {{"delta", ToBase64(bytes)}});
    listener_->OnItemAudio(item_["id"], bytes, static_cast<int64_t>(n) / options_.bytes_a_ms);
  }
  if (sent_ < audio.size()) {
    next_ = loop_->After(absl::Milliseconds(kPieceMs / kFaster), [this] { Continue(); });
    return;
  }
  EndSpeech("completed");
  if (!options_.act.tool.empty()) return GiveCall();
  Finish("completed", nullptr);
}

void Response::EndSpeech(const char* status) {
  const char* words = options_.aloud ? "transcript" : "text";
  if (options_.aloud) {
    EmitPart("response.output_audio.done", json::object());
    EmitPart("response.output_audio_transcript.done", {{"transcript", said_}});
  } else {
    EmitPart("response.output_text.done", {{"text", said_}});
  }
  EmitPart("response.content_part.done",
           {{"part", {{"type", options_.aloud ? "audio" : "text"}, {words, said_}}}});
  item_["status"] = status;
  item_["content"] =
      json::array({{{"type", options_.aloud ? "output_audio" : "output_text"}, {words, said_}}});
  EndItem();
}

void Response::GiveCall() {
  const Act& act = options_.act;
  const std::string call = listener_->NewId("call");
  item_ = {{"id", listener_->NewId("item")}, {"object", "realtime.item"}, {"type", "function_call"},
           {"status", "in_progress"},        {"call_id", call},           {"name", act.tool},
           {"arguments", ""}};
  AddItem();
  json where = {{"response_id", id_},
                {"item_id", item_["id"]},
                {"output_index", output_.size()},
                {"call_id", call}};
  json delta = where, done = where;
  delta["type"] = "response.function_call_arguments.delta";
  delta["delta"] = act.arguments;
  listener_->Emit(std::move(delta));
  done["type"] = "response.function_call_arguments.done";
  done["name"] = act.tool;
  done["arguments"] = act.arguments;
  listener_->Emit(std::move(done));
  item_["status"] = "completed";
  item_["arguments"] = act.arguments;
  EndItem();
  Finish("completed", nullptr);
}

json Response::Usage() const {
  const int64_t audio =
      options_.aloud ? static_cast<int64_t>(sent_) / options_.bytes_a_ms / kOutputMsAToken : 0;
  const int64_t text = TextTokens(said_) + TextTokens(options_.act.arguments);
  const Items::Tokens& in = options_.input_tokens;
  return {{"total_tokens", in.text + in.audio + text + audio},
          {"input_tokens", in.text + in.audio},
          {"output_tokens", text + audio},
          {"input_token_details",
           {{"text_tokens", in.text}, {"audio_tokens", in.audio}, {"image_tokens", 0}, {"cached_tokens", 0}}},
          {"output_token_details", {{"text_tokens", text}, {"audio_tokens", audio}}}};
}

void Response::Finish(const char* status, const char* reason) {
  json details;
  if (reason != nullptr) details = {{"type", status}, {"reason", reason}};
  listener_->Emit({{"type", "response.done"},
                   {"response",
                    {{"id", id_},
                     {"object", "realtime.response"},
                     {"status", status},
                     {"status_details", details},
                     {"output", output_},
                     {"output_modalities", json::array({options_.aloud ? "audio" : "text"})},
                     {"audio", {{"output", options_.output}}},
                     {"metadata", options_.metadata},
                     {"usage", Usage()}}}});
  listener_->OnResponseOver(this);
}

}  // namespace atrium::agent
