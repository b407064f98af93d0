// Wording says control's messages as JSON. What a whole room is told comes once on each
// page's stream, one copy right behind the other: it is worded once.
//
// On the loop.
#ifndef ATRIUM_GATEWAY_BRIDGE_WORDING_H_
#define ATRIUM_GATEWAY_BRIDGE_WORDING_H_

#include <array>
#include <cstdint>
#include <string>

#include "atrium/v1/live.pb.h"

namespace atrium::gateway {

class Wording {
 public:
  // Empty if JSON cannot say it. Valid until the next call.
  const std::string& Say(const atrium::v1::JoinResponse& message);
  // Messages that were worded, and those that had been before.
  int64_t worded_count() const { return worded_; }
  int64_t known_count() const { return known_; }

 private:
  struct Entry {
    std::string message, text;
  };

  static void Word(const atrium::v1::JoinResponse& message, std::string* text);

  std::array<Entry, 32> entries_;  // The last ones; the oldest is written over.
  size_t next_ = 0;
  std::string own_;  // What only one page is told.
  int64_t worded_ = 0, known_ = 0;
};

}  // namespace atrium::gateway

#endif  // ATRIUM_GATEWAY_BRIDGE_WORDING_H_
