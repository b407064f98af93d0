// Errors that more than one process makes: one function per wrong thing. Every
// status says what is wrong, with which thing, and what to do; it carries a
// reason (ErrorInfo.reason) for programs, and where they apply the wrong field
// and the time to wait. Each process has an errors.h of its own for the rest.
#ifndef ATRIUM_COMMON_ERRORS_H_
#define ATRIUM_COMMON_ERRORS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace atrium {

// What a status carries beside its code and message.
struct ErrorDetails {
  std::string reason;    // UPPER_SNAKE_CASE.
  std::string field;     // The request's wrong field; empty if it is not one.
  std::string resource;  // What it is about; empty if nothing in particular.
  std::optional<absl::Duration> retry_after;
  std::optional<int64_t> offset;  // Where in a terminal's output to go on from.
};

// Makes a status with details; the only way to make one.
absl::Status MakeError(absl::StatusCode code, std::string_view message, ErrorDetails details);
// Reads the details back; all empty if the status has none.
ErrorDetails DetailsOf(const absl::Status& status);

absl::Status BadName(std::string_view name, std::string_view pattern);
absl::Status MissingField(std::string_view field);
absl::Status BadField(std::string_view field, std::string_view why);
absl::Status BadToken(std::string_view why);
absl::Status NotAllowed(std::string_view act, std::string_view needed_role);
absl::Status TooMany(std::string_view what, int64_t limit, absl::Duration retry_after);
absl::Status Unreachable(std::string_view process, std::string_view why);
absl::Status SystemError(std::string_view act, std::string_view path, int error_number);
absl::Status ShuttingDown();
absl::Status StaleFence(int64_t fence, int64_t newest);

}  // namespace atrium

#endif  // ATRIUM_COMMON_ERRORS_H_
