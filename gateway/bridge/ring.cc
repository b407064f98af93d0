#include "gateway/bridge/ring.h"

#include <algorithm>
#include <utility>

namespace atrium::gateway {

void Ring::Reset(int64_t offset) {
  chunks_.clear();
  marks_.clear();
  start_ = end_ = offset;
}

void Ring::Append(int64_t offset, std::vector<grpc::Slice> data) {
  if (!started() || offset > end_) Reset(offset);
  for (grpc::Slice& slice : data) {
    const int64_t size = static_cast<int64_t>(slice.size());
    const int64_t known = std::min(size, std::max<int64_t>(0, end_ - offset));
    if (known < size) {
      chunks_.push_back({offset + known, known == 0 ? std::move(slice)
                                                    : slice.sub(static_cast<size_t>(known),
                                                                static_cast<size_t>(size))});
      end_ = offset + size;
    }
    offset += size;
  }
  while (end_ - start_ > capacity_bytes_ && chunks_.size() > 1) {
    chunks_.pop_front();
    start_ = chunks_.front().offset;
  }
  // Of the marks before the start only the last still says something.
  while (marks_.size() > 1 && marks_[1].offset <= start_) marks_.pop_front();
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
  auto chunk = std::upper_bound(chunks_.begin(), chunks_.end(), offset,
                                [](int64_t at, const Chunk& c) { return at < c.offset; });
  if (chunk != chunks_.begin()) --chunk;
  size_t taken = 0;
  for (; chunk != chunks_.end() && taken < limit; ++chunk) {
    const int64_t at = offset + static_cast<int64_t>(taken);
    const auto from = static_cast<size_t>(at - chunk->offset);
    if (from >= chunk->data.size()) continue;
    const size_t n = std::min(limit - taken, chunk->data.size() - from);
    data->push_back(chunk->data.sub(from, from + n));
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
