// What mixing a room costs: CPU milliseconds for a second of TALKERS who all
// speak, each with a mix of their own, and the agent. mixer TALKERS
#include "media/mixer.h"

#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <set>
#include <vector>

using atrium::media::Frame;
using atrium::media::Mixer;

int main(int count, char** arguments) {
  const int talkers = count > 1 ? std::atoi(arguments[1]) : 50;
  constexpr int kSeconds = 20, kFramesPerSecond = 50;
  // Half a second of each voice, again and again.
  std::vector<std::vector<Frame>> voices(static_cast<size_t>(talkers) + 1, std::vector<Frame>(25));
  uint32_t state = 1;
  for (auto& voice : voices) {
    for (Frame& frame : voice) {
      for (int16_t& sample : frame) {
        state = state * 1664525u + 1013904223u;
        sample = static_cast<int16_t>(static_cast<int32_t>(state >> 16) % 8000 - 4000);
      }
    }
  }
  Mixer mixer;
  int64_t sum = 0;
  timespec before, after;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
  for (int tick = 0; tick < kSeconds * kFramesPerSecond; ++tick) {
    std::vector<Mixer::Input> inputs;
    for (int i = 0; i < talkers; ++i) inputs.push_back({i + 1, &voices[static_cast<size_t>(i)][static_cast<size_t>(tick % 25)]});
    mixer.Take(inputs, &voices.back()[static_cast<size_t>(tick % 25)]);
    sum += mixer.All()[0];
    for (int i = 0; i < talkers; ++i) sum += mixer.Mix(true, i + 1)[1];
  }
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
  const double milliseconds = static_cast<double>(after.tv_sec - before.tv_sec) * 1e3 +
                              static_cast<double>(after.tv_nsec - before.tv_nsec) / 1e6;
  std::printf("{\"ms_per_s\": %.3f, \"sum\": %lld}\n", milliseconds / kSeconds, static_cast<long long>(sum));
}
