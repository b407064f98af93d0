// Resampler changes the rate of mono 16-bit PCM by a ratio of small numbers: a
// windowed-sinc low-pass, evaluated at the output's instants. Pure.
#ifndef ATRIUM_CONTROL_AGENT_OFFLINE_RESAMPLER_H_
#define ATRIUM_CONTROL_AGENT_OFFLINE_RESAMPLER_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace atrium::agent {

class Resampler {
 public:
  Resampler(int from_hz, int to_hz);
  // Takes more input; answers what of the output is complete by now.
  std::vector<int16_t> Process(const int16_t* samples, size_t count);

 private:
  const int up_, down_;
  std::vector<std::vector<float>> phases_;  // A short filter for each instant.
  std::vector<float> held_;                 // Input that is still needed.
  int64_t next_ = 0;                        // The next output's instant, in 1/up_ of held_.
};

}  // namespace atrium::agent

#endif  // ATRIUM_CONTROL_AGENT_OFFLINE_RESAMPLER_H_
