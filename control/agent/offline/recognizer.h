// Recognizer turns 16 kHz audio into words of a grammar, or into nothing: next to
// the grammar runs a loop of all phones, which wins when something else was said.
// Pocketsphinx with its US English model.
#ifndef ATRIUM_CONTROL_AGENT_OFFLINE_RECOGNIZER_H_
#define ATRIUM_CONTROL_AGENT_OFFLINE_RECOGNIZER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace atrium::agent {

class Recognizer {
 public:
  static absl::StatusOr<std::unique_ptr<Recognizer>> Create();
  ~Recognizer();

  // Whether the dictionary has a word.
  bool Knows(const std::string& word) const;
  // The rule `atrium.command` of this JSGF is what may be said from now on.
  absl::Status SetGrammar(const std::string& jsgf);
  // What was said; empty if it was none of the grammar.
  std::string Recognize(const std::vector<int16_t>& audio);

 private:
  struct Decoder;
  explicit Recognizer(std::unique_ptr<Decoder> decoder);
  // Owned.
  std::unique_ptr<Decoder> decoder_;
};

}  // namespace atrium::agent

#endif  // ATRIUM_CONTROL_AGENT_OFFLINE_RECOGNIZER_H_
