#include "gateway/bridge/ring.h"

#include <algorithm>
#include <utility>

namespace atrium::gateway {
namespace {

constexpr size_t kLeastBlockBytes = 4 << 10, kMostBlockBytes = 64 << 10;

}  // namespace

void Ring::Reset(int64_t offset) {
  blocks_.clear();
  marks_.clear();
  start_ = end_ = offset;
}

void Ring::Append(int64_t offset, const std::vector<grpc::Slice>& data) {
  if (!started() || offset > end_) Reset(offset);
  for (const grpc::Slice& slice : data) {
    const int64_t size = static_cast<int64_t>(slice.size());
    const int64_t known = std::min(size, std::max<int64_t>(0, end_ - offset));
    Copy(slice.begin() + known, static_cast<size_t>(size - known));
    offset += size;
  }
  start_ = std::max(start_, end_ - capacity_bytes_);
  while (!blocks_.empty() && blocks_.front().end() <= start_) blocks_.pop_front();
  // Of the marks before the start only the last still says something.
  while (marks_.size() > 1 && marks_[1].offset <= start_) marks_.pop_front();
}

// A tab that says little has small blocks.
void Ring::Copy(const uint8_t* from, size_t n) {
  while (n > 0) {
    if (blocks_.empty() || blocks_.back().used == blocks_.back().bytes.size()) {
      const auto held = static_cast<size_t>(end_ - start_);
      const size_t size = std::clamp(held, kLeastBlockBytes, kMostBlockBytes);
      blocks_.push_back({end_, grpc::Slice(size)});
    }
    Block& block = blocks_.back();
    const size_t taken = std::min(n, block.bytes.size() - block.used);
    std::copy_n(from, taken, const_cast<uint8_t*>(block.bytes.begin()) + block.used);
    block.used += taken;
    end_ += static_cast<int64_t>(taken);
    from += taken;
    n -= taken;
  }
}

void Ring::MarkResize(int64_t offset, const atrium::v1::TerminalSize& size) {
  if (!started()) Reset(offset);
  while (!marks_.empty() && marks_.back().offset >= offset) marks_.pop_back();
  marks_.push_back({offset, size});
}

size_t Ring::Take(int64_t offset, size_t limit, std::vector<grpc::Slice>* data) const {
  for (const Mark& mark : marks_) {
    if (mark.offset > offset) {
      limit = std::min(limit, static_cast<size_t>(mark.offset - offset));
      break;
    }
  }
  auto block = std::upper_bound(blocks_.begin(), blocks_.end(), offset,
                                [](int64_t at, const Block& b) { return at < b.offset; });
  if (block != blocks_.begin()) --block;
  size_t taken = 0;
  for (; block != blocks_.end() && taken < limit; ++block) {
    const int64_t at = offset + static_cast<int64_t>(taken);
    const auto from = static_cast<size_t>(at - block->offset);
    if (from >= block->used) continue;
    const size_t n = std::min(limit - taken, block->used - from);
    data->push_back(block->bytes.sub(from, from + n));
    taken += n;
  }
  return taken;
}

std::optional<atrium::v1::TerminalSize> Ring::SizeAt(int64_t offset) const {
  std::optional<atrium::v1::TerminalSize> size;
  for (const Mark& mark : marks_) {
    if (mark.offset > offset) break;
    size = mark.size;
  }
  return size;
}

}  // namespace atrium::gateway
