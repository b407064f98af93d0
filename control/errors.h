// What can go wrong in a session: one function per wrong thing.
#ifndef ATRIUM_CONTROL_ERRORS_H_
#define ATRIUM_CONTROL_ERRORS_H_

#include <string_view>

#include "absl/status/status.h"

namespace atrium::control {

absl::Status NoSuchSession(std::string_view name);
absl::Status SessionEnded();
absl::Status SessionExists(std::string_view name);
absl::Status NoSuchTab(std::string_view name);
absl::Status TabCannotStart(std::string_view tab, const absl::Status& why);
absl::Status TabNotStartedInTime(std::string_view tab);
absl::Status RunLost(std::string_view tab);
absl::Status RunStillGoing(std::string_view tab);
absl::Status RunNotSeenToEnd(std::string_view tab);
absl::Status NotApprovedInTime();
absl::Status SomebodyDrives(std::string_view who);
absl::Status NotTheDriver();
absl::Status CommandDenied();
absl::Status NoSuchInvite();
absl::Status InviteUsedUp();
absl::Status InviteExpired();
absl::Status BadCredential();
absl::Status NoSuchParticipant(std::string_view name);
absl::Status NotInCall(std::string_view name);
absl::Status NoSuchApproval(std::string_view name);
absl::Status AlreadyDecided(std::string_view how, std::string_view who);
absl::Status PeopleOnly(std::string_view act);
absl::Status ServicesOnly(std::string_view act);
absl::Status TicketUsed();
absl::Status HelloFirst();
absl::Status HelloOnce();
absl::Status ForeignSession();
absl::Status PageTooSlow();
absl::Status Revoked();
absl::Status NotLive();
absl::Status NoSuchCapture(std::string_view name);
absl::Status NoDisplay();
absl::Status DisplayShown();
absl::Status NotJoined(std::string_view act);
absl::Status NotYourScreen();
absl::Status AgentIsBlind();
absl::Status Forbidden(std::string_view act);
absl::Status ForbiddenInSession(std::string_view act, std::string_view who);
absl::Status DeniedByRoom(std::string_view tool);
absl::Status NoScreenToSee();
absl::Status StillTooLarge();
absl::Status ShareToApprove();
absl::Status ToolServerLost(std::string_view server, std::string_view why);
absl::Status ToolFailed(std::string_view why);
absl::Status ToolUnknown(std::string_view why);
absl::Status ToolsAsRoot();
absl::Status NoAgent();
absl::Status NotStored();
absl::Status ProviderUnreachable(std::string_view why);
absl::Status ProviderRefused(std::string_view why);
absl::Status AnswerRefused(std::string_view why);
absl::Status ProviderStopped();
absl::Status ProviderSilent();
absl::Status CostLimit(std::string_view limit);
absl::Status CostLimitWithoutPrice(std::string_view model);
absl::Status NoProviderSecrets();
absl::Status ForGateway(std::string_view message);

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_ERRORS_H_
