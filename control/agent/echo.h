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
  // played not long before. Costs at most limits::kEchoMultiplyAdds.
  bool Echoes(int64_t ms);
  // What the last look cost.
  int64_t multiply_adds() const { return multiply_adds_; }

 private:
  using Samples = std::vector<float>;

  // The sum of the products of `n` samples.
  double Dot(const float* one, const float* other, size_t n);
  // The lags, at 2 kHz, at which the two are most alike.
  std::vector<size_t> LikelyLags(const Samples& heard, const Samples& played);
  // Whether they are alike at one of the lags from `first` to `last`, at 8 kHz.
  bool AlikeAt(const Samples& heard, double power, const Samples& played, size_t first,
               size_t last);

  // At 8 kHz, the newest last.
  std::deque<float> played_, heard_;
  int64_t multiply_adds_ = 0;
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_AGENT_ECHO_H_
