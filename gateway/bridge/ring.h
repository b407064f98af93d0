// Ring is the newest output of one tab, in blocks of its own under absolute offsets,
// with the places where its size changed. Pure.
//
// What comes is copied: a slice of a message keeps the whole buffer alive that gRPC read
// from its socket, and with it whatever else came with the output, snapshots above all.
#ifndef ATRIUM_GATEWAY_BRIDGE_RING_H_
#define ATRIUM_GATEWAY_BRIDGE_RING_H_

#include <grpcpp/support/slice.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "atrium/v1/tab.pb.h"

namespace atrium::gateway {

class Ring {
 public:
  explicit Ring(int64_t capacity_bytes) : capacity_bytes_(capacity_bytes) {}

  // Begins anew at `offset`.
  void Reset(int64_t offset);
  // Copies bytes at `offset`. What is already there is passed over; a gap begins anew.
  void Append(int64_t offset, const std::vector<grpc::Slice>& data);
  // From `offset` on, `size` holds.
  void MarkResize(int64_t offset, const atrium::v1::TerminalSize& size);

  bool started() const { return start_ >= 0; }
  int64_t start() const { return start_; }
  int64_t end() const { return end_; }
  bool Holds(int64_t offset) const { return started() && offset >= start_ && offset <= end_; }
  // Slices from `offset` on, at most `limit` bytes and not over a change of size. They
  // outlive the ring. Returns their total.
  size_t Take(int64_t offset, size_t limit, std::vector<grpc::Slice>* data) const;
  // The size at `offset`, if it is known.
  std::optional<atrium::v1::TerminalSize> SizeAt(int64_t offset) const;

 private:
  // Filled from the front; what readers hold of it is never written again.
  struct Block {
    int64_t offset;
    grpc::Slice bytes;
    size_t used = 0;

    int64_t end() const { return offset + static_cast<int64_t>(used); }
  };
  struct Mark {
    int64_t offset;
    atrium::v1::TerminalSize size;
  };

  void Copy(const uint8_t* from, size_t n);

  const int64_t capacity_bytes_;
  std::deque<Block> blocks_;
  std::deque<Mark> marks_;
  int64_t start_ = -1, end_ = -1;
};

}  // namespace atrium::gateway

#endif  // ATRIUM_GATEWAY_BRIDGE_RING_H_
