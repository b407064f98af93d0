// The streams for services: WatchSession, and AttachTab, which is relayed to the
// terminal host under an attachment of its own.
#include <memory>
#include <string>
#include <utility>

#include "common/errors.h"
#include "common/random.h"
#include "common/rpc/stream.h"
#include "common/status_macros.h"
#include "control/errors.h"
#include "control/limits.h"
#include "control/links/grpc_host_link.h"
#include "control/rpc/caller.h"
#include "control/rpc/serve.h"
#include "control/rpc/services.h"

namespace atrium::control {

using atrium::terminal::v1::AttachRequest;
using atrium::terminal::v1::AttachResponse;
using atrium::v1::AttachTabRequest;
using atrium::v1::AttachTabResponse;
using atrium::v1::WatchSessionResponse;

namespace {

// A service's view of a session. Deletes itself on the loop.
class WatchStream final : public grpc::ServerWriteReactor<WatchSessionResponse>,
                          public Session::Watcher {
 public:
  WatchStream(const Doors& doors, std::string token, std::string name)
      : doors_(doors), token_(std::move(token)), name_(std::move(name)) {
    doors_.loop->Post([this] { Begin(); });
  }

  // Session::Watcher.
  void OnChange(const atrium::v1::SessionChange& change) override {
    WatchSessionResponse response;
    *response.mutable_change() = change;
    Write(std::move(response));
  }
  void OnSessionEnded() override {
    session_ = nullptr;
    End(SessionEnded());
  }

  void OnWriteDone(bool ok) override {
    doors_.loop->Post([this, ok] {
      writing_ = false;
      if (!ok || ending_) return FinishOnce();
      if (!queue_.empty()) WriteNext();
    });
  }
  void OnCancel() override {
    doors_.loop->Post([this] { End(absl::CancelledError("cancelled")); });
  }
  void OnDone() override {
    doors_.loop->Post([this] {
      Unwatch();
      delete this;
    });
  }

 private:
  void Begin() {
    const absl::StatusOr<Actor> actor = doors_.auth->CheckBearer(token_);
    if (!actor.ok()) return End(actor.status());
    const absl::StatusOr<Session*> session = doors_.registry->Find(*actor, name_);
    if (!session.ok()) return End(session.status());
    session_ = *session;
    session_->AddWatcher(this);
    WatchSessionResponse response;
    *response.mutable_snapshot() = session_->snapshot();
    Write(std::move(response));
  }
  void Write(WatchSessionResponse response) {
    if (ending_) return;
    if (queue_.size() > limits::kPageQueue) return End(PageTooSlow());
    queue_.push_back(std::move(response));
    if (!writing_) WriteNext();
  }
  void WriteNext() {
    writing_ = true;
    current_ = std::move(queue_.front());
    queue_.pop_front();
    StartWrite(&current_);
  }
  void End(const absl::Status& status) {
    if (std::exchange(ending_, true)) return;
    status_ = rpc::ToGrpc(status);
    Unwatch();
    if (!writing_) FinishOnce();
  }
  void FinishOnce() {
    ending_ = true;
    if (!std::exchange(finished_, true)) Finish(status_);
  }
  void Unwatch() {
    if (session_ != nullptr) std::exchange(session_, nullptr)->RemoveWatcher(this);
  }

  // Given.
  const Doors& doors_;
  const std::string token_, name_;
  // State.
  Session* session_ = nullptr;
  std::deque<WatchSessionResponse> queue_;
  WatchSessionResponse current_;
  grpc::Status status_;
  bool writing_ = false, ending_ = false, finished_ = false;
};

// A service's stream on one tab, and the host's under it. Owns itself: lives
// until both have ended.
class AttachRelay final : public std::enable_shared_from_this<AttachRelay> {
 public:
  using Stream = rpc::ServerStream<AttachTabRequest, AttachTabResponse>;
  using Upstream = rpc::ClientStream<AttachRequest, AttachResponse>;

  AttachRelay(const Doors& doors, std::string token, Stream* stream)
      : doors_(doors), token_(std::move(token)), stream_(stream) {}

  static void Serve(const Doors& doors, std::string token, Stream* stream) {
    auto self = std::make_shared<AttachRelay>(doors, std::move(token), stream);
    stream->on_message = [self](AttachTabRequest& request) { self->OnRequest(request); };
    stream->on_drained = [self] {
      if (self->upstream_ != nullptr) self->upstream_->Resume();
    };
    stream->on_closed = [self] { self->OnClosed(); };
  }

 private:
  void OnRequest(const AttachTabRequest& request) {
    absl::Status status;
    if (attachment_.empty()) {
      status = Start(request);
    } else if (request.has_start()) {
      status = BadField("start", "was said before");
    } else {
      Forward(request);
    }
    if (!status.ok()) stream_->Finish(status);
  }

