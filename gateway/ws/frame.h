// WebSocket frames, RFC 6455, as a server reads and writes them. Pure.
#ifndef ATRIUM_GATEWAY_WS_FRAME_H_
#define ATRIUM_GATEWAY_WS_FRAME_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/ws/utf8.h"

namespace atrium::gateway::ws {

enum class Opcode : uint8_t {
  kContinuation = 0,
  kText = 1,
  kBinary = 2,
  kClose = 8,
  kPing = 9,
  kPong = 10,
};

// Close codes: RFC 6455 section 7.4, and our own.
enum CloseCode : uint16_t {
  kNormal = 1000,
  kGoingAway = 1001,
  kProtocolError = 1002,
  kNoCode = 1005,  // Never on the wire.
  kInvalidData = 1007,
  kPolicy = 1008,
  kTooBig = 1009,
  kInternal = 1011,
  kTryLater = 1013,
  kReplaced = 4000,      // The page joined again on another socket.
  kTooSlow = 4408,       // Nothing was read for long: connect again.
  kTokenRefused = 4401,  // Buy a new ticket.
  kForbidden = 4403,     // Final.
  kSessionEnded = 4404,  // Final.
};

// A violation: what to close with.
struct Violation {
  CloseCode code;
  const char* reason;
};

// A complete message, or a control frame. For kClose: the code is in `close_code`
// (kNoCode if there was none) and the reason in `payload`.
struct Message {
  Opcode opcode;
  std::string payload;
  uint16_t close_code = kNoCode;
};

// Reads a client's frames out of a stream of bytes.
class FrameReader {
 public:
  // `max_message_bytes` bounds a message whatever its fragments.
  explicit FrameReader(size_t max_message_bytes) : max_message_bytes_(max_message_bytes) {}

  // Takes bytes, split anywhere, off the front of `bytes`; calls `on_message` for
  // each message that is complete, until that returns false: what is left in
  // `bytes` then is for the next call. After a violation feed it no more.
  std::optional<Violation> Feed(std::string_view* bytes,
                                const std::function<bool(Message)>& on_message);
  // Bytes that it holds now.
  size_t held_bytes() const { return header_.size() + message_.size() + control_.size(); }

 private:
  std::optional<Violation> ParseHeader();
  std::optional<Violation> TakePayload(std::string_view bytes);
  std::optional<Violation> FinishFrame(const std::function<bool(Message)>& on_message,
                                       bool* go_on);
  std::optional<Violation> FinishControl(const std::function<bool(Message)>& on_message,
                                         bool* go_on);
  std::optional<Violation> CheckHeader(bool fin, uint8_t reserved);

  // Given.
  const size_t max_message_bytes_;
  // State: the frame.
  std::string header_;
  bool in_payload_ = false;
  bool fin_ = false;
  Opcode opcode_ = Opcode::kText;
  uint64_t left_ = 0;
  uint8_t mask_[4] = {};
  size_t mask_at_ = 0;
  // State: the message.
  bool in_message_ = false;
  Opcode message_opcode_ = Opcode::kText;
  std::string message_;
  Utf8Checker text_;
  std::string control_;  // The payload of a control frame.
};

// The header of a server's frame.
std::string FrameHeader(Opcode opcode, size_t payload_bytes);
// A whole close frame; the reason is cut to 123 bytes.
std::string CloseFrame(uint16_t code, std::string_view reason);
// Whether a peer may send this close code.
bool IsValidCloseCode(uint16_t code);

}  // namespace atrium::gateway::ws

#endif  // ATRIUM_GATEWAY_WS_FRAME_H_
