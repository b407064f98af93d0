// Ear is a session's input: audio in any of the protocol's formats, of which it
// finds utterances, and keeps what was not committed yet.
#ifndef ATRIUM_CONTROL_AGENT_OFFLINE_EAR_H_
#define ATRIUM_CONTROL_AGENT_OFFLINE_EAR_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "control/agent/offline/endpointer.h"
#include "control/agent/offline/resampler.h"

namespace atrium::agent {

class Ear final : private Endpointer::Listener {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    // Milliseconds of the audio that was appended.
    virtual void OnBegin(int64_t at_ms) = 0;
    // `utterance`: its audio at 16 kHz.
    virtual void OnEnd(int64_t at_ms, const std::vector<int16_t>& utterance) = 0;
  };

  explicit Ear(Listener* listener) : listener_(listener) {}

  // How to hear from now on; `detect`: find utterances.
  void Set(const std::string& format, bool detect, int silence_ms);
  void Append(const std::string& bytes);
  // What was not committed yet, at 16 kHz; and forgets it.
  std::vector<int16_t> Take();
  int64_t pending_ms() const { return static_cast<int64_t>(pending_.size()) / 16; }

 private:
  void OnBegin(int64_t at_ms) override;
  void OnEnd(int64_t at_ms, std::vector<int16_t> utterance) override;

  // Given.
  Listener* const listener_;
  // State.
  std::string format_ = "audio/pcm";
  bool detect_ = true;
  std::unique_ptr<Resampler> resampler_ = std::make_unique<Resampler>(24000, 16000);
  Endpointer endpointer_{this};
  std::vector<int16_t> pending_;
};

// 24 kHz PCM as bytes of `format`.
std::string ToFormat(const std::string& format, const std::string& pcm);
// How many of them are a millisecond.
int64_t BytesAMs(const std::string& format);

}  // namespace atrium::agent

#endif  // ATRIUM_CONTROL_AGENT_OFFLINE_EAR_H_
