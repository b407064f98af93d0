#include "gateway/errors.h"

#include "common/errors.h"
#include "common/str_cat.h"
#include "gateway/limits.h"

namespace atrium::gateway {

using absl::StatusCode;

absl::Status NoSuchPage(std::string_view path) {
  return MakeError(StatusCode::kNotFound, StrCat("Nothing is at ", path.substr(0, 200)),
                   {.reason = "PAGE_NOT_FOUND"});
}
absl::Status WrongMethod(std::string_view method, std::string_view path) {
  return MakeError(StatusCode::kUnimplemented, StrCat(path.substr(0, 200), " does not take ", method),
                   {.reason = "WRONG_METHOD"});
}
absl::Status ForeignOrigin(std::string_view origin) {
  return MakeError(StatusCode::kPermissionDenied,
                   StrCat("Pages of ", origin.empty() ? "no origin" : origin.substr(0, 200),
                          " may not use this server: open it at its own address, or start the "
                          "gateway with --allow_origin"),
                   {.reason = "ORIGIN_FOREIGN"});
}
absl::Status ForeignHost(std::string_view host) {
  return MakeError(StatusCode::kPermissionDenied,
                   StrCat("This server is not called ", host.substr(0, 200),
                          ": open it at its own address, or start the gateway with --allow_origin"),
                   {.reason = "HOST_FOREIGN"});
}
absl::Status BodyTooLarge() {
  return MakeError(StatusCode::kOutOfRange,
                   StrCat("The body must be sent whole and be of at most ", limits::kBodyBytes, " bytes"),
                   {.reason = "BODY_TOO_LARGE"});
}
absl::Status BadJson(std::string_view why) {
  return MakeError(StatusCode::kInvalidArgument, StrCat("The body is not the JSON asked for: ", why),
                   {.reason = "BAD_JSON", .field = "body"});
}
absl::Status BadMessage(std::string_view why) {
  return MakeError(StatusCode::kInvalidArgument, StrCat("The message is not a JoinRequest: ", why),
                   {.reason = "BAD_MESSAGE", .field = "message"});
}
absl::Status TooManySockets() {
  return TooMany("sockets", limits::kSockets, absl::Seconds(5));
}
absl::Status TooManySocketsOfOne() {
  return TooMany("sockets of one participant", limits::kSocketsPerUser, absl::Seconds(5));
}
absl::Status NoSuchRoom(std::string_view room) {
  return MakeError(StatusCode::kNotFound, StrCat("There is no ", room.substr(0, 200), " for you"),
                   {.reason = "SESSION_NOT_FOUND", .field = "room"});
}
absl::Status NotFromAfar() {
  return MakeError(StatusCode::kPermissionDenied, "This is answered on the machine itself only",
                   {.reason = "LOOPBACK_ONLY"});
}
absl::Status KeyMissing() {
  return MakeError(StatusCode::kUnauthenticated,
                   "This browser was let in, but this page has lost its half of the key: its "
                   "storage was cleared or is blocked. Open an invite link again",
                   {.reason = "KEY_MISSING"});
}
absl::Status KeysUnknown() { return Unreachable("control", "its keys are not known yet"); }
absl::Status NotSubscribed(std::string_view tab) {
  return MakeError(StatusCode::kFailedPrecondition, StrCat("Subscribe to ", tab, " first"),
                   {.reason = "NOT_SUBSCRIBED", .field = "tab", .resource = std::string(tab)});
}
absl::Status TooMuchTyped(std::string_view tab) {
  return MakeError(StatusCode::kResourceExhausted,
                   "Too much typed input waits: it was not taken, send it again",
                   {.reason = "TERMINAL_REFUSED", .field = "tab", .resource = std::string(tab)});
}
absl::Status TooManySubscriptions() {
  return TooMany("subscriptions of one page", limits::kSubscriptions, absl::Seconds(1));
}
absl::Status TooManyWords(absl::Duration retry_after) {
  // A little more, so that what is said again then passes.
  const absl::Duration wait = retry_after + absl::Milliseconds(1);
  return MakeError(StatusCode::kResourceExhausted,
                   StrCat("Too much was said in too short a time: say it again in ",
                          absl::ToInt64Milliseconds(wait), " ms"),
                   {.reason = "TOO_MANY_WORDS", .retry_after = wait});
}
absl::Status ControlAway() { return Unreachable("control", "the connection was lost"); }
absl::Status TooManyCalls(absl::Duration retry_after) {
  const absl::Duration wait = retry_after + absl::Milliseconds(1);
  return MakeError(StatusCode::kResourceExhausted,
                   StrCat("Too many connections were made in too short a time: try again in ",
                          absl::ToInt64Milliseconds(wait), " ms"),
                   {.reason = "TOO_MANY_CALLS", .retry_after = wait});
}
absl::Status NoAnswerInTime() {
  return MakeError(StatusCode::kDeadlineExceeded,
                   StrCat("The offer was not answered within ",
                          absl::FormatDuration(limits::kCallSetup), ": try again"),
                   {.reason = "NO_ANSWER", .retry_after = absl::Seconds(1)});
}
absl::Status OfferRefused(std::string_view why) {
  return MakeError(StatusCode::kInvalidArgument, StrCat("The offer was refused: ", why),
                   {.reason = "OFFER_REFUSED", .field = "offer.sdp"});
}
absl::Status CallEnded(std::string_view why) {
  return MakeError(StatusCode::kAborted, StrCat("The connection is over: ", why, ". Connect again"),
                   {.reason = "CALL_ENDED"});
}
absl::Status NoSuchConnection() {
  return MakeError(StatusCode::kNotFound, "There is no such connection, or it is over",
                   {.reason = "CONNECTION_NOT_FOUND"});
}
absl::Status WrongMediaType(std::string_view wanted) {
  return MakeError(StatusCode::kInvalidArgument, StrCat("Send it as ", wanted),
                   {.reason = "WRONG_MEDIA_TYPE", .field = "Content-Type"});
}
absl::Status HelloFirst() {
  return MakeError(StatusCode::kInvalidArgument, "The first message must be `hello`",
                   {.reason = "HELLO_FIRST", .field = "hello"});
}

}  // namespace atrium::gateway
