// Recognizer turns 16 kHz audio into words of a grammar, or into nothing: next to
// the grammar runs a loop of all phones, which wins when something else was said.
// It reads an utterance at least twice, under a little noise that covers who speaks in
// the background and tips over what was near to something else, so that it knows when it
// is not sure. Pocketsphinx with its US English model.
#ifndef ATRIUM_CONTROL_AGENT_OFFLINE_RECOGNIZER_H_
#define ATRIUM_CONTROL_AGENT_OFFLINE_RECOGNIZER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "control/agent/offline/readings.h"

namespace atrium::agent {

class Recognizer {
 public:
  static absl::StatusOr<std::unique_ptr<Recognizer>> Create();
  ~Recognizer();

  // Whether the dictionary has a word.
  bool Knows(const std::string& word) const;
  // The rule `atrium.command` of this JSGF is what may be said from now on.
  absl::Status SetGrammar(const std::string& jsgf);
  Heard Recognize(const std::vector<int16_t>& audio);

 private:
  std::string Read(const std::vector<int16_t>& audio);
  struct Decoder;
  explicit Recognizer(std::unique_ptr<Decoder> decoder);
  // Owned.
  std::unique_ptr<Decoder> decoder_;
};

}  // namespace atrium::agent

#endif  // ATRIUM_CONTROL_AGENT_OFFLINE_RECOGNIZER_H_
