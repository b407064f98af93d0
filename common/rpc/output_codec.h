// Terminal output on its way: encoded and sliced by hand, so that its bytes are
// neither parsed nor copied by carriers. The bytes on the wire are plain proto:
//   message { TerminalOutput output = N; ... }  with fields tab = 1, offset = 2, data = 3.
#ifndef ATRIUM_COMMON_RPC_OUTPUT_CODEC_H_
#define ATRIUM_COMMON_RPC_OUTPUT_CODEC_H_

#include <google/protobuf/message_lite.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace atrium::rpc {

// All that precedes the data in a message whose field `number` is the output.
std::string OutputHeader(int number, std::string_view tab, int64_t offset, size_t data_bytes);

// A message whose field 1 is the output, without a tab; `more` is what else it says,
// serialized.
grpc::ByteBuffer EncodeOutput(int64_t offset, grpc::Slice data, const std::string& more = {});

// If the message is one made by EncodeOutput: fills all and returns true.
bool DecodeOutput(const grpc::ByteBuffer& message, int64_t* offset, std::vector<grpc::Slice>* data,
                  std::string* more);

// Any other message of a raw stream; EncodeBytes: that is serialized already.
grpc::ByteBuffer EncodeMessage(const google::protobuf::MessageLite& message);
grpc::ByteBuffer EncodeBytes(const std::string& bytes);
bool DecodeMessage(const grpc::ByteBuffer& buffer, google::protobuf::MessageLite* message);

}  // namespace atrium::rpc

#endif  // ATRIUM_COMMON_RPC_OUTPUT_CODEC_H_
