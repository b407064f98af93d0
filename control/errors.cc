#include "control/errors.h"

#include "common/errors.h"
#include "common/str_cat.h"

namespace atrium::control {

using absl::StatusCode;

absl::Status NoSuchSession(std::string_view name) {
  return MakeError(StatusCode::kNotFound, StrCat("No session ", name, " that you may know of"),
                   {.reason = "SESSION_NOT_FOUND", .resource = std::string(name)});
}
absl::Status SessionEnded() {
  return MakeError(StatusCode::kFailedPrecondition, "The session has ended",
                   {.reason = "SESSION_ENDED"});
}
absl::Status SessionExists(std::string_view name) {
  return MakeError(StatusCode::kAlreadyExists,
                   StrCat(name, " exists: use it, or choose another id"),
                   {.reason = "SESSION_EXISTS", .field = "session_id",
                    .resource = std::string(name)});
}
absl::Status NoSuchTab(std::string_view name) {
  return MakeError(StatusCode::kNotFound, StrCat("No tab ", name, ": it may have been closed"),
                   {.reason = "TAB_NOT_FOUND", .resource = std::string(name)});
}
absl::Status TabCannotStart(std::string_view tab, const absl::Status& why) {
  // What passes is told as it is: programs try again.
  ErrorDetails details = DetailsOf(why);
  if (why.code() == StatusCode::kFailedPrecondition) details.reason = "TAB_CANNOT_START";
  details.resource = std::string(tab);
  return MakeError(why.code(), std::string(why.message()), details);
}
absl::Status TabNotStartedInTime(std::string_view tab) {
  return MakeError(StatusCode::kFailedPrecondition,
                   StrCat("No terminal host took ", tab,
                          " in time: it will be started when one can be reached"),
                   {.reason = "HOST_UNREACHABLE", .resource = std::string(tab),
                    .retry_after = absl::Seconds(2)});
}
absl::Status RunLost(std::string_view tab) {
  return MakeError(StatusCode::kUnavailable,
                   "The terminal process ended under the command: nobody knows how far it got",
                   {.reason = "RUN_LOST", .resource = std::string(tab)});
}
absl::Status RunStillGoing(std::string_view tab) {
  return MakeError(StatusCode::kDeadlineExceeded,
                   StrCat("The command still runs in ", tab,
                          ": read its screen, call again with the same request_id, or close the tab"),
                   {.reason = "RUN_NOT_FINISHED", .resource = std::string(tab)});
}
absl::Status RunNotSeenToEnd(std::string_view tab) {
  return MakeError(StatusCode::kDeadlineExceeded,
                   StrCat("It was not seen to end in time. If it waited for the prompt of ", tab,
                          " it was not typed and will not be; if it runs there it goes on: read "
                          "its screen, or call again with the same request_id"),
                   {.reason = "RUN_NOT_FINISHED", .resource = std::string(tab)});
}
absl::Status NotApprovedInTime() {
  return MakeError(StatusCode::kDeadlineExceeded,
                   "Nobody approved it in time, and it is not asked for any more: call again, and "
                   "wait for up to a minute",
                   {.reason = "NOT_APPROVED_IN_TIME"});
}
absl::Status NoSuchInvite() {
  return MakeError(StatusCode::kUnauthenticated,
                   "The link was taken back, is not whole, or ended long ago: ask for a new one",
                   {.reason = "INVITE_INVALID"});
}
absl::Status InviteUsedUp() {
  return MakeError(StatusCode::kUnauthenticated,
                   "The link has let in as many as it was made for: ask for a new one",
                   {.reason = "INVITE_USED_UP"});
}
absl::Status InviteExpired() {
  return MakeError(StatusCode::kUnauthenticated, "The link's time is over: ask for a new one",
                   {.reason = "INVITE_EXPIRED"});
}
absl::Status BadCredential() {
  return MakeError(StatusCode::kUnauthenticated,
                   "This browser has no place in the session: open an invite link",
                   {.reason = "CREDENTIAL_INVALID"});
}
absl::Status NoSuchParticipant(std::string_view name) {
  return MakeError(StatusCode::kNotFound, StrCat("No participant ", name),
                   {.reason = "PARTICIPANT_NOT_FOUND", .resource = std::string(name)});
}
absl::Status NotInCall(std::string_view name) {
  return MakeError(StatusCode::kFailedPrecondition, StrCat(name, " is not in the call"),
                   {.reason = "NOT_IN_CALL", .resource = std::string(name)});
}
absl::Status NoSuchApproval(std::string_view name) {
  return MakeError(StatusCode::kNotFound, StrCat("No approval ", name, ": it was decided before, or its time is over"),
                   {.reason = "APPROVAL_NOT_FOUND", .resource = std::string(name)});
}
absl::Status AlreadyDecided(std::string_view how, std::string_view who) {
  return MakeError(StatusCode::kFailedPrecondition,
                   StrCat("It was decided before: ", how, who.empty() ? "" : " by ", who),
                   {.reason = "ALREADY_DECIDED"});
}
absl::Status PeopleOnly(std::string_view act) {
  return MakeError(StatusCode::kPermissionDenied, StrCat("Only a person may ", act),
                   {.reason = "PEOPLE_ONLY"});
}
absl::Status ServicesOnly(std::string_view act) {
  return MakeError(StatusCode::kPermissionDenied,
                   StrCat("To ", act, " use the service token from the state directory"),
                   {.reason = "SERVICES_ONLY"});
}
absl::Status TicketUsed() {
  return MakeError(StatusCode::kUnauthenticated, "The ticket was used before: buy another",
                   {.reason = "TICKET_USED"});
}
absl::Status HelloFirst() {
  return MakeError(StatusCode::kInvalidArgument, "The first message must be `hello`",
                   {.reason = "HELLO_FIRST", .field = "hello"});
}
absl::Status HelloOnce() {
  return MakeError(StatusCode::kInvalidArgument, "`hello` was said before",
                   {.reason = "HELLO_ONCE", .field = "hello"});
}
absl::Status ForeignSession() {
  return MakeError(StatusCode::kPermissionDenied, "The token is for another session",
                   {.reason = "SESSION_FOREIGN", .field = "hello.session"});
}
absl::Status PageTooSlow() {
  return MakeError(StatusCode::kResourceExhausted,
                   "The page does not read what it is told: join again",
                   {.reason = "PAGE_TOO_SLOW", .retry_after = absl::Seconds(1)});
}
absl::Status Revoked() {
  return MakeError(StatusCode::kPermissionDenied, "An owner took the right to be here back",
                   {.reason = "REVOKED"});
}
absl::Status NoSuchCapture(std::string_view name) {
  return MakeError(StatusCode::kNotFound, StrCat("No screen ", name, " is shown"),
                   {.reason = "CAPTURE_NOT_FOUND", .resource = std::string(name)});
}
absl::Status NoDisplay() {
  return MakeError(StatusCode::kFailedPrecondition,
                   "This deployment shows no display: start media with one",
                   {.reason = "NO_DISPLAY"});
}
absl::Status DisplayShown() {
  return MakeError(StatusCode::kAlreadyExists, "The machine's display is shown already",
                   {.reason = "DISPLAY_SHOWN"});
}
absl::Status NotJoined(std::string_view act) {
  return MakeError(StatusCode::kFailedPrecondition, StrCat("To ", act, ", join the session first"),
                   {.reason = "NOT_JOINED"});
}
absl::Status NotYourScreen() {
  return MakeError(StatusCode::kPermissionDenied,
                   "Only whoever shows a screen decides who sees it; owners may stop it",
                   {.reason = "NOT_YOUR_SCREEN"});
}
absl::Status AgentIsBlind() {
  return MakeError(StatusCode::kFailedPrecondition,
                   "The voice agent's provider takes no pictures: it cannot see screens",
                   {.reason = "AGENT_TAKES_NO_IMAGES"});
}
absl::Status ToolServerLost(std::string_view server, std::string_view why) {
  return MakeError(StatusCode::kUnavailable, StrCat("The tools of ", server, " are away: ", why),
                   {.reason = "TOOL_SERVER_LOST", .resource = std::string(server)});
}
absl::Status ToolFailed(std::string_view why) {
  return MakeError(StatusCode::kAborted, StrCat("The tool failed: ", why.empty() ? "it does not say why" : why),
                   {.reason = "TOOL_FAILED"});
}
absl::Status ToolUnknown(std::string_view why) {
  return MakeError(StatusCode::kUnimplemented, StrCat("The tool's server knows no such call: ", why),
                   {.reason = "TOOL_FAILED"});
}
absl::Status ToolsAsRoot() {
  return MakeError(StatusCode::kFailedPrecondition,
                   "MCP servers must not run as root: name another user with --mcp_user",
                   {.reason = "TOOLS_AS_ROOT"});
}
absl::Status CostLimit(std::string_view limit) {
  return MakeError(StatusCode::kResourceExhausted,
                   StrCat("The agent has cost this session its limit of ", limit,
                          ": whoever runs it can raise --session_cost_limit, or open another "
                          "session"),
                   {.reason = "COST_LIMIT"});
}
absl::Status CostLimitWithoutPrice(std::string_view model) {
  return MakeError(StatusCode::kInvalidArgument,
                   StrCat("--session_cost_limit needs a price for ", model, " in --price_file"),
                   {.reason = "COST_LIMIT_WITHOUT_PRICE", .field = "--session_cost_limit"});
}
absl::Status NoScreenToSee() {
  return MakeError(StatusCode::kNotFound,
                   "Nobody shows the agent such a screen: ask for one with ask_for_screen",
                   {.reason = "NO_SCREEN_TO_SEE"});
}
absl::Status StillTooLarge() {
  return MakeError(StatusCode::kResourceExhausted, "The picture of the screen is too large",
                   {.reason = "STILL_TOO_LARGE"});
}
absl::Status ShareToApprove() {
  return MakeError(StatusCode::kFailedPrecondition,
                   "The agent asks to see a screen: share one to approve that, or deny it",
                   {.reason = "SHARE_TO_APPROVE"});
}
absl::Status Forbidden(std::string_view act) {
  return MakeError(StatusCode::kPermissionDenied,
                   StrCat("This deployment does not allow anybody to ", act,
                          ": whoever runs it can change --forbid"),
                   {.reason = "FORBIDDEN_HERE"});
}
absl::Status ForbiddenInSession(std::string_view act, std::string_view who) {
  return MakeError(StatusCode::kPermissionDenied,
                   StrCat("The owners of this session let ", who, " ", act,
                          ": an owner can change that in its settings"),
                   {.reason = "FORBIDDEN_IN_SESSION"});
}
absl::Status DeniedByRoom(std::string_view tool) {
  return MakeError(StatusCode::kPermissionDenied,
                   StrCat("The room's policy denies ", tool, ": ask an owner"),
                   {.reason = "DENIED_BY_ROOM", .resource = std::string(tool)});
}
absl::Status NotLive() {
  return MakeError(StatusCode::kFailedPrecondition, "This page is not in the call: go live first",
                   {.reason = "NOT_LIVE"});
}
absl::Status NoAgent() {
  return MakeError(StatusCode::kFailedPrecondition,
                   "This deployment has no voice agent: start control with --provider",
                   {.reason = "NO_AGENT"});
}
absl::Status NotStored() {
  return MakeError(StatusCode::kInternal,
                   "It could not be stored: look at the disk, then try again",
                   {.reason = "STORE_FAILED"});
}
absl::Status ProviderUnreachable(std::string_view why) {
  return MakeError(StatusCode::kUnavailable,
                   StrCat("The voice agent cannot be reached (", why, "): it is tried again"),
                   {.reason = "PROVIDER_UNREACHABLE", .retry_after = absl::Seconds(2)});
}
absl::Status ProviderRefused(std::string_view why) {
  return MakeError(StatusCode::kFailedPrecondition,
                   StrCat("The voice agent refuses us: ", why, "; then start it again"),
                   {.reason = "PROVIDER_REFUSED"});
}
absl::Status AnswerRefused(std::string_view why) {
  return MakeError(
      StatusCode::kFailedPrecondition,
      StrCat("The voice agent could not answer (", why.empty() ? "no reason given" : why,
             "): ask again; if that does not help, stop it and start it again"),
      {.reason = "ANSWER_REFUSED"});
}
absl::Status ProviderSilent() {
  return MakeError(StatusCode::kUnavailable,
                   "The voice agent has fallen silent: it is connected anew",
                   {.reason = "PROVIDER_SILENT", .retry_after = absl::Seconds(2)});
}
absl::Status NoProviderSecrets() {
  return MakeError(StatusCode::kFailedPrecondition,
                   "This voice agent makes no keys for browsers: go live instead",
                   {.reason = "NO_PROVIDER_SECRETS"});
}
absl::Status ProviderStopped() {
  return MakeError(StatusCode::kCancelled, "The conversation was stopped",
                   {.reason = "CONVERSATION_STOPPED"});
}
absl::Status SomebodyDrives(std::string_view who) {
  return MakeError(StatusCode::kFailedPrecondition,
                   StrCat("The keyboard of this tab is held by ", who, ": ask for it with RequestControl"),
                   {.reason = "SOMEBODY_DRIVES"});
}
absl::Status NotTheDriver() {
  return MakeError(StatusCode::kPermissionDenied,
                   "Only who holds this tab's keyboard, or an owner, may do that",
                   {.reason = "NOT_THE_DRIVER"});
}
absl::Status CommandDenied() {
  return MakeError(StatusCode::kPermissionDenied,
                   "The session's command policy forbids this command; an owner can change it",
                   {.reason = "COMMAND_DENIED"});
}
absl::Status ForGateway(std::string_view message) {
  return MakeError(StatusCode::kInvalidArgument,
                   StrCat("`", message, "` goes to the terminal process, not to control"),
                   {.reason = "FOR_GATEWAY", .field = std::string(message)});
}

}  // namespace atrium::control
