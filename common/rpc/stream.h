// Bidirectional gRPC streams that live on the loop. The reactor's callbacks come
// on gRPC's threads; here they only Post, so whoever uses a stream sees all of it
// on the loop: one message at a time, in order, then closed, exactly once.
//
// Reading is flow-controlled: the next message is read once OnMessage returned
// (and, after Pause(), once Resume() was called). Writing queues; see
// queued_count().
#ifndef ATRIUM_COMMON_RPC_STREAM_H_
#define ATRIUM_COMMON_RPC_STREAM_H_

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/client_callback.h>
#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <utility>

#include "absl/time/time.h"
#include "common/loop.h"
#include "common/rpc/status.h"

namespace atrium::rpc {

// How long a call may take to end after its last message was read.
inline constexpr absl::Duration kUnreadableGrace = absl::Seconds(2);

// What both ends of a stream have in common: the write queue, and the pause of
// reading. `Base` is a gRPC bidi reactor that reads In and writes Out.
template <typename Base, typename In, typename Out>
class LoopStream : public Base {
 public:
  // Called on the loop.
  std::function<void(In&)> on_message;
  // Called on the loop after every write that emptied the queue. Set it before writing.
  std::function<void()> on_drained;

  // Queues a message. Dropped if the stream has ended.
  void Write(Out message) {
    if (ended_) return;
    queue_.push_back(std::move(message));
    if (IsWritten()) WriteNext();
  }
  // Messages that are not yet handed to the transport.
  size_t queued_count() const { return queue_.size() + (write_ == Under::kNothing ? 0 : 1); }

  void Pause() { paused_ = true; }
  void Resume() {
    paused_ = false;
    if (read_waits_ && MayRead()) ReadNext();
  }

  void OnReadDone(bool ok) override {
    loop_->Post([this, ok] {
      if (!ok) return ReadEnded();
      if (on_message && !ended_) on_message(in_);
      if (!MayRead()) return;
      if (paused_) {
        read_waits_ = true;
      } else {
        ReadNext();
      }
    });
  }
  // The loop is told only of what it waits for: a message that goes out while nothing
  // waits behind it wakes nobody.
  void OnWriteDone(bool ok) override {
    Under unwatched = Under::kUnwatched;
    if (ok && write_.compare_exchange_strong(unwatched, Under::kNothing)) return;
    loop_->Post([this, ok] {
      write_ = Under::kNothing;
      if (!ok) ended_ = true;
      if (ended_) queue_.clear();
      if (!queue_.empty()) return WriteNext();
      if (!ended_ && on_drained) on_drained();
      Drained();
    });
  }

 protected:
  explicit LoopStream(Loop* loop) : loop_(loop) {}

  // The call can still be read: gRPC has not been told, or told us, of its end.
  virtual bool MayRead() const = 0;
  // Nothing more will be read.
  virtual void ReadEnded() = 0;
  // The write queue is empty; told while the stream `ends_`, or where IsWritten() said no.
  virtual void Drained() {}

  // Whether no write is under way; else its end will be told.
  bool IsWritten() {
    Under state = Under::kUnwatched;
    return !write_.compare_exchange_strong(state, Under::kWatched) && state == Under::kNothing;
  }

  void ReadNext() {
    read_waits_ = false;
    this->StartRead(&in_);
  }
  void WriteNext() {
    out_ = std::move(queue_.front());
    queue_.pop_front();
    const bool waits = !queue_.empty() || on_drained || ends_;
    write_ = waits ? Under::kWatched : Under::kUnwatched;
    // What more follows goes out with it: one turn of the transport, not one for each. Not
    // the first, as gRPC (1.51) then keeps the metadata before it and calls nothing written.
    grpc::WriteOptions options;
    if (std::exchange(begun_, true) && !queue_.empty()) options.set_buffer_hint();
    this->StartWrite(&out_, options);
  }

  // What is under way: nothing, or a write of whose end the loop will or will not be told.
  enum class Under { kNothing, kUnwatched, kWatched };

