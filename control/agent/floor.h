// Floor decides whom the agent listens to, and who may cut it off. Pure.
#ifndef ATRIUM_CONTROL_AGENT_FLOOR_H_
#define ATRIUM_CONTROL_AGENT_FLOOR_H_

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "atrium/v1/session.pb.h"

namespace atrium::control {

class Floor {
 public:
  // Who is audible in a frame, and how loud (dBFS). Who is not named counts as silent;
  // media names whoever is above -50 dBFS.
  using Audible = std::vector<std::pair<std::string, float>>;

  explicit Floor(std::function<bool(const std::string& speaker)> is_owner)
      : is_owner_(std::move(is_owner)) {}

  void Set(const atrium::v1::FloorPolicy& policy) { policy_ = policy; }
  // Somebody holds the talk key, or let go of it.
  void SetTalking(const std::string& speaker, bool talking);

  // Media leaves whoever may not be heard out of the mix that the provider gets.
  bool MayBeHeard(const std::string& speaker) const;
  // Whether a frame in which these are audible reaches the provider: not if one of
  // them may not be heard, which media did not know yet when it mixed it.
  bool Passes(const Audible& audible) const;
  // Whether these may cut the agent off by speaking; nobody: it is not known who.
  bool MayInterrupt(const std::vector<std::string>& speakers) const;
  // Whether it answers only to its name,
  bool NeedsName() const;
  // and whether that is in `text`.
  static bool Names(const std::string& text);

 private:
  const std::function<bool(const std::string&)> is_owner_;
  atrium::v1::FloorPolicy policy_;
  std::set<std::string> talking_;
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_AGENT_FLOOR_H_
