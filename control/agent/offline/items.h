// Items are a conversation's, in order: what was said, called and answered. Pure.
#ifndef ATRIUM_CONTROL_AGENT_OFFLINE_ITEMS_H_
#define ATRIUM_CONTROL_AGENT_OFFLINE_ITEMS_H_

#include <cstdint>
#include <list>
#include <nlohmann/json.hpp>
#include <string>

#include "control/agent/offline/protocol.h"

namespace atrium::agent {

// As the protocol names it, always with an `id`.
struct Item {
  nlohmann::json shape;
  std::string audio;     // As it was sent or received; may be forgotten.
  int64_t audio_ms = 0;  // Its length, also if it was.
};

class Items {
 public:
  // Puts `item` behind the item `after`: "root" is the front, "" the end. Says what
  // then precedes it (null for nothing).
  Verdict Add(Item item, const std::string& after, nlohmann::json* previous);
  // Null if there is none.
  Item* Find(const std::string& id);
  bool Erase(const std::string& id);
  // What precedes an item; null for nothing.
  nlohmann::json Before(const std::string& id) const;
  // Gives a spoken item its audio, at the cost of older ones' if need be.
  void AddAudio(const std::string& id, const std::string& audio, int64_t audio_ms);
  // Only the first `audio_end_ms` of what the agent said aloud in `id` was heard.
  Verdict Truncate(const std::string& id, int64_t content_index, int64_t audio_end_ms);
  // An item as `conversation.item.retrieved` shows it, with its audio.
  nlohmann::json Whole(const Item& item) const;
  // What the whole conversation costs as the input of a response.
  struct Tokens {
    int64_t text = 0, audio = 0;
  };
  Tokens Cost() const;

 private:
  void Forget();

  std::list<Item> items_;
};

// Text costs about a token for four characters.
int64_t TextTokens(const std::string& text);

}  // namespace atrium::agent

#endif  // ATRIUM_CONTROL_AGENT_OFFLINE_ITEMS_H_
