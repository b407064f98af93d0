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

#include <deque>
#include <functional>
#include <memory>
#include <utility>

#include "common/loop.h"
#include "common/rpc/status.h"

namespace atrium::rpc {

// What both ends of a stream have in common: the write queue, and the pause of
// reading. `Base` is a gRPC bidi reactor that reads In and writes Out.
template <typename Base, typename In, typename Out>
class LoopStream : public Base {
 public:
  // Called on the loop.
  std::function<void(In&)> on_message;
  // Called on the loop after every write that emptied the queue.
  std::function<void()> on_drained;

  // Queues a message. Dropped if the stream has ended.
  void Write(Out message) {
    if (ended_) return;
    queue_.push_back(std::move(message));
    if (!writing_) WriteNext();
  }
  // Messages that are not yet handed to the transport.
  size_t queued_count() const { return queue_.size() + (writing_ ? 1 : 0); }

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
  void OnWriteDone(bool ok) override {
    loop_->Post([this, ok] {
      writing_ = false;
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
  // The write queue is empty.
  virtual void Drained() {}

  void ReadNext() {
    read_waits_ = false;
    this->StartRead(&in_);
  }
  void WriteNext() {
    writing_ = true;
    out_ = std::move(queue_.front());
    queue_.pop_front();
    this->StartWrite(&out_);
  }

  // Given.
  Loop* const loop_;
  // State.
  In in_;
  Out out_;
  std::deque<Out> queue_;
  bool writing_ = false;
  bool paused_ = false;
  bool read_waits_ = false;
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
    if (this->queued_count() > 0 && !this->ended_) {
      finish_waits_ = true;
      return;
    }
    FinishNow();
  }

  void OnCancel() override {
    this->loop_->Post([this] {
      this->ended_ = true;
      this->queue_.clear();
      if (!this->writing_) FinishNow();
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
    if (!this->writing_) FinishNow();
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
    closing_ = true;
    if (this->queued_count() == 0) CloseNow();
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
};

}  // namespace atrium::rpc

#endif  // ATRIUM_COMMON_RPC_STREAM_H_
