// Connection is one WebSocket after its handshake: it owns the stolen stream,
// frames both ways, and knows exactly what the kernel has not taken. Words (whole
// messages) go before bytes, which are asked for one piece at a time, only when
// there is room: so nothing said ever waits behind output.
//
// On the loop.
#ifndef ATRIUM_GATEWAY_WS_CONNECTION_H_
#define ATRIUM_GATEWAY_WS_CONNECTION_H_

#include <gio/gio.h>
#include <grpcpp/support/slice.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "common/gref.h"
#include "common/loop.h"
#include "gateway/figures.h"
#include "gateway/ws/frame.h"

namespace atrium::gateway::ws {

// One message of output: its header and shared slices of data.
struct Piece {
  Opcode opcode = Opcode::kBinary;
  std::string header;  // What of the message precedes the data.
  std::vector<grpc::Slice> data;
};

class Connection {
 public:
  // Upward news. Any of these may destroy the connection's owner, not the
  // connection itself: call Close() or Abort() and wait for OnClosed.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnMessage(Message message) = 0;  // kText or kBinary.
    // There is room: fill in the next piece of output, or return false.
    virtual bool NextPiece(Piece* piece) = 0;
    // It ended. Destroy the connection from here or later.
    virtual void OnClosed() = 0;
  };

  // `figures` counts what goes through; it outlives the connection.
  Connection(Loop* loop, GRef<GIOStream> stream, GRef<GSocket> socket, Figures* figures,
             Listener* listener);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void SendText(std::string text) { SendWords(Opcode::kText, std::move(text)); }
  void SendBinary(std::string bytes) { SendWords(Opcode::kBinary, std::move(bytes)); }
  // Goes out with what is sent next: Pump() must follow.
  void QueueBinary(std::string bytes) { QueueWords(Opcode::kBinary, std::move(bytes)); }
  // There may be a piece now.
  void Pump();
  // Reading stops for a while; what has come already waits too.
  void PauseReading(absl::Duration pause);
  // Says why, waits for the answer (kCloseWait), ends.
  void Close(uint16_t code, std::string_view reason);
  size_t queued_word_bytes() const { return word_bytes_; }

 private:
  void QueueWords(Opcode opcode, std::string payload);
  void SendWords(Opcode opcode, std::string payload);
  void OnReadable();
  bool Read();
  void Take(std::string_view bytes);
  bool CountPartial();
  bool OnFrame(Message message);
  bool EndTurn(Opcode opcode);
  void OnWritable();
  bool Flush();
  bool Gather();
  size_t GatherOne();
  bool WriteCurrent();
  void WatchStall();
  void GiveUp(std::string_view reason);
  void Violate(const Violation& violation);
  void Watch();
  void End();
  void KeepAlive();

  // Given.
  Loop* const loop_;
  Figures* const figures_;
  Listener* const listener_;
  // Owned.
  const GRef<GIOStream> stream_;
  const GRef<GSocket> socket_;
  const int fd_;
  FrameReader reader_;
  Loop::HandlePtr readable_, writable_, timer_, pause_, stall_, ending_;
  // State.
  std::string rest_;         // Came already, but reading pauses.
  size_t counted_partial_ = 0;
  int turn_cost_ = 0;  // Of what came since the others had their turn.
  std::deque<std::string> words_;
  std::string pong_;         // The answer to the newest ping; empty if there is none.
  size_t word_bytes_ = 0;
  size_t large_bytes_ = 0;  // Of these: of the one message larger than they may be.
  std::vector<grpc::Slice> current_;  // Under way: what is left of some frames.
  size_t current_at_ = 0;             // The first slice not wholly written.
  size_t current_offset_ = 0;         // Bytes of it that were.
  absl::Duration last_heard_;
  absl::Duration last_taken_;  // When the kernel last took anything.
  bool flushing_ = false;
  bool discarding_ = false;  // The other side broke the protocol.
  bool closing_ = false;  // Our close frame is queued or sent.
  bool ended_ = false;
};

}  // namespace atrium::gateway::ws

#endif  // ATRIUM_GATEWAY_WS_CONNECTION_H_
