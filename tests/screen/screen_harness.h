// One run of a Screen over arbitrary bytes, with what must hold whatever they
// are. Used by the fuzzer and by a test over a seeded corpus.
#ifndef ATRIUM_TESTS_SCREEN_SCREEN_HARNESS_H_
#define ATRIUM_TESTS_SCREEN_SCREEN_HARNESS_H_

#include <string>
#include <string_view>

namespace atrium::screen {

// Reads `input` as a size and a list of steps: write some bytes, resize, take a
// snapshot. Returns what did not hold, or an empty text.
//
// Held: the cursor and the cells stay within the size, memory within its
// bounds; a Screen made from Serialize() has the same state, serializes to the
// same bytes, and stays equal while both go on.
std::string CheckScreen(std::string_view input);

}  // namespace atrium::screen

#endif  // ATRIUM_TESTS_SCREEN_SCREEN_HARNESS_H_
