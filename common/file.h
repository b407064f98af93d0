// Whole small files: keys, tokens, readiness.
#ifndef ATRIUM_COMMON_FILE_H_
#define ATRIUM_COMMON_FILE_H_

#include <sys/types.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace atrium {

// Reads a whole file of at most 1 MiB.
absl::StatusOr<std::string> ReadFile(const std::string& path);
// Replaces a file in one step; readers see the old or the new content, never
// half of it.
absl::Status WriteFileAtomically(const std::string& path, std::string_view content, mode_t mode);
// Makes a directory and its parents with mode 0700 unless it exists; an existing
// one that others can enter is an error when `private_to_us`.
absl::Status MakeDirectory(const std::string& path, bool private_to_us);

}  // namespace atrium

#endif  // ATRIUM_COMMON_FILE_H_
