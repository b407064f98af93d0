#include "control/agent/offline/items.h"

#include <algorithm>
#include <utility>

#include "common/str_cat.h"
#include "control/agent/offline/limits.h"

namespace atrium::agent {

using nlohmann::json;

namespace {

constexpr int64_t kInputMsAToken = 100, kOutputMsAToken = 50;

bool IsAssistant(const Item& item) { return TextOf(item.shape, "role") == "assistant"; }

}  // namespace

int64_t TextTokens(const std::string& text) { return static_cast<int64_t>(text.size() + 3) / 4; }

Verdict Items::Add(Item item, const std::string& after, json* previous) {
  const std::string id = TextOf(item.shape, "id");
  if (id.empty() || id.size() > limits::kItemIdBytes) {
    return Fault{"invalid_value", StrCat("An item's id has 1 to ", limits::kItemIdBytes, " bytes"),
                 "item.id"};
  }
  if (Find(id) != nullptr) {
    return Fault{"item_create_duplicate_item_id",
                 StrCat("An item with the id '", id, "' is in the conversation already"), "item.id"};
  }
  auto place = items_.end();
  if (after == "root") {
    place = items_.begin();
  } else if (!after.empty()) {
    place = std::find_if(items_.begin(), items_.end(),
                         [&](const Item& one) { return one.shape["id"] == after; });
    if (place == items_.end()) {
      return Fault{"item_create_invalid_previous_item_id",
                   StrCat("There is no item with the id '", after, "'"), "previous_item_id"};
    }
    ++place;
  }
  items_.insert(place, std::move(item));
  *previous = Before(id);
  if (items_.size() > limits::kItems) items_.pop_front();
  return std::nullopt;
}

Item* Items::Find(const std::string& id) {
  auto it = std::find_if(items_.begin(), items_.end(),
                         [&](const Item& item) { return item.shape["id"] == id; });
  return it == items_.end() ? nullptr : &*it;
}

bool Items::Erase(const std::string& id) {
  return items_.remove_if([&](const Item& item) { return item.shape["id"] == id; }) > 0;
}

json Items::Before(const std::string& id) const {
  json before;
  for (const Item& item : items_) {
    if (item.shape["id"] == id) return before;
    before = item.shape["id"];
  }
  return before;
}

void Items::AddAudio(const std::string& id, const std::string& audio, int64_t audio_ms) {
  Item* item = Find(id);
  if (item == nullptr) return;
  item->audio += audio;
  item->audio_ms += audio_ms;
  Forget();
}

void Items::Forget() {
  size_t bytes = 0;
  for (const Item& item : items_) bytes += item.audio.size();
  for (Item& item : items_) {
    if (bytes <= limits::kItemAudioBytes) return;
    bytes -= item.audio.size();
    item.audio.clear();
  }
}

Verdict Items::Truncate(const std::string& id, int64_t content_index, int64_t audio_end_ms) {
  Item* item = Find(id);
  if (item == nullptr) {
    return Fault{"item_truncate_invalid_item_id", StrCat("There is no item with the id '", id, "'"),
                 "item_id"};
  }
  const json& content = ListOf(item->shape, "content");
  const bool spoken = IsAssistant(*item) && content_index >= 0 &&
                      content_index < static_cast<int64_t>(content.size()) &&
                      TextOf(content[content_index], "type") == "output_audio";
  if (!spoken) {
    return Fault{"invalid_value", "Only what the assistant said aloud can be truncated",
                 "content_index"};
  }
  if (audio_end_ms < 0 || audio_end_ms > item->audio_ms) {
    return Fault{"invalid_value",
                 StrCat("Audio content of ", item->audio_ms, "ms is already shorter than ",
                        audio_end_ms, "ms"),
                 "audio_end_ms"};
  }
  if (item->audio_ms > 0) {
    const size_t a_ms = item->audio.size() / item->audio_ms;
    item->audio.resize(std::min(item->audio.size(), a_ms * audio_end_ms));
  }
  item->audio_ms = audio_end_ms;
  // Nobody knows which of its words were heard.
  item->shape["content"][content_index].erase("transcript");
  return std::nullopt;
}

json Items::Whole(const Item& item) const {
  json whole = item.shape;
  if (item.audio.empty() || ListOf(whole, "content").empty()) return whole;
  whole["content"][0]["audio"] = ToBase64(item.audio);
  return whole;
}

Items::Tokens Items::Cost() const {
  Tokens tokens;
  for (const Item& item : items_) {
    tokens.audio += item.audio_ms / (IsAssistant(item) ? kOutputMsAToken : kInputMsAToken);
    for (const char* field : {"arguments", "output", "name"}) {
      tokens.text += TextTokens(TextOf(item.shape, field));
    }
    for (const json& part : ListOf(item.shape, "content")) {
      tokens.text += TextTokens(TextOf(part, "text"));
    }
  }
  return tokens;
}

}  // namespace atrium::agent
