// Echo tells the agent's own voice, which comes back through somebody's loudspeaker
// and microphone, from people who speak: by the likeness of the two sounds. Pure.
#ifndef ATRIUM_CONTROL_AGENT_ECHO_H_
#define ATRIUM_CONTROL_AGENT_ECHO_H_

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace atrium::control {

class Echo {
 public:
  // 24 kHz PCM of what the agent says, as it is played.
  void AddPlayed(const std::string& pcm);
  // 24 kHz PCM of the room.
  void AddHeard(const std::string& pcm);
  // Whether what was heard last (of `ms`, as far as that is kept) is what was
  // played not long before.
  bool Echoes(int64_t ms) const;

 private:
  // At 8 kHz, the newest last.
  std::deque<float> played_, heard_;
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_AGENT_ECHO_H_
