// Voice speaks text as 24 kHz mono 16-bit PCM, with espeak-ng. One for a process.
#ifndef ATRIUM_CONTROL_AGENT_OFFLINE_VOICE_H_
#define ATRIUM_CONTROL_AGENT_OFFLINE_VOICE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace atrium::agent {

class Voice {
 public:
  static absl::StatusOr<std::unique_ptr<Voice>> Create();
  ~Voice();
  // Little-endian samples; empty if there is nothing to say.
  std::string Speak(const std::string& text);

 private:
  explicit Voice(int rate_hz) : rate_hz_(rate_hz) {}
  const int rate_hz_;
};

}  // namespace atrium::agent

#endif  // ATRIUM_CONTROL_AGENT_OFFLINE_VOICE_H_
