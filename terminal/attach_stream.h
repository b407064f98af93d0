// AttachStream is one gRPC stream on one tab: a gateway's, shared by its pages,
// or one LOSSLESS reader's. It is a position in the log that moves as the stream
// drains. Nothing of the terminal goes out while no attachment that may read it is
// open on the stream (S4).
//
// On the loop. Owns itself: ends with its stream.
#ifndef ATRIUM_TERMINAL_ATTACH_STREAM_H_
#define ATRIUM_TERMINAL_ATTACH_STREAM_H_

#include <grpcpp/support/byte_buffer.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "atrium/terminal/v1/host.pb.h"
#include "common/loop.h"
#include "common/rpc/stream.h"
#include "terminal/host.h"
#include "terminal/screen_pieces.h"
#include "terminal/terminal.h"

namespace atrium::terminal {

class AttachStream final : public Terminal::Follower,
                           public Host::Stream,
                           public std::enable_shared_from_this<AttachStream> {
 public:
  using Stream = rpc::ServerStream<grpc::ByteBuffer, grpc::ByteBuffer>;

  // Serves `stream` until it ends.
  static void Serve(Loop* loop, Host* host, Stream* stream);
  AttachStream(Loop* loop, Host* host, Stream* stream)
      : loop_(loop), host_(host), stream_(stream) {}

  // Terminal::Follower.
  void OnAdvance() override { Pump(); }
  void OnSnapshotNeeded() override {
    snapshot_required_ = true;
    AskSnapshot();
  }
  void OnHoldLost(const absl::Status& why) override;
  bool OwesExact() const override { return owes_exact_; }
  // Host::Stream.
  void OnInputWritten(const AttachmentId& id, int64_t sequence) override;
  void OnInputDropped(const AttachmentId& id, const absl::Status& why) override;
  void OnRevoked(const AttachmentId& id) override;

 private:
  using Request = atrium::terminal::v1::AttachRequest;
  using Response = atrium::terminal::v1::AttachResponse;

  void OnMessage(const grpc::ByteBuffer& buffer);
  absl::Status Start(const Request::Start& start);
  absl::Status StartLossless(int64_t offset, bool kept);
  void Dispatch(const Request& request);
  void Open(const AttachmentId& id);
  void Acknowledge(int64_t offset);
  void Refuse(const AttachmentId& id, const absl::Status& status, int64_t sequence);
  void AskSnapshot(bool scrollback = true);
  void TakeSnapshot(bool scrollback);
  void OnSnapshot(ScreenSnapshot snapshot);
  void Count(const ScreenSnapshot& snapshot);
  bool WaitsForExact(const ScreenSnapshot& snapshot);
  absl::Duration ExactSpacing() const;
  void WatchExact();
  void OnTriedExact(ScreenSnapshot snapshot);
  void SendPiece();
  void Pump();
  bool SendOutput();
  bool MayRead() const;
  std::string TakeAcks();
  void SendAcks();
  void Send(const Response& response);
  void OnClosed();

  Terminal* terminal() { return started_ ? host_->Find(tab_) : nullptr; }
  bool lossless() const { return !hold_.empty(); }
  const char* kind() const { return lossless() ? "lossless" : "shared"; }

  // Given.
  Loop* const loop_;
  Host* const host_;
  Stream* stream_;  // Null once it ended.
  // State.
  bool started_ = false;
  bool acks_together_ = false;
  bool screens_in_pieces_ = false, screens_in_line_ = false;
  std::string tab_;
  AttachmentId hold_;         // Of a LOSSLESS reader.
  int64_t cursor_ = -1;       // The next byte to send; -1 until a snapshot came.
  int64_t acknowledged_ = 0;  // Of a LOSSLESS reader.
  bool hold_lost_ = false;
  Size told_size_;            // What the other side knows at cursor_.
  std::set<AttachmentId> opened_;
  bool snapshot_waits_ = false;  // For somebody who may read.
  bool snapshot_asked_ = false;
  std::optional<ScreenPieces> screen_;  // On its way. While it is,
  int pieces_ = 0;                      // Sent, of any.
  bool another_asked_ = false;          // the next one waits,
  bool another_scrollback_ = false;     // with all that has scrolled away.
  bool snapshot_required_ = false;  // By every reader; see TerminalSnapshot.
  int exact_tries_ = 0;             // Since a snapshot was exact;
  int64_t inexact_at_ = -1;         // where the last was not.
  bool owes_exact_ = false;         // One that was not was sent.
  Loop::HandlePtr exact_timer_;     // Until it is tried again.
  bool exit_sent_ = false;
  std::map<AttachmentId, Loop::HandlePtr> revoked_;  // Waiting for `close`.
  std::map<AttachmentId, int64_t> acks_;             // Not said yet, until
  Loop::HandlePtr ack_timer_;                        // this, or output takes them along.
};

}  // namespace atrium::terminal

#endif  // ATRIUM_TERMINAL_ATTACH_STREAM_H_
