#include "gateway/ws/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "gateway/limits.h"

namespace atrium::gateway::ws {
namespace {

constexpr size_t kReadBytes = 64 << 10;
constexpr size_t kVectors = 64;
// Frames are written together until they are so many bytes.
constexpr size_t kTogetherBytes = 16 << 10;
// One who sends without end is read in turns with the others.
constexpr int kReadsPerTurn = 2;

}  // namespace

Connection::Connection(Loop* loop, GRef<GIOStream> stream, GRef<GSocket> socket, Figures* figures,
                       Listener* listener)
    : loop_(loop),
      figures_(figures),
      listener_(listener),
      stream_(std::move(stream)),
      socket_(std::move(socket)),
      fd_(g_socket_get_fd(socket_.get())),
      reader_(limits::kMessageBytes),
      last_heard_(loop->Monotonic()),
      last_taken_(loop->Monotonic()) {
  const int lowat = limits::kNotSentLowat, on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &lowat, sizeof lowat);
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  Watch();
  KeepAlive();
  // What came with the handshake is in the stream's buffer, not in the kernel.
  PauseReading(absl::ZeroDuration());
}

Connection::~Connection() {
  readable_.reset();
  writable_.reset();
  figures_->partial_bytes -= static_cast<int64_t>(counted_partial_);
  // A stolen stream does not close its socket.
  g_io_stream_close(stream_.get(), nullptr, nullptr);
  g_socket_close(socket_.get(), nullptr);
}

void Connection::Watch() {
  readable_ = loop_->WatchReadable(fd_, [this] { OnReadable(); });
}

void Connection::OnReadable() {
  turn_cost_ = 0;
  for (int i = 0; i < kReadsPerTurn && !ended_ && readable_; ++i) {
    if (!Read()) return;
  }
}

// Reads once; false if there is no more for now.
bool Connection::Read() {
  char buffer[kReadBytes];
  GPollableInputStream* in =
      G_POLLABLE_INPUT_STREAM(g_io_stream_get_input_stream(stream_.get()));
  GError* error = nullptr;
  const gssize n =
      g_pollable_input_stream_read_nonblocking(in, buffer, sizeof buffer, nullptr, &error);
  if (n <= 0) {
    const bool again = error != nullptr && g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
    g_clear_error(&error);
    if (!again) End();
    return false;
  }
  last_heard_ = loop_->Monotonic();
  figures_->bytes_in += n;
  Take({buffer, static_cast<size_t>(n)});
  return static_cast<size_t>(n) == sizeof buffer;
}

void Connection::Take(std::string_view bytes) {
  if (discarding_) return;
  const auto violation =
      reader_.Feed(&bytes, [this](Message message) { return OnFrame(std::move(message)); });
  if (violation) return Violate(*violation);
  // Reading was paused in between: what is left waits.
  if (!ended_ && !readable_ && pause_ && !bytes.empty()) rest_ = std::string(bytes);
  if (!CountPartial()) Violate({kTryLater, "too many unfinished messages: send it again"});
}

// All sockets together hold little of what has not wholly come; false for one that
// adds to too much.
bool Connection::CountPartial() {
  const size_t held = reader_.held_bytes() + rest_.size();
  const bool more = held > counted_partial_;
  figures_->partial_bytes += static_cast<int64_t>(held) - static_cast<int64_t>(counted_partial_);
  counted_partial_ = held;
  return !more || held <= limits::kPartialFree ||
         figures_->partial_bytes <= limits::kPartialMessageBytes;
}

bool Connection::OnFrame(Message message) {
  const Opcode opcode = message.opcode;
  switch (opcode) {
    case Opcode::kText:
    case Opcode::kBinary:
      if (!closing_) listener_->OnMessage(std::move(message));
      return !ended_ && !EndTurn(opcode) && (readable_ || closing_);
    case Opcode::kPing:
      // Only the newest needs an answer (RFC 6455, 5.5.3): so pings cost no memory.
      if (closing_) return true;
      pong_ = FrameHeader(Opcode::kPong, message.payload.size()) + message.payload;
      Pump();
      return !ended_ && !EndTurn(opcode);
    case Opcode::kClose:
      if (!closing_) Close(message.close_code, "");
      // Both have said it: what is queued still goes out, then it ends.
      readable_.reset();
      pause_.reset();
      if (words_.empty() && current_.empty()) End();
      return false;
    default:
      return !EndTurn(opcode);
  }
}

