// What a session's policy says of a command (P7). Pure.
#ifndef ATRIUM_CONTROL_SESSION_COMMAND_POLICY_H_
#define ATRIUM_CONTROL_SESSION_COMMAND_POLICY_H_

#include <string_view>

#include "absl/status/status.h"
#include "atrium/v1/session.pb.h"

namespace atrium::control {

// INVALID_ARGUMENT, naming the rule, for a pattern that is not RE2 or is too long,
// an action that is none, or too many rules.
absl::Status CheckPolicy(const atrium::v1::CommandPolicy& policy);
// Of what has a NUL programs get no more than what is before it, and people see all.
inline bool HasNul(std::string_view text) { return text.find('\0') != std::string_view::npos; }
// The first rule that is found in `command` decides, else the default. Never
// ACTION_UNSPECIFIED. A rule that cannot be read denies.
atrium::v1::CommandPolicy::Action Judge(const atrium::v1::CommandPolicy& policy,
                                        std::string_view command);

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_SESSION_COMMAND_POLICY_H_
