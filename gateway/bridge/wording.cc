#include "gateway/bridge/wording.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <utility>

namespace atrium::gateway {

using atrium::v1::JoinResponse;

namespace {

// Larger ones are few, and would be kept for nothing.
constexpr size_t kKeptBytes = 64 << 10;

bool IsForAll(const JoinResponse& message) {
  return message.has_change() || message.has_snapshot() || message.has_levels() ||
         message.has_caption();
}

}  // namespace

const std::string& Wording::Say(const JoinResponse& message) {
  if (!IsForAll(message) || message.ByteSizeLong() > kKeptBytes) {
    Word(message, &own_);
    ++worded_;
    return own_;
  }
  std::string bytes = message.SerializeAsString();
  const auto known = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.message == bytes; });
  if (known != entries_.end()) {
    ++known_;
    return known->text;
  }
  Entry& entry = entries_[next_];
  next_ = (next_ + 1) % entries_.size();
  Word(message, &entry.text);
  entry.message = std::move(bytes);
  ++worded_;
  return entry.text;
}

void Wording::Word(const JoinResponse& message, std::string* text) {
  text->clear();
  if (!google::protobuf::util::MessageToJsonString(message, text).ok()) text->clear();
}

}  // namespace atrium::gateway