// True once this one has done so much that the others come first; the rest waits.
bool Connection::EndTurn(Opcode opcode) {
  turn_cost_ += opcode == Opcode::kText ? limits::kTextTurnCost : 1;
  if (turn_cost_ < limits::kTurnCost || closing_ || !readable_) return false;
  PauseReading(absl::ZeroDuration());
  return true;
}

// What still comes is read and dropped until the other side has taken the close
// frame: ending at once with bytes unread would reset the connection, and the
// reason would be lost.
void Connection::Violate(const Violation& violation) {
  discarding_ = true;
  Close(violation.code, violation.reason);
  if (!ended_ && words_.empty() && current_.empty()) shutdown(fd_, SHUT_WR);
}

void Connection::PauseReading(absl::Duration pause) {
  if (ended_ || closing_) return;
  readable_.reset();
  pause_ = loop_->After(pause, [this] {
    auto done = std::move(pause_);
    if (ended_) return;
    last_heard_ = loop_->Monotonic();  // What was said meanwhile lies in the kernel.
    Watch();
    turn_cost_ = 0;
    const std::string rest = std::exchange(rest_, {});
    if (!rest.empty()) Take(rest);
    if (readable_) OnReadable();
  });
}

void Connection::SendWords(Opcode opcode, std::string payload) {
  QueueWords(opcode, std::move(payload));
  Pump();
}

void Connection::QueueWords(Opcode opcode, std::string payload) {
  if (ended_ || closing_) return;
  std::string frame = FrameHeader(opcode, payload.size());
  frame += payload;
  // One message may be larger than all that waits (a room's snapshot); one at a time,
  // and what waits beside it may not.
  const bool large = frame.size() > limits::kQueuedWordBytes;
  const size_t others = word_bytes_ - large_bytes_;
  if (large ? large_bytes_ > 0 : others + frame.size() > limits::kQueuedWordBytes) {
    return GiveUp("reads too slowly: connect again");
  }
  if (large) large_bytes_ = frame.size();
  word_bytes_ += frame.size();
  words_.push_back(std::move(frame));
}

void Connection::Close(uint16_t code, std::string_view reason) {
  if (ended_ || std::exchange(closing_, true)) return;
  pong_.clear();
  // A pause ends: the answer is read.
  if (!readable_ && pause_) {
    pause_.reset();
    rest_.clear();
    Watch();
  }
  std::string frame = CloseFrame(code, reason);
  word_bytes_ += frame.size();
  words_.push_back(std::move(frame));
  ending_ = loop_->After(limits::kCloseWait, [this] { End(); });
  Pump();
}

// Nothing more is said but why. The kernel is given what is left of the frame under
// way and the reason, so that they are there if the other side ever reads again.
void Connection::GiveUp(std::string_view reason) {
  if (ended_ || closing_) return;
  ++figures_->stalled;
  words_.clear();
  word_bytes_ = large_bytes_ = 0;
  const int all = 0;
  setsockopt(fd_, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &all, sizeof all);
  writable_.reset();
  Close(kTooSlow, reason);
}

void Connection::Pump() {
  if (ended_ || flushing_ || writable_) return;
  OnWritable();
}

void Connection::OnWritable() {
  flushing_ = true;
  const bool blocked = Flush();
  flushing_ = false;
  if (ended_) return;
  if (!blocked) {
    writable_.reset();
    // Whoever broke the protocol, or has said goodbye, is not waited for.
    if (closing_ && !readable_) End();
  } else if (!writable_) {
    writable_ = loop_->WatchWritable(fd_, [this] { OnWritable(); });
    last_taken_ = loop_->Monotonic();
    WatchStall();
  }
}

