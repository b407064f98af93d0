// Actor is whoever does something: told apart once, at the door, and handed to
// every act, which checks the role.
#ifndef ATRIUM_CONTROL_AUTH_ACTOR_H_
#define ATRIUM_CONTROL_AUTH_ACTOR_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "atrium/v1/session.pb.h"
#include "common/errors.h"
#include "common/strong_id.h"

namespace atrium::control {

struct Actor {
  enum class Kind { kPerson, kService, kAgent };
  Kind kind = Kind::kPerson;
  SessionId session;          // Empty: all sessions.
  ParticipantId participant;  // Empty for a service and the agent.
  atrium::v1::Participant::Role role = atrium::v1::Participant::VIEWER;

  // PERMISSION_DENIED unless the role suffices to `act`.
  absl::Status Require(atrium::v1::Participant::Role needed, std::string_view act) const {
    if (role >= needed) return absl::OkStatus();
    return NotAllowed(act, needed == atrium::v1::Participant::OWNER ? "an owner" : "an editor");
  }
  bool MayEnter(const SessionId& id) const { return session.empty() || session == id; }
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_AUTH_ACTOR_H_
