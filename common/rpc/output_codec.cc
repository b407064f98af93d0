#include "common/rpc/output_codec.h"

#include <algorithm>

namespace atrium::rpc {
namespace {

constexpr size_t kHeaderMax = 32;  // Tag and length, offset, tag and length.

void PutVarint(std::string* out, uint64_t value) {
  while (value >= 0x80) {
    out->push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out->push_back(static_cast<char>(value));
}
bool GetVarint(std::string_view* in, uint64_t* value) {
  *value = 0;
  for (int shift = 0; shift < 64 && !in->empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(in->front());
    in->remove_prefix(1);
    *value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return true;
  }
  return false;
}
constexpr char Tag(int number, int wire_type) {
  return static_cast<char>(number << 3 | wire_type);
}
bool Take(std::string_view* in, char tag) {
  if (in->empty() || in->front() != tag) return false;
  in->remove_prefix(1);
  return true;
}

}  // namespace

std::string OutputHeader(int number, std::string_view tab, int64_t offset, size_t data_bytes) {
  std::string inner;
  if (!tab.empty()) {
    inner += Tag(1, 2);
    PutVarint(&inner, tab.size());
    inner += tab;
  }
  inner += Tag(2, 0);
  PutVarint(&inner, static_cast<uint64_t>(offset));
  inner += Tag(3, 2);
  PutVarint(&inner, data_bytes);
  std::string header(1, Tag(number, 2));
  PutVarint(&header, inner.size() + data_bytes);
  return header + inner;
}

grpc::ByteBuffer EncodeOutput(int64_t offset, grpc::Slice data, const std::string& more) {
  const grpc::Slice slices[] = {grpc::Slice(OutputHeader(1, {}, offset, data.size())),
                                std::move(data), grpc::Slice(more)};
  return grpc::ByteBuffer(slices, more.empty() ? 2 : 3);
}

bool DecodeOutput(const grpc::ByteBuffer& message, int64_t* offset,
                  std::vector<grpc::Slice>* data, std::string* more) {
  std::vector<grpc::Slice> slices;
  if (!message.Dump(&slices).ok()) return false;
  // The header may end anywhere in the first slices.
  char head[kHeaderMax];
  size_t n = 0;
  for (const grpc::Slice& slice : slices) {
    const size_t take = std::min(slice.size(), kHeaderMax - n);
    std::copy_n(reinterpret_cast<const char*>(slice.begin()), take, head + n);
    n += take;
  }
  std::string_view rest(head, n);
  uint64_t length, position, bytes;
  if (!Take(&rest, Tag(1, 2)) || !GetVarint(&rest, &length)) return false;
  const size_t before = rest.size();
  if (!Take(&rest, Tag(2, 0)) || !GetVarint(&rest, &position) || !Take(&rest, Tag(3, 2)) ||
      !GetVarint(&rest, &bytes) || before - rest.size() + bytes != length) {
    return false;
  }
  *offset = static_cast<int64_t>(position);
  data->clear();
  more->clear();
  size_t skip = n - rest.size(), left = bytes;
  for (grpc::Slice& slice : slices) {
    const size_t from = std::min(skip, slice.size());
    const size_t to = from + std::min(left, slice.size() - from);
    skip -= from;
    left -= to - from;
    more->append(slice.begin() + to, slice.end());
    if (to == from) continue;
    data->push_back(to - from == slice.size() ? std::move(slice) : slice.sub(from, to));
  }
  return left == 0;
}

grpc::ByteBuffer EncodeMessage(const google::protobuf::MessageLite& message) {
  return EncodeBytes(message.SerializeAsString());
}

grpc::ByteBuffer EncodeBytes(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

bool DecodeMessage(const grpc::ByteBuffer& buffer, google::protobuf::MessageLite* message) {
  grpc::Slice slice;
  if (buffer.TrySingleSlice(&slice).ok() || buffer.DumpToSingleSlice(&slice).ok()) {
    return message->ParseFromArray(slice.begin(), static_cast<int>(slice.size()));
  }
  return false;
}

}  // namespace atrium::rpc
