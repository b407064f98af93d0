// Who hears whom, and which encodes are shared. Pure.
#ifndef ATRIUM_MEDIA_HEARING_H_
#define ATRIUM_MEDIA_HEARING_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "atrium/v1/conversation.pb.h"

namespace atrium::media {

// Somebody with ears.
struct Ear {
  int64_t id = 0;  // Of its microphone; never 0.
  bool deafened = false;
  bool mixed = false;  // Its own voice is in the people's mix now.
};

// One mix, to be encoded once.
struct Encode {
  int64_t without = 0;       // Whose voice is left out; 0: nobody's, it is shared.
  bool voices = false;       // Holds people, not the agent only.
  std::vector<size_t> ears;  // Who gets it, by position in what was given.
};

// Everybody who does not hear a voice of their own shares one encode; whoever is
// in the mix gets one without it. The deafened get none.
std::vector<Encode> WhoHearsWhat(atrium::v1::Conversation::AudioMode mode,
                                 const std::vector<Ear>& ears);

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_HEARING_H_
