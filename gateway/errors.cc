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
absl::Status KeysUnknown() { return Unreachable("control", "its keys are not known yet"); }
absl::Status NotSubscribed(std::string_view tab) {
  return MakeError(StatusCode::kFailedPrecondition, StrCat("Subscribe to ", tab, " first"),
                   {.reason = "NOT_SUBSCRIBED", .field = "tab", .resource = std::string(tab)});
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
absl::Status HelloFirst() {
  return MakeError(StatusCode::kInvalidArgument, "The first message must be `hello`",
                   {.reason = "HELLO_FIRST", .field = "hello"});
}

}  // namespace atrium::gateway
