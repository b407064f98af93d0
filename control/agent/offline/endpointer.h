// Endpointer finds utterances in a stream of 16 kHz audio: WebRTC's voice
// activity detection, three frames of voice to begin, half a second of none (or
// what is set) to end.
#ifndef ATRIUM_CONTROL_AGENT_OFFLINE_ENDPOINTER_H_
#define ATRIUM_CONTROL_AGENT_OFFLINE_ENDPOINTER_H_

#include <cstdint>
#include <memory>
#include <vector>

namespace atrium::agent {

class Endpointer {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    // Milliseconds since the stream began.
    virtual void OnBegin(int64_t at_ms) = 0;
    // `utterance`: its audio, with a little before and after.
    virtual void OnEnd(int64_t at_ms, std::vector<int16_t> utterance) = 0;
  };

  explicit Endpointer(Listener* listener);
  ~Endpointer();
  void Process(const std::vector<int16_t>& samples);
  // How long none of it is an end.
  void SetSilence(int ms) { end_frames_ = ms / 10; }
  // Forgets the utterance under way: it has no end.
  void Discard();

 private:
  struct Detector;
  void Frame(const int16_t* samples);

  // Given.
  Listener* const listener_;
  // Owned.
  std::unique_ptr<Detector> detector_;
  // State.
  std::vector<int16_t> rest_;   // Less than a frame.
  std::vector<int16_t> audio_;  // Of the utterance; before it, what leads up to it.
  int64_t frames_ = 0;
  int voiced_ = 0, silent_ = 0;  // In a row.
  int end_frames_ = 50;
  bool inside_ = false;
};

}  // namespace atrium::agent

#endif  // ATRIUM_CONTROL_AGENT_OFFLINE_ENDPOINTER_H_
