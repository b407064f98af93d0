// Stills is which pictures of screens the agent has, and which are to be taken next:
// of each screen one at a time, and only the newest few kept. Pure.
#ifndef ATRIUM_CONTROL_AGENT_STILLS_H_
#define ATRIUM_CONTROL_AGENT_STILLS_H_

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace atrium::control {

class Stills {
 public:
  using Items = std::vector<std::string>;

  // The agent sees these screens, by capture, and no others. Returns the items that it
  // must not have any more.
  Items SetVisible(const std::set<std::string>& captures);
  // The provider session is another one: it has none.
  void Forget();
  bool empty() const { return screens_.empty(); }

  // Of which screens a picture is to be taken now; when the next one is, if any.
  std::vector<std::string> Due(absl::Duration now) const;
  std::optional<absl::Duration> NextDue() const;
  // Those that were not looked at for longer than a picture stays fresh.
  std::set<std::string> Stale(absl::Duration now) const;
  bool in_flight(const std::string& capture) const;

  // A picture is being taken. Returns how the last one looked, to be compared; empty if
  // the agent has none.
  std::string Begin(const std::string& capture, absl::Duration now);
  // It came, and looks as before.
  void Same(const std::string& capture, absl::Duration now);
  // It came, and the agent has it as `item`. Returns the items that are too many.
  Items Changed(const std::string& capture, absl::Duration now, const std::string& item,
                const std::string& signature);
  void Failed(const std::string& capture);

 private:
  struct Screen {
    absl::Duration begun = -absl::InfiniteDuration();   // The last attempt.
    absl::Duration looked = -absl::InfiniteDuration();  // What it looked like, the last time.
    bool in_flight = false;
    std::string signature;
    std::deque<std::string> kept;
  };
  std::map<std::string, Screen> screens_;  // By capture.
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_AGENT_STILLS_H_
