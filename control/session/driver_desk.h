// DriverDesk decides who alone may type in a tab: taking, asking, granting,
// releasing, and what lapses by itself. It writes its answers into the tab's
// `driver` and `control_requesters`. Pure: the time is given (monotonic).
#ifndef ATRIUM_CONTROL_SESSION_DRIVER_DESK_H_
#define ATRIUM_CONTROL_SESSION_DRIVER_DESK_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "atrium/v1/tab.pb.h"

namespace atrium::control {

class DriverDesk {
 public:
  // Who acts, by participant's name, and whether an owner, who may always.
  struct Who {
    std::string name;
    bool owner = false;
  };

  // FAILED_PRECONDITION if somebody else holds it and `who` is no owner.
  absl::Status Take(atrium::v1::Tab* tab, const Who& who, absl::Duration now);
  // Takes it if nobody holds it; else `who` waits for the driver's answer.
  // RESOURCE_EXHAUSTED if too many wait.
  absl::Status Request(atrium::v1::Tab* tab, const Who& who, absl::Duration now);
  // Empty `to`: every request is turned down. PERMISSION_DENIED unless `who` holds
  // it or is an owner.
  absl::Status Grant(atrium::v1::Tab* tab, const Who& who, const std::string& to,
                     absl::Duration now);
  // OK if nobody holds it; PERMISSION_DENIED as Grant.
  absl::Status Release(atrium::v1::Tab* tab, const Who& who);
  // The driver typed: what lapses starts anew.
  void Typed(const atrium::v1::Tab& tab, const std::string& participant, absl::Duration now);
  // A participant left. True if the tab looks different.
  bool Left(atrium::v1::Tab* tab, const std::string& participant);
  // What lapses by `now` does. True if the tab looks different. A driver that was
  // read from the store is held from the first call on.
  bool Lapse(atrium::v1::Tab* tab, absl::Duration now);
  void Forget(const std::string& tab) { held_.erase(tab); }

 private:
  struct Held {
    absl::Duration last_key;
    std::map<std::string, absl::Duration> asked;  // By participant.
  };
  void Give(atrium::v1::Tab* tab, const std::string& to, absl::Duration now);

  std::map<std::string, Held> held_;  // By tab; those that have a driver.
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_SESSION_DRIVER_DESK_H_
