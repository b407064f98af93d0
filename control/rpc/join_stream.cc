// LiveService.Join: one page's stream.
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "common/errors.h"
#include "common/rpc/stream.h"
#include "common/status_macros.h"
#include "control/errors.h"
#include "control/limits.h"
#include "control/rpc/caller.h"
#include "control/rpc/services.h"

namespace atrium::control {

using atrium::v1::JoinRequest;
using atrium::v1::JoinResponse;

namespace {

// Owns itself: ends with its stream.
class JoinStream final : public PageDoor, public std::enable_shared_from_this<JoinStream> {
 public:
  using Stream = rpc::ServerStream<JoinRequest, JoinResponse>;

  JoinStream(const Doors& doors, std::string token, Stream* stream)
      : doors_(doors), token_(std::move(token)), stream_(stream) {}

  static void Serve(const Doors& doors, std::string token, Stream* stream) {
    auto self = std::make_shared<JoinStream>(doors, std::move(token), stream);
    stream->on_message = [self](JoinRequest& request) { self->OnMessage(request); };
    stream->on_closed = [self] { self->OnClosed(); };
  }

  // PageDoor.
  void Send(const JoinResponse& response) override {
    if (stream_ == nullptr) return;
    if (stream_->queued_count() > limits::kPageQueue) return Close(PageTooSlow());
    stream_->Write(response);
  }
  void Close(const absl::Status& why) override {
    closed_ = true;
    if (stream_ != nullptr) stream_->Finish(why);
  }

 private:
  Session* session() {
    const absl::StatusOr<Session*> found = doors_.registry->Find(actor_, session_);
    return found.ok() ? *found : nullptr;
  }

  void OnMessage(const JoinRequest& request) {
    if (closed_) return;
    if (!joined_) {
      const absl::Status status = Hello(request);
      if (!status.ok()) Close(status);
      return;
    }
    Session* room = session();
    if (room == nullptr) return Close(SessionEnded());
    Dispatch(room, request);
  }

  absl::Status Hello(const JoinRequest& request) {
    if (!request.has_hello()) return HelloFirst();
    RETURN_IF_ERROR(CheckActor());
    const absl::StatusOr<Session*> room = doors_.registry->Find(actor_, request.hello().session());
    if (!room.ok()) return actor_.session.empty() ? room.status() : ForeignSession();
    session_ = (*room)->id();
    const absl::StatusOr<PageId> page = (*room)->Join(actor_, request.hello(), this);
    if (!page.ok()) return page.status();
    page_ = *page;
    actor_.participant = (*room)->ParticipantOf(page_);
    joined_ = true;
    Outcome(request.request_id(), absl::OkStatus());
    return absl::OkStatus();
  }
  absl::Status CheckActor() {
    absl::StatusOr<Actor> actor = doors_.auth->CheckJoin(token_);
    token_.clear();
    if (actor.ok()) actor_ = *actor;
    return actor.status();
  }

  void OnClosed() {
    stream_ = nullptr;
    if (!joined_) return;
    if (Session* room = session()) room->Leave(page_, this);
  }

  // How a request went; without an id only failures are told.
  void Outcome(int64_t request_id, const absl::Status& status, JoinResponse response = {}) {
    if (request_id == 0 && status.ok()) return;
    auto* outcome = response.mutable_outcome();
    const ErrorDetails details = DetailsOf(status);
    outcome->set_request_id(request_id);
    outcome->set_code(static_cast<int>(status.code()));
    outcome->set_message(std::string(status.message()));
    outcome->set_reason(details.reason);
    outcome->set_field(details.field);
    if (details.retry_after) {
      outcome->set_retry_after_ms(absl::ToInt64Milliseconds(*details.retry_after));
    }
    Send(response);
  }
  // An answer for later; the stream may have ended by then.
  template <typename T, typename Fill>
  std::function<void(absl::StatusOr<T>)> Later(int64_t id, Fill fill) {
    return [weak = weak_from_this(), id, fill](absl::StatusOr<T> result) {
      auto self = weak.lock();
      if (self == nullptr) return;
      JoinResponse response;
      if (result.ok()) fill(*result, response.mutable_outcome());
      self->Outcome(id, result.status(), std::move(response));
    };
  }
  template <typename T>
  std::function<void(absl::StatusOr<T>)> Later(int64_t id) {
    return Later<T>(id, [](const T&, JoinResponse::Outcome*) {});
  }

  void Dispatch(Session* room, const JoinRequest& request);
  void DispatchTabs(Session* room, const JoinRequest& request);
  void DispatchCaptures(Session* room, const JoinRequest& request);
  void DispatchTalk(Session* room, const JoinRequest& request);

