// Early return for absl::Status and absl::StatusOr, under the names that the
// field uses; Debian's Abseil has none.
#ifndef ATRIUM_COMMON_STATUS_MACROS_H_
#define ATRIUM_COMMON_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define RETURN_IF_ERROR(expr)                             \
  do {                                                    \
    if (absl::Status status_ = (expr); !status_.ok()) {   \
      return status_;                                     \
    }                                                     \
  } while (false)

#define ATRIUM_CONCAT_INNER(a, b) a##b
#define ATRIUM_CONCAT(a, b) ATRIUM_CONCAT_INNER(a, b)
#define ASSIGN_OR_RETURN_IMPL(result, lhs, expr)           \
  auto result = (expr);                                    \
  if (!result.ok()) return std::move(result).status();     \
  lhs = *std::move(result)
#define ASSIGN_OR_RETURN(lhs, expr) \
  ASSIGN_OR_RETURN_IMPL(ATRIUM_CONCAT(status_or_, __LINE__), lhs, expr)

#endif  // ATRIUM_COMMON_STATUS_MACROS_H_
