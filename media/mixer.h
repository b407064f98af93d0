// Mixer adds one room's voices, 20 ms at a time: it gates what is too quiet,
// picks the loudest few for people, measures levels, and gives any mix without
// its listener's own voice.
//
// A voice's volume is for people's ears alone. Levels, the gate and what the agent hears
// are of the voice as it came: whoever is too loud for the others, or is turned off for
// those who sit beside them, is understood and written down as well as before. Whom the
// agent hears is the floor's matter.
//
// Pure: no clock, no thread. Call Take(), then ask.
#ifndef ATRIUM_MEDIA_MIXER_H_
#define ATRIUM_MEDIA_MIXER_H_

#include <cstdint>
#include <map>
#include <vector>

#include "media/frame.h"

namespace atrium::media {

class Mixer {
 public:
  // One microphone's 20 ms; `frame` is null if nothing came.
  struct Input {
    int64_t id = 0;
    const Frame* frame = nullptr;
    bool withheld = false;  // People hear it, the agent does not.
    int volume_percent = 100;  // How loud people hear it.
  };
  // How a voice is.
  struct Level {
    float dbfs = kFloorDbfs;  // Of this frame.
    bool open = false;        // Its gate is: audible, or was a moment ago.
    bool speaking = false;    // Counts as speech.
    bool mixed = false;       // Among those that people hear in this frame.
  };

  // Takes the room's next 20 ms; the frames must live until the next call.
  // `agent` is null while it is silent.
  void Take(const std::vector<Input>& inputs, const Frame* agent);

  // All microphones that are not withheld, also the quiet ones, without the agent:
  // what the agent hears.
  Frame All() const;
  // What people hear: the agent, and if `voices` the mixed microphones but that
  // of `without` (0: of nobody).
  Frame Mix(bool voices, int64_t without) const;

  // By input, in the order given to Take().
  const std::vector<Level>& levels() const { return levels_; }
  const Level& agent() const { return agent_level_; }

 private:
  struct Voice {
    float loudness = kFloorDbfs;  // Rises at once, falls slowly.
    int open_frames = 0;          // Of the gate, counting down.
    int loud_frames = 0;          // In a row, nearly.
    int speech_frames = 0;        // Counting down.
    float gain = 0;               // In the people's mix, at the end of the frame.
    int volume_percent = 100;     // When it was last taken.
    uint64_t turn = 0;            // When it was last taken.
  };

  static Level Measure(Voice* voice, const Frame* frame);
  std::vector<bool> Choose(const std::vector<Input>& inputs) const;
  void AddVoice(const Input& input, Voice* voice, bool chosen);

  // State.
  uint64_t turn_ = 0;
  std::map<int64_t, Voice> voices_;
  Voice agent_voice_;
  std::vector<Input> inputs_;
  std::vector<Level> levels_;
  std::vector<std::array<float, 2>> gains_;  // At begin and end of the frame.
  Level agent_level_;
  const Frame* agent_ = nullptr;
  std::array<int32_t, kFrameSamples> people_{};  // The mixed microphones.
};

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_MIXER_H_
