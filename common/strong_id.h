// A string that is the id of one kind of thing and cannot be passed for another.
#ifndef ATRIUM_COMMON_STRONG_ID_H_
#define ATRIUM_COMMON_STRONG_ID_H_

#include <compare>
#include <ostream>
#include <string>
#include <utility>

namespace atrium {

template <typename Tag>
class StrongId {
 public:
  StrongId() = default;
  explicit StrongId(std::string value) : value_(std::move(value)) {}

  const std::string& value() const { return value_; }
  bool empty() const { return value_.empty(); }

  friend auto operator<=>(const StrongId&, const StrongId&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const StrongId& id) {
    return H::combine(std::move(h), id.value_);
  }
  friend std::ostream& operator<<(std::ostream& out, const StrongId& id) {
    return out << id.value_;
  }

 private:
  std::string value_;
};

using SessionId = StrongId<struct SessionIdTag>;
using TabId = StrongId<struct TabIdTag>;
using ParticipantId = StrongId<struct ParticipantIdTag>;
using AttachmentId = StrongId<struct AttachmentIdTag>;
using PageId = StrongId<struct PageIdTag>;

}  // namespace atrium

#endif  // ATRIUM_COMMON_STRONG_ID_H_
