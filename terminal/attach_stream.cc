#include "terminal/attach_stream.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "common/errors.h"
#include "common/rpc/output_codec.h"
#include "common/status_macros.h"
#include "terminal/errors.h"
#include "terminal/limits.h"

namespace atrium::terminal {
namespace {

// Messages handed to the transport at once: enough to keep it busy while the
// loop does something else.
constexpr size_t kInFlight = 4;
// Pieces of a screen for each message of output beside it: a screen of megabytes is not
// to be old before it has come.
constexpr int kPiecesATurn = 4;

}  // namespace

void AttachStream::Serve(Loop* loop, Host* host, Stream* stream) {
  auto self = std::make_shared<AttachStream>(loop, host, stream);
  stream->on_message = [self](grpc::ByteBuffer& buffer) { self->OnMessage(buffer); };
  stream->on_drained = [self] { self->Pump(); };
  stream->on_closed = [self] { self->OnClosed(); };
}

void AttachStream::OnClosed() {
  stream_ = nullptr;
  revoked_.clear();
  ack_timer_.reset();
  exact_timer_.reset();
  if (!started_) return;
  --host_->figures().streams[kind()];
  if (Terminal* t = terminal()) {
    t->RemoveFollower(this);
    if (lossless() && !hold_lost_) t->LeaveHold(hold_, this);
  }
  host_->CloseAll(this, tab_);
}

void AttachStream::OnMessage(const grpc::ByteBuffer& buffer) {
  Request request;
  if (!rpc::DecodeMessage(buffer, &request)) {
    return stream_->Finish(BadField("message", "is not an AttachRequest"));
  }
  if (started_) return Dispatch(request);
  if (!request.has_start()) return stream_->Finish(FirstMessageMustBe("start"));
  if (const absl::Status status = Start(request.start()); !status.ok()) stream_->Finish(status);
}

absl::Status AttachStream::Start(const Request::Start& start) {
  tab_ = start.tab();
  Terminal* t = host_->Find(tab_);
  if (t == nullptr) return NoSuchTerminal(tab_);
  hold_ = AttachmentId(start.lossless_attachment());
  acks_together_ = start.acks_together();
  screens_in_pieces_ = start.screens_in_pieces();
  screens_in_line_ = start.screens_in_line();
  const int64_t offset = start.offset();
  const bool kept = offset >= t->log().start() && offset <= t->log().end();
  if (lossless()) RETURN_IF_ERROR(StartLossless(offset, kept));
  started_ = true;
  ++host_->figures().streams[kind()];
  t->AddFollower(this);
  if (kept) {
    cursor_ = offset;
    told_size_ = {0, 0};  // So that the size is told first.
    if (offset <= t->differs_until() && !lossless()) OnSnapshotNeeded();
    Pump();
  } else {
    AskSnapshot();
  }
  return absl::OkStatus();
}

absl::Status AttachStream::StartLossless(int64_t offset, bool kept) {
  Terminal* t = host_->Find(tab_);
  RETURN_IF_ERROR(host_->CheckHold(tab_, hold_));
  if (!kept && offset >= 0) return OutputNotKept(offset, t->log().start());
  ASSIGN_OR_RETURN(const int64_t sequence, host_->Open(this, tab_, hold_));
  acknowledged_ = kept ? offset : t->log().end();
  t->SetHold(hold_, acknowledged_, this);
  opened_.insert(hold_);
  Response response;
  response.mutable_opened()->set_attachment(hold_.value());
  response.mutable_opened()->set_sequence(sequence);
  response.mutable_opened()->set_takes_screen(true);
  Send(response);
  return absl::OkStatus();
}

bool AttachStream::MayRead() const {
  return std::any_of(opened_.begin(), opened_.end(),
                     [this](const AttachmentId& id) { return host_->MayRead(tab_, id); });
}

void AttachStream::Dispatch(const Request& request) {
  switch (request.message_case()) {
    case Request::kOpen:
      return Open(AttachmentId(request.open().attachment()));
    case Request::kClose: {
      const AttachmentId id(request.close().attachment());
      revoked_.erase(id);
      opened_.erase(id);
      return host_->Close(this, tab_, id);
    }
    case Request::kInput: {
      const AttachmentId id(request.input().attachment());
      const absl::Status status =
          host_->Input(tab_, id, request.input().sequence(), request.input().data());
      if (status.ok()) return;
      host_->figures().CountRefusal(status);
      return Refuse(id, status, request.input().sequence());
    }
    case Request::kResize: {
      const AttachmentId id(request.resize().attachment());
      const auto& size = request.resize().size();
      const absl::Status status =
          host_->Resize(tab_, id, {size.columns(), size.rows()}, request.resize().again());
      if (!status.ok()) Refuse(id, status, 0);
      return;
    }
    case Request::kSnapshot:
      return AskSnapshot();
    case Request::kScreen:
      return AskSnapshot(/*scrollback=*/false);
    case Request::kAckOffset:
      return Acknowledge(request.ack_offset());
    case Request::kStart:
    case Request::MESSAGE_NOT_SET:
      return stream_->Finish(BadField("message", "is not one that may follow `start`"));
  }
}

void AttachStream::Open(const AttachmentId& id) {
  const absl::StatusOr<int64_t> sequence = host_->Open(this, tab_, id);
  if (!sequence.ok()) return Refuse(id, sequence.status(), 0);
  Response response;
  response.mutable_opened()->set_attachment(id.value());
  response.mutable_opened()->set_sequence(*sequence);
  response.mutable_opened()->set_takes_screen(true);
  Send(response);
  opened_.insert(id);
  // Where the output goes on is said before anything else (see `start`).
  if (cursor_ >= 0 && told_size_ == Size{0, 0} && cursor_ >= terminal()->log().start()) SendOutput();
  if (std::exchange(snapshot_waits_, false)) AskSnapshot();
  Pump();
}

void AttachStream::Acknowledge(int64_t offset) {
  Terminal* t = terminal();
  if (!lossless() || t == nullptr) return;
  if (hold_lost_) return;
  acknowledged_ = std::clamp(offset, acknowledged_, std::max(acknowledged_, cursor_));
  t->SetHold(hold_, acknowledged_, this);
  Pump();
}

void AttachStream::Refuse(const AttachmentId& id, const absl::Status& status, int64_t sequence) {
  SendAcks();  // Of what was before.
  Response response;
  auto* refused = response.mutable_refused();
  refused->set_attachment(id.value());
  refused->set_code(static_cast<int>(status.code()));
  refused->set_message(std::string(status.message()));
  refused->set_sequence(sequence);
  Send(response);
}

// One is on its way at a time: a reader that stops costs one screen, however much the
// program writes meanwhile.
void AttachStream::AskSnapshot(bool scrollback) {
  Terminal* t = terminal();
  if (t == nullptr) return;
  if (!MayRead()) {
    snapshot_waits_ = true;
    return;
  }
  if (snapshot_asked_ || screen_) {
    another_scrollback_ = scrollback || (another_asked_ && another_scrollback_);
    another_asked_ = true;
    return;
  }
  snapshot_asked_ = true;
  exact_tries_ = 0;
  TakeSnapshot(scrollback);
}

void AttachStream::TakeSnapshot(bool scrollback) {
  exact_timer_.reset();
  if (terminal() == nullptr) return;
  terminal()->Snapshot(scrollback, [weak = weak_from_this()](ScreenSnapshot snapshot) {
    const auto self = weak.lock();
    if (!self || self->stream_ == nullptr) return;
    self->Count(snapshot);
    self->OnSnapshot(std::move(snapshot));
  });
}

void AttachStream::Count(const ScreenSnapshot& snapshot) {
  ++host_->figures().snapshots;
  if (!snapshot.exact) ++host_->figures().inexact_snapshots;
}

// Most of what no bytes make exactly lasts for less than a line of output. If it lasts
// longer, or the program rests in the middle of it, its reader has the screen as it can
// be told, and is shown it anew once it can be told exactly (N2).
bool AttachStream::WaitsForExact(const ScreenSnapshot& snapshot) {
  if (snapshot.exact) {
    exact_tries_ = 0;
    return false;
  }
  const bool rests = exact_tries_ > 0 && snapshot.offset == inexact_at_;
  inexact_at_ = snapshot.offset;
  if (rests || exact_tries_ >= limits::kExactTries) return false;
  exact_timer_ = loop_->After(ExactSpacing(), [this, scrollback = snapshot.scrollback] {
    auto done = std::move(exact_timer_);
    ++host_->figures().retaken_snapshots;
    TakeSnapshot(scrollback);
  });
  ++exact_tries_;
  return true;
}

absl::Duration AttachStream::ExactSpacing() const {
  return std::min(limits::kExactSpacing * (1 << std::min(exact_tries_, 16)),
                  limits::kExactSpacingMost);
}

// While what was sent was inexact, and more came since.
void AttachStream::WatchExact() {
  if (!owes_exact_ || exact_timer_ || snapshot_asked_ || screen_) return;
  if (terminal()->log().end() <= inexact_at_) return;
  exact_timer_ = loop_->After(ExactSpacing(), [this] {
    auto done = std::move(exact_timer_);
    Terminal* t = terminal();
    if (t == nullptr || snapshot_asked_ || screen_ || !MayRead()) return;
    snapshot_asked_ = true;
    ++host_->figures().retaken_snapshots;
    t->Snapshot(/*scrollback=*/true, [weak = weak_from_this()](ScreenSnapshot snapshot) {
      if (auto self = weak.lock()) self->OnTriedExact(std::move(snapshot));
    });
  });
}

void AttachStream::OnTriedExact(ScreenSnapshot snapshot) {
  if (stream_ == nullptr) return;
  Count(snapshot);
  if (snapshot.exact) return OnSnapshot(std::move(snapshot));
  snapshot_asked_ = false;
  inexact_at_ = snapshot.offset;
  ++exact_tries_;
  if (std::exchange(another_asked_, false)) AskSnapshot(std::exchange(another_scrollback_, false));
  Pump();
}

void AttachStream::OnSnapshot(ScreenSnapshot snapshot) {
  Terminal* t = terminal();
  if (stream_ == nullptr || t == nullptr || WaitsForExact(snapshot)) return;
  snapshot_asked_ = false;
  if (!MayRead()) {
    snapshot_waits_ = true;
    return;
  }
  const OutputLog& log = t->log();
  // One asked for by a gateway stands beside the output, which goes on; one that
  // begins the stream, or jumps over what is no longer kept, moves the position.
  const bool in_line = screens_in_line_ && !lossless() && snapshot.offset >= log.start();
  if (cursor_ < log.start() || in_line) {
    cursor_ = snapshot.offset;
    told_size_ = snapshot.size;
  }
  if (!lossless()) {
    // Whoever drew an inexact one cannot be told from the others here.
    if (owes_exact_ && snapshot.exact && snapshot.scrollback) {
      owes_exact_ = false;
      snapshot_required_ = true;
    } else if (!snapshot.exact) {
      owes_exact_ = true;
    }
  }
  const size_t piece = screens_in_pieces_ ? limits::kOutputPieceBytes : SIZE_MAX;
  screen_.emplace(std::move(snapshot), piece, std::exchange(snapshot_required_, false));
  SendPiece();
  Pump();
}

void AttachStream::SendPiece() {
  Response response;
  *response.mutable_snapshot() = screen_->Take();
  Send(response);
  if (!screen_->done()) return;
  screen_.reset();
  if (std::exchange(another_asked_, false)) AskSnapshot(std::exchange(another_scrollback_, false));
}

// The pieces of a screen and the output take turns.
void AttachStream::Pump() {
  Terminal* t = terminal();
  if (stream_ == nullptr || !started_ || cursor_ < 0) return;
  if (t == nullptr) return stream_->Finish(NoSuchTerminal(tab_));
  if (!MayRead()) return;
  WatchExact();
  while (stream_->queued_count() < kInFlight) {
    const bool piece = screen_.has_value();
    if (piece) SendPiece();
    if (screen_ && (screens_in_line_ || ++pieces_ % kPiecesATurn != 0)) continue;
    if (cursor_ < t->log().start()) {
      if (lossless()) return stream_->Finish(OutputNotKept(cursor_, t->log().start()));
      if (!screen_ && !snapshot_asked_) AskSnapshot();
      if (!screen_) return;
    } else if (!SendOutput() && !piece) {
      return;
    }
  }
}

// Sends the next thing, if there is one.
bool AttachStream::SendOutput() {
  Terminal* t = terminal();
  const OutputLog& log = t->log();
  Response response;
  if (const Size size = log.SizeAt(cursor_); size != told_size_) {
    told_size_ = size;
    auto* resized = response.mutable_resized();
    resized->set_offset(cursor_);
    resized->mutable_size()->set_columns(size.columns);
    resized->mutable_size()->set_rows(size.rows);
    Send(response);
    return true;
  }
  size_t limit = limits::kOutputPieceBytes;
  if (const auto mark = log.NextMark(cursor_)) {
    limit = std::min(limit, static_cast<size_t>(mark->offset - cursor_));
  }
  if (lossless()) {
    const int64_t window = acknowledged_ + limits::kLosslessWindowBytes - cursor_;
    limit = std::min(limit, static_cast<size_t>(std::max<int64_t>(0, window)));
  }
  if (const std::string_view bytes = log.Peek(cursor_, limit); !bytes.empty()) {
    stream_->Write(rpc::EncodeOutput(cursor_, grpc::Slice(bytes.data(), bytes.size()), TakeAcks()));
    cursor_ += static_cast<int64_t>(bytes.size());
    return true;
  }
  if (t->ended() && !exit_sent_ && cursor_ == log.end()) {
    exit_sent_ = true;
    response.mutable_exit()->set_offset(cursor_);
    response.mutable_exit()->set_exit_code(t->exit_code());
    Send(response);
  }
  return false;
}

void AttachStream::Send(const Response& response) {
  if (stream_ != nullptr) stream_->Write(rpc::EncodeMessage(response));
}

void AttachStream::OnHoldLost(const absl::Status& why) {
  hold_lost_ = true;
  if (stream_ != nullptr) stream_->Finish(why);
}

void AttachStream::OnInputDropped(const AttachmentId& id, const absl::Status& why) {
  if (stream_ != nullptr) Refuse(id, why, 0);
}

// The echo of a key is mostly about to come: both in one message cost each process on
// the way one turn less, and on a line that loses packets there is less to lose.
void AttachStream::OnInputWritten(const AttachmentId& id, int64_t sequence) {
  if (!acks_together_) {
    Response response;
    response.mutable_input_ack()->set_attachment(id.value());
    response.mutable_input_ack()->set_sequence(sequence);
    return Send(response);
  }
  int64_t& last = acks_[id];
  last = std::max(last, sequence);
  if (ack_timer_) return;
  ack_timer_ = loop_->After(limits::kAckDelay, [this] {
    auto done = std::move(ack_timer_);
    SendAcks();
  });
}

// What was written and not said yet, as a part of a message.
std::string AttachStream::TakeAcks() {
  if (acks_.empty()) return {};
  ack_timer_.reset();
  Response response;
  for (const auto& [id, sequence] : std::exchange(acks_, {})) {
    auto* ack = response.add_input_acks();
    ack->set_attachment(id.value());
    ack->set_sequence(sequence);
  }
  return response.SerializeAsString();
}

void AttachStream::SendAcks() {
  if (const std::string acks = TakeAcks(); !acks.empty() && stream_ != nullptr) {
    stream_->Write(rpc::EncodeBytes(acks));
  }
}

void AttachStream::OnRevoked(const AttachmentId& id) {
  if (stream_ == nullptr) return;
  opened_.erase(id);
  if (lossless() || host_->Find(tab_) == nullptr) return stream_->Finish(NoSuchAttachment());
  Response response;
  response.mutable_revoked()->set_attachment(id.value());
  Send(response);
  revoked_[id] = loop_->After(limits::kRevokeConfirm, [this] {
    // Whoever does not close what was revoked gets nothing any more.
    if (stream_ != nullptr) stream_->Finish(NoSuchAttachment());
  });
}

}  // namespace atrium::terminal
