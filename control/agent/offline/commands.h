// What the offline agent understands: a list of phrases, each with what it does.
// The same list makes the recognizer's grammar and reads what was recognized or
// typed. Pure.
#ifndef ATRIUM_CONTROL_AGENT_OFFLINE_COMMANDS_H_
#define ATRIUM_CONTROL_AGENT_OFFLINE_COMMANDS_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "control/agent/offline/readings.h"

namespace atrium::agent {

// What to do: say something, or call a tool.
struct Act {
  std::string say;        // If not empty: this.
  std::string tool;       // If not empty: then this,
  std::string arguments;  // with this JSON object.
  bool operator==(const Act&) const = default;
};

class Commands {
 public:
  // The titles of the live tabs, in order.
  void SetTabs(std::vector<std::string> titles) { tabs_ = std::move(titles); }

  // The grammar (JSGF) of everything that may be said; titles count only if
  // `knows` every word of them.
  std::string Grammar(const std::function<bool(const std::string&)>& knows) const;
  // What was said aloud, as the grammar has it. Nothing if it was not for us.
  std::optional<Act> Spoken(const std::string& text, absl::Time now) const;
  // The same; of two that may have been said, and do different things, it asks which.
  std::optional<Act> Spoken(const Heard& heard, absl::Time now) const;
  // What was typed to us: as spoken, the wake word may be missing, and "run"
  // takes any command. Never nothing.
  Act Typed(const std::string& text, absl::Time now) const;
  // What to say about a tool's answer.
  std::string Report(const std::string& tool, const std::string& arguments,
                     const std::string& output) const;

 private:
  std::optional<Act> Understand(const std::string& words, absl::Time now) const;
  // The title meant by "two", "tab two" or a title; empty if none is.
  std::string TabOf(const std::string& words) const;

  std::vector<std::string> tabs_;
};

}  // namespace atrium::agent

#endif  // ATRIUM_CONTROL_AGENT_OFFLINE_COMMANDS_H_
