// What several readings of one utterance say together. A reading is the text of the
// grammar that the recognizer takes the utterance for, listening in its own way; where
// they differ it is not sure. Pure.
#ifndef ATRIUM_CONTROL_AGENT_OFFLINE_READINGS_H_
#define ATRIUM_CONTROL_AGENT_OFFLINE_READINGS_H_

#include <string>
#include <vector>

namespace atrium::agent {

inline constexpr char kWakeWord[] = "computer";

struct Heard {
  // What was said; empty if it was not to us, the wake word alone if it is nothing known.
  std::string text;
  // If not empty, it may as well have been this.
  std::string other;
};

// Without what is said for politeness: of two that differ in nothing else, neither is
// another command.
std::string WithoutManners(const std::string& text);

// What two of them agree upon counts. Of readings that all differ it is the first two
// commands, if none of them takes it for something that was not said to us.
Heard Weigh(const std::vector<std::string>& readings);

}  // namespace atrium::agent

#endif  // ATRIUM_CONTROL_AGENT_OFFLINE_READINGS_H_
