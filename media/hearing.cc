#include "media/hearing.h"

#include <utility>

namespace atrium::media {

std::vector<Encode> WhoHearsWhat(atrium::v1::Conversation::AudioMode mode,
                                 const std::vector<Ear>& ears) {
  const bool voices = mode != atrium::v1::Conversation::AGENT_ONLY;
  Encode shared{.without = 0, .voices = voices};
  std::vector<Encode> encodes;
  for (size_t i = 0; i < ears.size(); ++i) {
    if (ears[i].deafened) continue;
    if (voices && ears[i].mixed) {
      encodes.push_back({.without = ears[i].id, .voices = true, .ears = {i}});
    } else {
      shared.ears.push_back(i);
    }
  }
  if (!shared.ears.empty()) encodes.push_back(std::move(shared));
  return encodes;
}

}  // namespace atrium::media
