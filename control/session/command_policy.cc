#include "control/session/command_policy.h"

#include <re2/re2.h>

#include <string>

#include "common/errors.h"
#include "common/str_cat.h"
#include "control/limits.h"

namespace atrium::control {

using atrium::v1::CommandPolicy;

namespace {

RE2::Options Quiet() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(1 << 20);
  return options;
}

}  // namespace

absl::Status CheckPolicy(const CommandPolicy& policy) {
  if (policy.rules_size() > static_cast<int>(limits::kPolicyRules)) {
    return BadField("command_policy.rules", StrCat("may be ", limits::kPolicyRules, " at most"));
  }
  for (int i = 0; i < policy.rules_size(); ++i) {
    const CommandPolicy::Rule& rule = policy.rules(i);
    const std::string field = StrCat("command_policy.rules[", i, "]");
    if (rule.pattern().empty() || rule.pattern().size() > limits::kPatternBytes) {
      return BadField(field + ".pattern", StrCat("must have 1 to ", limits::kPatternBytes, " bytes"));
    }
    const RE2 pattern(rule.pattern(), Quiet());
    if (!pattern.ok()) return BadField(field + ".pattern", StrCat("is not RE2: ", pattern.error()));
    if (!CommandPolicy::Action_IsValid(rule.action()) ||
        rule.action() == CommandPolicy::ACTION_UNSPECIFIED) {
      return BadField(field + ".action", "must be ALLOW, ASK or DENY");
    }
  }
  if (!CommandPolicy::Action_IsValid(policy.default_action())) {
    return BadField("command_policy.default_action", "must be ALLOW, ASK or DENY");
  }
  return absl::OkStatus();
}

CommandPolicy::Action Judge(const CommandPolicy& policy, std::string_view command) {
  for (const CommandPolicy::Rule& rule : policy.rules()) {
    const RE2 pattern(rule.pattern(), Quiet());
    if (!pattern.ok()) return CommandPolicy::DENY;
    if (RE2::PartialMatch(re2::StringPiece(command.data(), command.size()), pattern)) {
      return rule.action();
    }
  }
  return policy.default_action() == CommandPolicy::ACTION_UNSPECIFIED ? CommandPolicy::ALLOW
                                                                      : policy.default_action();
}

}  // namespace atrium::control