  // Given.
  Loop* const loop_;
  // Safe on any thread. Only the loop begins a write.
  std::atomic<Under> write_{Under::kNothing};
  // State.
  In in_;
  Out out_;
  std::deque<Out> queue_;
  bool begun_ = false;  // Something was written.
  bool paused_ = false;
  bool read_waits_ = false;
  bool ends_ = false;   // Once all is written.
  bool ended_ = false;  // No further write is worth starting.
};

// A server's end. Make it with `new` in the service method, on gRPC's thread; it
// deletes itself on the loop after `on_closed`. Until then the pointer is valid.
template <typename In, typename Out>
class ServerStream final
    : public LoopStream<grpc::ServerBidiReactor<In, Out>, In, Out> {
  using Parent = LoopStream<grpc::ServerBidiReactor<In, Out>, In, Out>;

 public:
  // `on_open` runs first, on the loop, and sets on_message and the others.
  ServerStream(Loop* loop, std::function<void(ServerStream*)> on_open) : Parent(loop) {
    loop->Post([this, on_open = std::move(on_open)] {
      on_open(this);
      if (!this->finished_) this->ReadNext();
    });
  }
  // Called once on the loop, last.
  std::function<void()> on_closed;

  // Ends the stream, after what is queued was written.
  void Finish(const absl::Status& status) {
    if (finished_ || finish_waits_) return;
    final_status_ = ToGrpc(status);
    finish_waits_ = this->ends_ = true;
    if (this->ended_ || (this->queue_.empty() && this->IsWritten())) FinishNow();
  }

  void OnCancel() override {
    this->loop_->Post([this] {
      this->ended_ = true;
      this->queue_.clear();
      if (this->IsWritten()) FinishNow();
    });
  }
  void OnDone() override {
    this->loop_->Post([this] {
      if (on_closed) on_closed();
      delete this;
    });
  }

 private:
  bool MayRead() const override { return !finished_; }
  void ReadEnded() override {
    // The other side has said all; what is queued may still be wanted, but no
    // stream of ours lives on after its reader has left.
    this->ended_ = true;
    this->queue_.clear();
    if (this->IsWritten()) FinishNow();
  }
  void Drained() override {
    if (finish_waits_ || this->ended_) FinishNow();
  }
  void FinishNow() {
    if (std::exchange(finished_, true)) return;
    this->ended_ = true;
    grpc::Status status = std::move(final_status_);
    this->grpc::template ServerBidiReactor<In, Out>::Finish(std::move(status));
  }

  // State.
  grpc::Status final_status_ = grpc::Status::OK;
  bool finish_waits_ = false;
  bool finished_ = false;
};

// A client's end. Make it with `new`, then call Start() once. It deletes itself
// on the loop after `on_closed`.
template <typename Out, typename In>
class ClientStream final
    : public LoopStream<grpc::ClientBidiReactor<Out, In>, In, Out> {
  using Parent = LoopStream<grpc::ClientBidiReactor<Out, In>, In, Out>;

 public:
  explicit ClientStream(Loop* loop) : Parent(loop) {}
  // Called once on the loop, last, with how the call ended.
  std::function<void(absl::Status)> on_closed;
  // Set metadata before Start().
  grpc::ClientContext& context() { return context_; }

  // `begin` binds the reactor, for example
  //   stub->async()->Join(&stream->context(), stream)
  template <typename Begin>
  void Start(Begin begin) {
    begin(&context_, this);
    this->AddHold();  // Ours, as long as we read: given back when that ended.
    this->ReadNext();
    this->StartCall();
  }
  // Says that nothing more will be written, after what is queued.
  void HalfClose() {
    if (closing_) return;
    closing_ = this->ends_ = true;
    if (this->queue_.empty() && this->IsWritten()) CloseNow();
  }
  // Ends the call at once.
  void Cancel() {
    this->ended_ = true;
    this->queue_.clear();
    context_.TryCancel();
    if (this->read_waits_) Release();  // Else the read under way ends, and says so.
  }

  void OnDone(const grpc::Status& status) override {
    this->loop_->Post([this, status] {
      if (on_closed) on_closed(FromGrpc(status));
      delete this;
    });
  }

 private:
  bool MayRead() const override { return !released_; }
  void ReadEnded() override {
    this->ended_ = true;
    this->queue_.clear();
    // Where it was a message that could not be read, only we know of the end.
    late_ = this->loop_->After(kUnreadableGrace, [this] { context_.TryCancel(); });
    Release();
  }
  void Drained() override {
    if (closing_ && !this->ended_) CloseNow();
  }
  void CloseNow() {
    this->ended_ = true;
    if (!released_) this->StartWritesDone();
  }
  void Release() {
    if (!std::exchange(released_, true)) this->RemoveHold();
  }

  // State.
  grpc::ClientContext context_;
  bool closing_ = false;
  bool released_ = false;
  Loop::HandlePtr late_;
};

}  // namespace atrium::rpc

#endif  // ATRIUM_COMMON_RPC_STREAM_H_
