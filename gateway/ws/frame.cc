#include "gateway/ws/frame.h"

#include <algorithm>
#include <utility>

namespace atrium::gateway::ws {
namespace {

constexpr uint64_t kControlMax = 125;

bool IsControl(Opcode opcode) { return (static_cast<uint8_t>(opcode) & 8) != 0; }

bool IsKnown(uint8_t opcode) { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }

uint64_t BigEndian(std::string_view bytes) {
  uint64_t value = 0;
  for (char c : bytes) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

}  // namespace

std::optional<Violation> FrameReader::Feed(std::string_view* bytes,
                                           const std::function<bool(Message)>& on_message) {
  bool go_on = true;
  while (go_on && (!bytes->empty() || (in_payload_ && left_ == 0))) {
    if (!in_payload_) {
      header_.push_back(bytes->front());
      bytes->remove_prefix(1);
      if (auto violation = ParseHeader()) return violation;
      continue;
    }
    const size_t n = static_cast<size_t>(std::min<uint64_t>(left_, bytes->size()));
    if (auto violation = TakePayload(bytes->substr(0, n))) return violation;
    bytes->remove_prefix(n);
    if (left_ > 0) break;
    in_payload_ = false;
    if (auto violation = FinishFrame(on_message, &go_on)) return violation;
  }
  return std::nullopt;
}

// Unmasks. Text that is not UTF-8 is refused at its first wrong byte, however the
// message is fragmented (RFC 6455, 8.1).
std::optional<Violation> FrameReader::TakePayload(std::string_view bytes) {
  const bool control = IsControl(opcode_);
  std::string& out = control ? control_ : message_;
  const size_t at = out.size();
  out.append(bytes);
  for (size_t i = at; i < out.size(); ++i) out[i] ^= static_cast<char>(mask_[mask_at_++ & 3]);
  left_ -= bytes.size();
  if (!control && message_opcode_ == Opcode::kText &&
      !text_.Add(std::string_view(out).substr(at))) {
    return Violation{kInvalidData, "text is not UTF-8"};
  }
  return std::nullopt;
}

std::optional<Violation> FrameReader::ParseHeader() {
  if (header_.size() < 2) return std::nullopt;
  const auto first = static_cast<uint8_t>(header_[0]), second = static_cast<uint8_t>(header_[1]);
  if (header_.size() == 2) {
    if (!IsKnown(first & 0x0f)) return Violation{kProtocolError, "unknown opcode"};
    opcode_ = static_cast<Opcode>(first & 0x0f);
    if ((second & 0x80) == 0) return Violation{kProtocolError, "frame is not masked"};
    left_ = second & 0x7f;
    if (auto violation = CheckHeader((first & 0x80) != 0, first & 0x70)) return violation;
  }
  const uint8_t length = second & 0x7f;
  const size_t extended = length == 126 ? 2 : length == 127 ? 8 : 0;
  if (header_.size() < 2 + extended + 4) return std::nullopt;
  if (extended > 0) {
    left_ = BigEndian(std::string_view(header_).substr(2, extended));
    const bool minimal = extended == 2 ? left_ > 125 : left_ > 0xffff;
    if (!minimal || left_ >> 63 != 0) return Violation{kProtocolError, "bad length"};
  }
  fin_ = (first & 0x80) != 0;
  if (!IsControl(opcode_) && message_.size() + left_ > max_message_bytes_) {
    return Violation{kTooBig, "message is too big"};
  }
  std::copy_n(header_.end() - 4, 4, mask_);
  mask_at_ = 0;
  header_.clear();
  in_payload_ = true;
  return std::nullopt;
}

std::optional<Violation> FrameReader::CheckHeader(bool fin, uint8_t reserved) {
  if (reserved != 0) return Violation{kProtocolError, "reserved bits are set"};
  if (IsControl(opcode_)) {
    if (!fin) return Violation{kProtocolError, "fragmented control frame"};
    if (left_ > kControlMax) return Violation{kProtocolError, "long control frame"};
    return std::nullopt;
  }
  const bool continues = opcode_ == Opcode::kContinuation;
  if (continues && !in_message_) return Violation{kProtocolError, "nothing to continue"};
  if (!continues && in_message_) return Violation{kProtocolError, "message is not finished"};
  if (!continues) {
    message_opcode_ = opcode_;
    text_.Reset();
  }
  in_message_ = true;
  return std::nullopt;
}

std::optional<Violation> FrameReader::FinishFrame(
    const std::function<bool(Message)>& on_message, bool* go_on) {
  if (IsControl(opcode_)) return FinishControl(on_message, go_on);
  if (!fin_) return std::nullopt;
  in_message_ = false;
  if (message_opcode_ == Opcode::kText && !text_.complete()) {
    return Violation{kInvalidData, "text is not UTF-8"};
  }
  Message message{message_opcode_, std::exchange(message_, {})};
  *go_on = on_message(std::move(message));
  return std::nullopt;
}

std::optional<Violation> FrameReader::FinishControl(
    const std::function<bool(Message)>& on_message, bool* go_on) {
  Message message{opcode_, std::exchange(control_, {})};
  if (opcode_ == Opcode::kClose && !message.payload.empty()) {
    if (message.payload.size() < 2) return Violation{kProtocolError, "bad close frame"};
    const std::string code = message.payload.substr(0, 2);
    message.close_code = static_cast<uint16_t>(BigEndian(code));
    message.payload.erase(0, 2);
    if (!IsValidCloseCode(message.close_code)) return Violation{kProtocolError, "bad close code"};
    Utf8Checker reason;
    if (!reason.Add(message.payload) || !reason.complete()) {
      return Violation{kInvalidData, "close reason is not UTF-8"};
    }
  }
  *go_on = on_message(std::move(message));
  return std::nullopt;
}

bool IsValidCloseCode(uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
         (code >= 3000 && code <= 4999);
}

std::string FrameHeader(Opcode opcode, size_t payload_bytes) {
  std::string header(1, static_cast<char>(0x80 | static_cast<uint8_t>(opcode)));
  if (payload_bytes < 126) {
    header.push_back(static_cast<char>(payload_bytes));
    return header;
  }
  const int bytes = payload_bytes <= 0xffff ? 2 : 8;
  header.push_back(static_cast<char>(bytes == 2 ? 126 : 127));
  for (int i = bytes - 1; i >= 0; --i) {
    header.push_back(static_cast<char>(static_cast<uint64_t>(payload_bytes) >> (8 * i)));
  }
  return header;
}

std::string CloseFrame(uint16_t code, std::string_view reason) {
  if (code == kNoCode) return FrameHeader(Opcode::kClose, 0);
  size_t n = std::min<size_t>(reason.size(), kControlMax - 2);
  while (n > 0 && n < reason.size() && (static_cast<uint8_t>(reason[n]) & 0xc0) == 0x80) --n;
  std::string frame = FrameHeader(Opcode::kClose, n + 2);
  frame.push_back(static_cast<char>(code >> 8));
  frame.push_back(static_cast<char>(code & 0xff));
  frame.append(reason.substr(0, n));
  return frame;
}

}  // namespace atrium::gateway::ws