  // Given.
  const Doors& doors_;
  std::string token_;  // Until it was checked.
  Stream* stream_;     // Null once it ended.
  // State.
  bool joined_ = false;
  bool closed_ = false;  // What still waits goes out; nothing more is taken.
  Actor actor_;
  SessionId session_;
  PageId page_;
};

void JoinStream::Dispatch(Session* room, const JoinRequest& request) {
  const int64_t id = request.request_id();
  switch (request.message_case()) {
    case JoinRequest::kHello:
      return Outcome(id, HelloOnce());
    case JoinRequest::kSubscribe:
    case JoinRequest::kUnsubscribe:
    case JoinRequest::kInput:
    case JoinRequest::kAck:
    case JoinRequest::kResize:
      return Outcome(id, ForGateway("subscribe, input, ack and resize"));
    case JoinRequest::kUpdateSelf:
      return Outcome(id, room->UpdateSelf(actor_, page_, request.update_self()));
    case JoinRequest::kMuteParticipant:
      return Outcome(
          id, room->MuteParticipant(actor_, request.mute_participant().name()).status());
    case JoinRequest::kSetParticipantVolume:
      return Outcome(id,
                     room->SetParticipantVolume(actor_, request.set_participant_volume()).status());
    case JoinRequest::kGoLive:
      return room->GoLive(actor_, page_, [weak = weak_from_this(), id](absl::Status status) {
        if (auto self = weak.lock()) self->Outcome(id, status);
      });
    case JoinRequest::kCallProblem:
      return Outcome(id, room->ReportProblem(request.call_problem()));
    case JoinRequest::kHangUp:
      return Outcome(id, room->HangUp(page_));
    case JoinRequest::kSignal:
      return Outcome(id, room->Signal(page_, request.signal()));
    case JoinRequest::kPingTimeUs: {
      JoinResponse pong;
      pong.set_pong_time_us(request.ping_time_us());
      return Send(pong);
    }
    case JoinRequest::kCreateTab:
    case JoinRequest::kUpdateTab:
    case JoinRequest::kDeleteTab:
    case JoinRequest::kTakeControl:
    case JoinRequest::kRequestControl:
    case JoinRequest::kGrantControl:
    case JoinRequest::kReleaseControl:
    case JoinRequest::kRunCommand:
    case JoinRequest::kListCommands:
      return DispatchTabs(room, request);
    case JoinRequest::kStartCapture:
    case JoinRequest::kCreateCapture:
    case JoinRequest::kUpdateCapture:
    case JoinRequest::kStopCapture:
    case JoinRequest::kWatchCapture:
    case JoinRequest::kLeaveCapture:
      return DispatchCaptures(room, request);
    case JoinRequest::kLag:
      return room->SetLag(page_, request.lag());
    case JoinRequest::MESSAGE_NOT_SET:
      return Outcome(id, BadField("message", "is missing or unknown"));
    default:
      return DispatchTalk(room, request);
  }
}

void JoinStream::DispatchTabs(Session* room, const JoinRequest& request) {
  const int64_t id = request.request_id();
  const auto fill_tab = [](const atrium::v1::Tab& tab, JoinResponse::Outcome* outcome) {
    *outcome->mutable_tab() = tab;
  };
  switch (request.message_case()) {
    case JoinRequest::kCreateTab:
      return room->CreateTab(actor_, request.create_tab(), Later<atrium::v1::Tab>(id, fill_tab));
    case JoinRequest::kUpdateTab:
      return room->UpdateTab(actor_, request.update_tab(), Later<atrium::v1::Tab>(id, fill_tab));
    case JoinRequest::kDeleteTab:
      return Outcome(id, room->DeleteTab(actor_, request.delete_tab().name()));
    case JoinRequest::kTakeControl:
      return Later<atrium::v1::Tab>(id, fill_tab)(
          room->TakeControl(actor_, request.take_control()));
    case JoinRequest::kRequestControl:
      return Later<atrium::v1::Tab>(id, fill_tab)(
          room->RequestControl(actor_, request.request_control()));
    case JoinRequest::kGrantControl:
      return Later<atrium::v1::Tab>(id, fill_tab)(
          room->GrantControl(actor_, request.grant_control()));
    case JoinRequest::kReleaseControl:
      return Later<atrium::v1::Tab>(id, fill_tab)(
          room->ReleaseControl(actor_, request.release_control()));
    case JoinRequest::kRunCommand:
      // A page that goes leaves behind what it asked for: its next page sees that.
      (void)room->RunCommand(
          actor_, request.run_command(), limits::kRunDeadline,
          Later<atrium::v1::RunCommandResponse>(
              id, [](const auto& run, auto* outcome) { *outcome->mutable_run() = run; }));
      return;
    case JoinRequest::kListCommands:
      return room->ListCommands(
          request.list_commands(),
          Later<atrium::v1::ListCommandsResponse>(
              id, [](const auto& list, auto* outcome) { *outcome->mutable_commands() = list; }));
    default:
      return Outcome(id, BadField("message", "is unknown here"));
  }
}

void JoinStream::DispatchCaptures(Session* room, const JoinRequest& request) {
  const int64_t id = request.request_id();
  const auto answer = Later<atrium::v1::Capture>(
      id, [](const auto& capture, auto* outcome) { *outcome->mutable_capture() = capture; });
  switch (request.message_case()) {
    case JoinRequest::kStartCapture:
      return room->StartCapture(actor_, page_, request.start_capture(), answer);
    case JoinRequest::kCreateCapture:
      return room->CreateCapture(actor_, request.create_capture(), answer);
    case JoinRequest::kUpdateCapture:
      return answer(room->UpdateCapture(actor_, request.update_capture()));
    case JoinRequest::kStopCapture:
      return Outcome(id, room->StopCapture(actor_, request.stop_capture().name()));
    case JoinRequest::kWatchCapture:
      return Outcome(id, room->WatchCapture(page_, request.watch_capture()));
    case JoinRequest::kLeaveCapture:
      return Outcome(id, room->LeaveCapture(page_, request.leave_capture().capture()));
    default:
      return Outcome(id, BadField("message", "is unknown here"));
  }
}

void JoinStream::DispatchTalk(Session* room, const JoinRequest& request) {
  const int64_t id = request.request_id();
  switch (request.message_case()) {
    case JoinRequest::kSay:
      return room->Say(actor_, request.say(), Later<atrium::v1::TimelineEntry>(id));
    case JoinRequest::kListEntries:
      return room->ListEntries(
          request.list_entries(),
          Later<atrium::v1::ListTimelineEntriesResponse>(
              id, [](const auto& entries, auto* outcome) { *outcome->mutable_entries() = entries; }));
    case JoinRequest::kSearchTimeline:
      return room->SearchTimeline(
          request.search_timeline(),
          Later<atrium::v1::SearchTimelineResponse>(
              id, [](const auto& found, auto* outcome) { *outcome->mutable_found() = found; }));
    case JoinRequest::kDecideApproval:
      return room->DecideApproval(actor_, request.decide_approval(),
                                  Later<atrium::v1::Approval>(id));
    case JoinRequest::kUpdateSession:
      return room->UpdateSession(
          actor_, request.update_session(),
          Later<atrium::v1::Session>(
              id, [](const auto& session, auto* outcome) { *outcome->mutable_session() = session; }));
    case JoinRequest::kInterrupt:
      return Outcome(id, room->InterruptConversation(actor_).status());
    case JoinRequest::kStartConversation:
      return room->StartConversation(actor_, Later<atrium::v1::Conversation>(id));
    case JoinRequest::kStopConversation:
      return Outcome(id, room->StopConversation(actor_).status());
    case JoinRequest::kUpdateConversation:
      return Outcome(id, room->UpdateConversation(actor_, request.update_conversation()).status());
    case JoinRequest::kCreateInvite:
      return doors_.auth->CreateInvite(
          actor_, room->id(), request.create_invite().invite(),
          Later<atrium::v1::Invite>(
              id, [](const auto& invite, auto* outcome) { *outcome->mutable_invite() = invite; }));
    case JoinRequest::kListInvites:
      return Later<atrium::v1::ListInvitesResponse>(id, [](const auto& invites, auto* outcome) {
        *outcome->mutable_invites() = invites;
      })(doors_.auth->ListInvites(actor_, room->id()));
    case JoinRequest::kDeleteInvite:
      return Outcome(id, doors_.auth->DeleteInvite(actor_, request.delete_invite().name()));
    default:
      return Outcome(id, BadField("message", "is unknown here"));
  }
}

}  // namespace

grpc::ServerBidiReactor<JoinRequest, JoinResponse>* LiveDoor::Join(
    grpc::CallbackServerContext* context) {
  return new JoinStream::Stream(
      doors_.loop, [this, token = BearerOf(*context)](JoinStream::Stream* stream) {
        JoinStream::Serve(doors_, token, stream);
      });
}

}  // namespace atrium::control