  absl::Status Start(const AttachTabRequest& request) {
    if (!request.has_start()) return MissingField("start");
    ASSIGN_OR_RETURN(const Actor actor, doors_.auth->CheckBearer(token_));
    ASSIGN_OR_RETURN(const ChildName tab, ParseTabName(request.start().tab()));
    ASSIGN_OR_RETURN(Session * session, doors_.registry->Find(actor, tab.session));
    RETURN_IF_ERROR(session->GetTab(request.start().tab()).status());
    actor_ = actor;
    session_ = session->id();
    start_ = request.start();
    attachment_ = AttachmentId(RandomId());
    session->AddServiceAttachment(actor, attachment_, start_.tab(), [weak = weak_from_this()] {
      if (auto self = weak.lock()) self->Connect();
    });
    return absl::OkStatus();
  }

  void Connect() {
    if (stream_ == nullptr) return;
    upstream_ = new Upstream(doors_.loop);
    upstream_->on_message = [self = shared_from_this()](AttachResponse& response) {
      self->OnResponse(response);
    };
    upstream_->on_closed = [self = shared_from_this()](absl::Status status) {
      self->upstream_ = nullptr;
      if (self->stream_ != nullptr) {
        self->stream_->Finish(status.ok() ? Unreachable("terminal", "it ended the stream")
                                          : FromHost(status));
      }
    };
    upstream_->Start([this](grpc::ClientContext* context, auto* reactor) {
      doors_.host->async()->Attach(context, reactor);
    });
    const bool lossless = start_.delivery() == AttachTabRequest::LOSSLESS;
    AttachRequest start;
    start.mutable_start()->set_tab(start_.tab());
    start.mutable_start()->set_offset(start_.offset());
    start.mutable_start()->set_screens_in_pieces(true);
    start.mutable_start()->set_screens_in_line(true);
    if (lossless) start.mutable_start()->set_lossless_attachment(attachment_.value());
    upstream_->Write(std::move(start));
    if (!lossless) {
      AttachRequest open;
      open.mutable_open()->set_attachment(attachment_.value());
      upstream_->Write(std::move(open));
    }
    for (const AttachTabRequest& request : std::exchange(waiting_, {})) Forward(request);
  }

  void Forward(const AttachTabRequest& request) {
    if (upstream_ == nullptr) {
      if (waiting_.size() < limits::kPageQueue) waiting_.push_back(request);
      return;
    }
    AttachRequest out;
    if (request.message_case() == AttachTabRequest::kInput) {
      auto* input = out.mutable_input();
      input->set_attachment(attachment_.value());
      input->set_sequence(++sequence_);
      input->set_data(request.input());
    } else if (request.message_case() == AttachTabRequest::kAckOffset) {
      out.set_ack_offset(request.ack_offset());
    } else {
      return stream_->Finish(BadField("message", "must be input or ack_offset"));
    }
    upstream_->Write(std::move(out));
  }

  void OnResponse(AttachResponse& response) {
    if (stream_ == nullptr) return;
    AttachTabResponse out;
    switch (response.message_case()) {
      case AttachResponse::kOutput:
        *out.mutable_output() = std::move(*response.mutable_output());
        out.mutable_output()->set_tab(start_.tab());
        break;
      case AttachResponse::kResized:
        *out.mutable_resized() = response.resized();
        out.mutable_resized()->set_tab(start_.tab());
        break;
      case AttachResponse::kSnapshot:
        *out.mutable_snapshot() = std::move(*response.mutable_snapshot());
        out.mutable_snapshot()->set_tab(start_.tab());
        break;
      case AttachResponse::kExit:
        *out.mutable_exit() = response.exit();
        out.mutable_exit()->set_tab(start_.tab());
        break;
      case AttachResponse::kRefused:
        return stream_->Finish(MakeError(
            static_cast<absl::StatusCode>(response.refused().code()), response.refused().message(),
            {.reason = "REFUSED_BY_HOST"}));
      default:
        return;
    }
    stream_->Write(std::move(out));
    // The service's own pace is the host's: what it cannot take stays there.
    upstream_->Pause();
    if (stream_->queued_count() == 0) upstream_->Resume();
  }

  void OnClosed() {
    stream_ = nullptr;
    if (upstream_ != nullptr) upstream_->Cancel();
    const absl::StatusOr<Session*> session = doors_.registry->Find(actor_, session_);
    if (session.ok()) (*session)->DropAttachment(attachment_);
  }

  // Given.
  const Doors& doors_;
  const std::string token_;
  Stream* stream_;  // Null once it ended.
  // State.
  Upstream* upstream_ = nullptr;
  Actor actor_;
  SessionId session_;
  AttachTabRequest::Start start_;
  AttachmentId attachment_;
  int64_t sequence_ = 0;
  std::vector<AttachTabRequest> waiting_;
};

}  // namespace

grpc::ServerWriteReactor<WatchSessionResponse>* SessionDoor::WatchSession(
    grpc::CallbackServerContext* context, const atrium::v1::WatchSessionRequest* request) {
  return new WatchStream(doors_, BearerOf(*context), request->name());
}

grpc::ServerBidiReactor<AttachTabRequest, AttachTabResponse>* TabDoor::AttachTab(
    grpc::CallbackServerContext* context) {
  return new AttachRelay::Stream(
      doors_.loop, [this, token = BearerOf(*context)](AttachRelay::Stream* stream) {
        AttachRelay::Serve(doors_, token, stream);
      });
}

}  // namespace atrium::control