// While the kernel has no room: gives up after kStallWait without any being made.
void Connection::WatchStall() {
  if (stall_) return;
  stall_ = loop_->After(last_taken_ + limits::kStallWait - loop_->Monotonic(), [this] {
    auto done = std::move(stall_);
    if (ended_ || closing_ || !writable_) return;
    if (loop_->Monotonic() - last_taken_ < limits::kStallWait) return WatchStall();
    GiveUp("nothing was read for 30 seconds: connect again");
  });
}

// Writes what there is; true if the kernel has no room.
bool Connection::Flush() {
  while (!ended_ && (!current_.empty() || Gather())) {
    if (!WriteCurrent()) return true;
  }
  return false;
}

// Takes the frames that go out next; false if there is none.
bool Connection::Gather() {
  for (size_t bytes = 0; bytes < kTogetherBytes && !ended_;) {
    const size_t more = GatherOne();
    if (more == 0) break;
    bytes += more;
  }
  return !current_.empty();
}

// Takes the next frame, and says how long it is; 0 if there is none.
size_t Connection::GatherOne() {
  if (!pong_.empty()) {
    current_.emplace_back(std::exchange(pong_, {}));
    return current_.back().size();
  }
  if (!words_.empty()) {
    const size_t bytes = words_.front().size();
    word_bytes_ -= bytes;
    if (bytes > limits::kQueuedWordBytes) large_bytes_ = 0;
    current_.emplace_back(words_.front());
    words_.pop_front();
    return bytes;
  }
  if (closing_) return 0;
  Piece piece;
  // Words may have been said instead.
  if (!listener_->NextPiece(&piece)) return words_.empty() ? 0 : GatherOne();
  size_t bytes = piece.header.size();
  for (const grpc::Slice& slice : piece.data) bytes += slice.size();
  current_.emplace_back(FrameHeader(piece.opcode, bytes) + piece.header);
  for (grpc::Slice& slice : piece.data) current_.push_back(std::move(slice));
  return bytes;
}

// Writes what is under way; false if the kernel has no room.
bool Connection::WriteCurrent() {
  iovec vectors[kVectors];
  size_t count = 0;
  for (size_t i = current_at_; i < current_.size() && count < kVectors; ++i, ++count) {
    const size_t skip = i == current_at_ ? current_offset_ : 0;
    vectors[count].iov_base = const_cast<uint8_t*>(current_[i].begin() + skip);
    vectors[count].iov_len = current_[i].size() - skip;
  }
  msghdr message{};
  message.msg_iov = vectors;
  message.msg_iovlen = count;
  ssize_t n = sendmsg(fd_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (n < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) return false;
    if (errno != EINTR) End();
    return true;
  }
  last_taken_ = loop_->Monotonic();
  figures_->bytes_out += n;
  for (; current_at_ < current_.size(); ++current_at_, current_offset_ = 0) {
    const size_t left = current_[current_at_].size() - current_offset_;
    if (static_cast<size_t>(n) < left) {
      current_offset_ += static_cast<size_t>(n);
      return true;
    }
    n -= static_cast<ssize_t>(left);
  }
  current_.clear();
  current_at_ = 0;
  return true;
}

void Connection::KeepAlive() {
  timer_ = loop_->After(limits::kPingInterval, [this] {
    auto done = std::move(timer_);
    if (loop_->Monotonic() - last_heard_ >= limits::kSilence) {
      return GiveUp("nothing was heard for 30 seconds: connect again");
    }
    SendWords(Opcode::kPing, "");
    if (!ended_) KeepAlive();
  });
}

void Connection::End() {
  if (std::exchange(ended_, true)) return;
  readable_.reset();
  writable_.reset();
  // The owner may destroy us; never from inside our own frames.
  loop_->Post([listener = listener_] { listener->OnClosed(); });
}

}  // namespace atrium::gateway::ws
