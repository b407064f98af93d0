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

}  // namespace

Connection::Connection(Loop* loop, GRef<GIOStream> stream, GRef<GSocket> socket, Listener* listener)
    : loop_(loop),
      listener_(listener),
      stream_(std::move(stream)),
      socket_(std::move(socket)),
      fd_(g_socket_get_fd(socket_.get())),
      reader_(limits::kMessageBytes),
      last_heard_(loop->Monotonic()) {
  const int lowat = limits::kNotSentLowat, on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &lowat, sizeof lowat);
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  readable_ = loop_->WatchReadable(fd_, [this] { OnReadable(); });
  KeepAlive();
  // What came with the handshake is in the stream's buffer, not in the kernel.
  pause_ = loop_->After(absl::ZeroDuration(), [this] {
    auto done = std::move(pause_);
    OnReadable();
  });
}

Connection::~Connection() {
  readable_.reset();
  writable_.reset();
  // A stolen stream does not close its socket.
  g_io_stream_close(stream_.get(), nullptr, nullptr);
  g_socket_close(socket_.get(), nullptr);
}

void Connection::OnReadable() {
  char buffer[kReadBytes];
  GPollableInputStream* in =
      G_POLLABLE_INPUT_STREAM(g_io_stream_get_input_stream(stream_.get()));
  while (!ended_ && readable_) {
    GError* error = nullptr;
    const gssize n =
        g_pollable_input_stream_read_nonblocking(in, buffer, sizeof buffer, nullptr, &error);
    if (n <= 0) {
      const bool again = error != nullptr && g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
      g_clear_error(&error);
      if (!again) End();
      return;
    }
    last_heard_ = loop_->Monotonic();
    if (discarding_) continue;
    const auto violation = reader_.Feed({buffer, static_cast<size_t>(n)},
                                        [this](Message message) { return OnFrame(std::move(message)); });
    if (violation) return Violate(*violation);
    if (static_cast<size_t>(n) < sizeof buffer) return;
  }
}

bool Connection::OnFrame(Message message) {
  switch (message.opcode) {
    case Opcode::kText:
    case Opcode::kBinary:
      if (!closing_) listener_->OnMessage(std::move(message));
      return !ended_;
    case Opcode::kPing:
      if (!closing_) SendWords(Opcode::kPong, std::move(message.payload));
      return !ended_;
    case Opcode::kClose:
      if (!closing_) Close(message.close_code, "");
      // Both have said it: what is queued still goes out, then it ends.
      readable_.reset();
      if (words_.empty() && current_.empty()) End();
      return false;
    default:
      return true;
  }
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
  readable_.reset();
  pause_ = loop_->After(pause, [this] {
    auto done = std::move(pause_);
    if (ended_ || closing_) return;
    readable_ = loop_->WatchReadable(fd_, [this] { OnReadable(); });
    OnReadable();
  });
}

void Connection::SendWords(Opcode opcode, std::string payload) {
  if (ended_ || closing_) return;
  if (word_bytes_ + payload.size() > limits::kQueuedWordBytes) {
    words_.clear();
    word_bytes_ = 0;
    return Close(kPolicy, "reads too slowly");
  }
  std::string frame = FrameHeader(opcode, payload.size());
  frame += payload;
  word_bytes_ += frame.size();
  words_.push_back(std::move(frame));
  Pump();
}

void Connection::Close(uint16_t code, std::string_view reason) {
  if (ended_ || std::exchange(closing_, true)) return;
  std::string frame = CloseFrame(code, reason);
  word_bytes_ += frame.size();
  words_.push_back(std::move(frame));
  ending_ = loop_->After(limits::kCloseWait, [this] { End(); });
  Pump();
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
  }
}

// Writes what there is; true if the kernel has no room.
bool Connection::Flush() {
  while (!ended_) {
    if (!current_.empty()) {
      if (!WriteCurrent()) return true;
      continue;
    }
    if (!words_.empty()) {
      word_bytes_ -= words_.front().size();
      current_.emplace_back(words_.front());
      words_.pop_front();
      continue;
    }
    Piece piece;
    if (closing_ || !listener_->NextPiece(&piece)) return false;
    size_t bytes = piece.header.size();
    for (const grpc::Slice& slice : piece.data) bytes += slice.size();
    current_.emplace_back(FrameHeader(Opcode::kBinary, bytes) + piece.header);
    for (grpc::Slice& slice : piece.data) current_.push_back(std::move(slice));
  }
  return false;
}

// Writes the frame under way; false if the kernel has no room.
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
  while (n > 0 && current_at_ < current_.size()) {
    const size_t left = current_[current_at_].size() - current_offset_;
    if (static_cast<size_t>(n) < left) {
      current_offset_ += static_cast<size_t>(n);
      return true;
    }
    n -= static_cast<ssize_t>(left);
    ++current_at_;
    current_offset_ = 0;
  }
  if (current_at_ == current_.size()) {
    current_.clear();
    current_at_ = 0;
  }
  return true;
}

void Connection::KeepAlive() {
  timer_ = loop_->After(limits::kPingInterval, [this] {
    auto done = std::move(timer_);
    if (loop_->Monotonic() - last_heard_ > limits::kSilence) return End();
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
