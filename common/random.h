// Names and secrets that cannot be guessed, from the kernel's generator.
#ifndef ATRIUM_COMMON_RANDOM_H_
#define ATRIUM_COMMON_RANDOM_H_

#include <cstddef>
#include <string>

namespace atrium {

// `bytes` random bytes.
std::string RandomBytes(size_t bytes);
// A 128-bit random id of [a-z2-7], 26 characters: fits a resource name.
std::string RandomId();
// A 256-bit secret of [a-z2-7], 52 characters: fits a URL.
std::string RandomSecret();

}  // namespace atrium

#endif  // ATRIUM_COMMON_RANDOM_H_
