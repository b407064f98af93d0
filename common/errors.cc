#include "common/errors.h"

#include <cstring>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "common/str_cat.h"

namespace atrium {
namespace {

constexpr char kReason[] = "atrium/reason";
constexpr char kField[] = "atrium/field";
constexpr char kResource[] = "atrium/resource";
constexpr char kRetryMs[] = "atrium/retry_ms";
constexpr char kOffset[] = "atrium/offset";

std::string PayloadOr(const absl::Status& status, const char* url) {
  auto payload = status.GetPayload(url);
  return payload ? std::string(*payload) : std::string();
}

}  // namespace

absl::Status MakeError(absl::StatusCode code, std::string_view message, ErrorDetails details) {
  absl::Status status(code, std::string(message));
  status.SetPayload(kReason, absl::Cord(details.reason));
  if (!details.field.empty()) status.SetPayload(kField, absl::Cord(details.field));
  if (!details.resource.empty()) status.SetPayload(kResource, absl::Cord(details.resource));
  if (details.retry_after) {
    status.SetPayload(kRetryMs,
                      absl::Cord(StrCat(absl::ToInt64Milliseconds(*details.retry_after))));
  }
  if (details.offset) status.SetPayload(kOffset, absl::Cord(StrCat(*details.offset)));
  return status;
}

ErrorDetails DetailsOf(const absl::Status& status) {
  ErrorDetails details{.reason = PayloadOr(status, kReason),
                       .field = PayloadOr(status, kField),
                       .resource = PayloadOr(status, kResource)};
  int64_t ms = 0;
  if (absl::SimpleAtoi(PayloadOr(status, kRetryMs), &ms)) {
    details.retry_after = absl::Milliseconds(ms);
  }
  int64_t offset = 0;
  if (absl::SimpleAtoi(PayloadOr(status, kOffset), &offset)) details.offset = offset;
  return details;
}

absl::Status BadName(std::string_view name, std::string_view pattern) {
  return MakeError(absl::StatusCode::kInvalidArgument,
                   StrCat("\"", name.substr(0, 100), "\" is not a name of the form ", pattern),
                   {.reason = "BAD_NAME", .field = "name", .resource = std::string(name.substr(0, 100))});
}
absl::Status MissingField(std::string_view field) {
  return MakeError(absl::StatusCode::kInvalidArgument,
                   StrCat("`", field, "` is required: set it"),
                   {.reason = "MISSING_FIELD", .field = std::string(field)});
}
absl::Status BadField(std::string_view field, std::string_view why) {
  return MakeError(absl::StatusCode::kInvalidArgument, StrCat("`", field, "` ", why),
                   {.reason = "BAD_FIELD", .field = std::string(field)});
}
absl::Status BadToken(std::string_view why) {
  return MakeError(absl::StatusCode::kUnauthenticated,
                   StrCat("The token was refused: ", why, ". Fetch a new one and try again."),
                   {.reason = "BAD_TOKEN"});
}
absl::Status NotAllowed(std::string_view act, std::string_view needed_role) {
  return MakeError(absl::StatusCode::kPermissionDenied,
                   StrCat("To ", act, " one must be ", needed_role, ": ask an owner"),
                   {.reason = "ROLE_TOO_LOW"});
}
absl::Status TooMany(std::string_view what, int64_t limit, absl::Duration retry_after) {
  return MakeError(absl::StatusCode::kResourceExhausted,
                   StrCat("The limit of ", limit, " ", what, " is reached: try again in ",
                                absl::FormatDuration(retry_after), ", or end one"),
                   {.reason = "LIMIT_REACHED", .retry_after = retry_after});
}
absl::Status Unreachable(std::string_view process, std::string_view why) {
  return MakeError(absl::StatusCode::kUnavailable,
                   StrCat("The ", process, " process cannot be reached (", why,
                                "): it restarts by itself, try again"),
                   {.reason = "PROCESS_UNREACHABLE",
                    .resource = std::string(process),
                    .retry_after = absl::Seconds(1)});
}
absl::Status SystemError(std::string_view act, std::string_view path, int error_number) {
  return MakeError(absl::StatusCode::kInternal,
                   StrCat("Cannot ", act, " ", path, ": ", std::strerror(error_number)),
                   {.reason = "SYSTEM_ERROR", .resource = std::string(path)});
}
absl::Status ShuttingDown() {
  return MakeError(absl::StatusCode::kUnavailable, "The process is stopping: try again",
                   {.reason = "SHUTTING_DOWN", .retry_after = absl::Seconds(1)});
}
absl::Status StaleFence(int64_t fence, int64_t newest) {
  return MakeError(absl::StatusCode::kFailedPrecondition,
                   StrCat("Fence ", fence, " is older than ", newest,
                                ": a newer control drives this process, stop this one"),
                   {.reason = "STALE_FENCE"});
}

}  // namespace atrium
