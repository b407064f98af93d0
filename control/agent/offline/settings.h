// Settings are a session's configuration as `session.update` makes it. Pure.
#ifndef ATRIUM_CONTROL_AGENT_OFFLINE_SETTINGS_H_
#define ATRIUM_CONTROL_AGENT_OFFLINE_SETTINGS_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "control/agent/offline/protocol.h"

namespace atrium::agent {

class Settings {
 public:
  explicit Settings(const std::string& model);

  // Takes over what `update` names: all of it, or nothing.
  Verdict Apply(const nlohmann::json& update);
  // From now on the voice stays.
  void FixVoice() { voice_fixed_ = true; }

  // As `session.updated` shows them.
  const nlohmann::json& shape() const { return shape_; }
  bool Speaks() const;
  std::string InputFormat() const;   // "audio/pcm", "audio/pcmu" or "audio/pcma".
  std::string OutputFormat() const;
  bool DetectsTurns() const;
  bool CreatesResponses() const;
  bool InterruptsResponses() const;
  int SilenceMs() const;
  // What the tools' declarations call the live tabs.
  std::vector<std::string> TabTitles() const;

 private:
  nlohmann::json shape_;
  bool voice_fixed_ = false;
};

// Whether `modalities` is one of the two that there are.
bool AreModalities(const nlohmann::json& modalities);
// Whether one of `tools` is the function `name`.
bool HasTool(const nlohmann::json& tools, const std::string& name);

}  // namespace atrium::agent

#endif  // ATRIUM_CONTROL_AGENT_OFFLINE_SETTINGS_H_
