// Voices remembers who was audible when, in the provider's time (samples that
// were appended), so that an utterance can be attributed. Pure.
#ifndef ATRIUM_CONTROL_AGENT_VOICES_H_
#define ATRIUM_CONTROL_AGENT_VOICES_H_

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace atrium::control {

class Voices {
 public:
  // A frame from `position` on, of `samples`, in which these were audible.
  void Add(int64_t position, int64_t samples,
           std::vector<std::pair<std::string, float>> audible_dbfs);
  // Who was audible in [from, to), loudest energy first; somebody who had less
  // than a tenth of the loudest one's is left out. Empty if nobody was.
  std::vector<std::string> Heard(int64_t from, int64_t to) const;

 private:
  struct Frame {
    int64_t position, samples;
    std::vector<std::pair<std::string, float>> audible;
  };
  std::deque<Frame> frames_;
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_AGENT_VOICES_H_
