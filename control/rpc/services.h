// Control's gRPC doors. They translate and authenticate, then call the session's
// methods, which authorize: the same ones that Join and the agent call.
#ifndef ATRIUM_CONTROL_RPC_SERVICES_H_
#define ATRIUM_CONTROL_RPC_SERVICES_H_

#include "atrium/terminal/v1/host.grpc.pb.h"
#include "atrium/v1/auth.grpc.pb.h"
#include "atrium/v1/capture.grpc.pb.h"
#include "atrium/v1/conversation.grpc.pb.h"
#include "atrium/v1/live.grpc.pb.h"
#include "atrium/v1/session.grpc.pb.h"
#include "atrium/v1/tab.grpc.pb.h"
#include "atrium/v1/timeline.grpc.pb.h"
#include "common/loop.h"
#include "control/auth/auth.h"
#include "control/session/registry.h"

namespace atrium::control {

// What every door needs. All outlive the doors.
struct Doors {
  Loop* loop;
  Auth* auth;
  Registry* registry;
  atrium::terminal::v1::HostService::Stub* host;  // For AttachTab.
};

class SessionDoor final : public atrium::v1::SessionService::CallbackService {
 public:
  explicit SessionDoor(Doors doors) : doors_(doors) {}
  grpc::ServerUnaryReactor* CreateSession(grpc::CallbackServerContext*,
                                          const atrium::v1::CreateSessionRequest*,
                                          atrium::v1::Session*) override;
  grpc::ServerUnaryReactor* GetSession(grpc::CallbackServerContext*,
                                       const atrium::v1::GetSessionRequest*,
                                       atrium::v1::Session*) override;
  grpc::ServerUnaryReactor* ListSessions(grpc::CallbackServerContext*,
                                         const atrium::v1::ListSessionsRequest*,
                                         atrium::v1::ListSessionsResponse*) override;
  grpc::ServerUnaryReactor* UpdateSession(grpc::CallbackServerContext*,
                                       const atrium::v1::UpdateSessionRequest*,
                                       atrium::v1::Session*) override;
  grpc::ServerUnaryReactor* DeleteSession(grpc::CallbackServerContext*,
                                          const atrium::v1::DeleteSessionRequest*,
                                          google::protobuf::Empty*) override;
  grpc::ServerWriteReactor<atrium::v1::WatchSessionResponse>* WatchSession(
      grpc::CallbackServerContext*, const atrium::v1::WatchSessionRequest*) override;
  grpc::ServerUnaryReactor* CreateInvite(grpc::CallbackServerContext*,
                                         const atrium::v1::CreateInviteRequest*,
                                         atrium::v1::Invite*) override;
  grpc::ServerUnaryReactor* ListInvites(grpc::CallbackServerContext*,
                                        const atrium::v1::ListInvitesRequest*,
                                        atrium::v1::ListInvitesResponse*) override;
  grpc::ServerUnaryReactor* DeleteInvite(grpc::CallbackServerContext*,
                                         const atrium::v1::DeleteInviteRequest*,
                                         google::protobuf::Empty*) override;
  grpc::ServerUnaryReactor* MuteParticipant(grpc::CallbackServerContext*,
                                            const atrium::v1::MuteParticipantRequest*,
                                            atrium::v1::Participant*) override;
  grpc::ServerUnaryReactor* SetParticipantVolume(grpc::CallbackServerContext*,
                                                 const atrium::v1::SetParticipantVolumeRequest*,
                                                 atrium::v1::Participant*) override;

 private:
  const Doors doors_;
};

class TabDoor final : public atrium::v1::TabService::CallbackService {
 public:
  explicit TabDoor(Doors doors) : doors_(doors) {}
  grpc::ServerUnaryReactor* CreateTab(grpc::CallbackServerContext*,
                                      const atrium::v1::CreateTabRequest*,
                                      atrium::v1::Tab*) override;
  grpc::ServerUnaryReactor* GetTab(grpc::CallbackServerContext*, const atrium::v1::GetTabRequest*,
                                   atrium::v1::Tab*) override;
  grpc::ServerUnaryReactor* ListTabs(grpc::CallbackServerContext*,
                                     const atrium::v1::ListTabsRequest*,
                                     atrium::v1::ListTabsResponse*) override;
  grpc::ServerUnaryReactor* UpdateTab(grpc::CallbackServerContext*,
                                      const atrium::v1::UpdateTabRequest*,
                                      atrium::v1::Tab*) override;
  grpc::ServerUnaryReactor* DeleteTab(grpc::CallbackServerContext*,
                                      const atrium::v1::DeleteTabRequest*,
                                      google::protobuf::Empty*) override;
  grpc::ServerUnaryReactor* RunCommand(grpc::CallbackServerContext*,
                                       const atrium::v1::RunCommandRequest*,
                                       atrium::v1::RunCommandResponse*) override;
  grpc::ServerUnaryReactor* TakeControl(grpc::CallbackServerContext*,
                                       const atrium::v1::TakeControlRequest*,
                                       atrium::v1::Tab*) override;
  grpc::ServerUnaryReactor* RequestControl(grpc::CallbackServerContext*,
                                       const atrium::v1::RequestControlRequest*,
                                       atrium::v1::Tab*) override;
  grpc::ServerUnaryReactor* GrantControl(grpc::CallbackServerContext*,
                                       const atrium::v1::GrantControlRequest*,
                                       atrium::v1::Tab*) override;
  grpc::ServerUnaryReactor* ReleaseControl(grpc::CallbackServerContext*,
                                       const atrium::v1::ReleaseControlRequest*,
                                       atrium::v1::Tab*) override;
  grpc::ServerUnaryReactor* WaitForOutput(grpc::CallbackServerContext*,
                                          const atrium::v1::WaitForOutputRequest*,
                                          atrium::v1::WaitForOutputResponse*) override;
  grpc::ServerUnaryReactor* ListCommands(grpc::CallbackServerContext*,
                                         const atrium::v1::ListCommandsRequest*,
                                         atrium::v1::ListCommandsResponse*) override;
  grpc::ServerUnaryReactor* ReadScreen(grpc::CallbackServerContext*,
                                       const atrium::v1::ReadScreenRequest*,
                                       atrium::v1::ReadScreenResponse*) override;
  grpc::ServerBidiReactor<atrium::v1::AttachTabRequest, atrium::v1::AttachTabResponse>* AttachTab(
      grpc::CallbackServerContext*) override;

 private:
  const Doors doors_;
};

class ConversationDoor final : public atrium::v1::ConversationService::CallbackService {
 public:
  explicit ConversationDoor(Doors doors) : doors_(doors) {}
  grpc::ServerUnaryReactor* GetConversation(grpc::CallbackServerContext*,
                                            const atrium::v1::GetConversationRequest*,
                                            atrium::v1::Conversation*) override;
  grpc::ServerUnaryReactor* StartConversation(grpc::CallbackServerContext*,
                                              const atrium::v1::StartConversationRequest*,
                                              atrium::v1::Conversation*) override;
  grpc::ServerUnaryReactor* StopConversation(grpc::CallbackServerContext*,
                                             const atrium::v1::StopConversationRequest*,
                                             atrium::v1::Conversation*) override;
  grpc::ServerUnaryReactor* UpdateConversation(grpc::CallbackServerContext*,
                                               const atrium::v1::UpdateConversationRequest*,
                                               atrium::v1::Conversation*) override;
  grpc::ServerUnaryReactor* InterruptConversation(grpc::CallbackServerContext*,
                                                  const atrium::v1::InterruptConversationRequest*,
                                                  atrium::v1::Conversation*) override;
  grpc::ServerUnaryReactor* CreateProviderSecret(grpc::CallbackServerContext*,
                                                 const atrium::v1::CreateProviderSecretRequest*,
                                                 atrium::v1::ProviderSecret*) override;

 private:
  const Doors doors_;
};

class CaptureDoor final : public atrium::v1::CaptureService::CallbackService {
 public:
  explicit CaptureDoor(Doors doors) : doors_(doors) {}
  grpc::ServerUnaryReactor* ListCaptures(grpc::CallbackServerContext*,
                                         const atrium::v1::ListCapturesRequest*,
                                         atrium::v1::ListCapturesResponse*) override;
  grpc::ServerUnaryReactor* CreateCapture(grpc::CallbackServerContext*,
                                          const atrium::v1::CreateCaptureRequest*,
                                          atrium::v1::Capture*) override;
  grpc::ServerUnaryReactor* UpdateCapture(grpc::CallbackServerContext*,
                                          const atrium::v1::UpdateCaptureRequest*,
                                          atrium::v1::Capture*) override;
  grpc::ServerUnaryReactor* DeleteCapture(grpc::CallbackServerContext*,
                                          const atrium::v1::DeleteCaptureRequest*,
                                          google::protobuf::Empty*) override;

 private:
  const Doors doors_;
};

class TimelineDoor final : public atrium::v1::TimelineService::CallbackService {
 public:
  explicit TimelineDoor(Doors doors) : doors_(doors) {}
  grpc::ServerUnaryReactor* Say(grpc::CallbackServerContext*, const atrium::v1::SayRequest*,
                                atrium::v1::TimelineEntry*) override;
  grpc::ServerUnaryReactor* ListTimelineEntries(grpc::CallbackServerContext*,
                                                const atrium::v1::ListTimelineEntriesRequest*,
                                                atrium::v1::ListTimelineEntriesResponse*) override;
  grpc::ServerUnaryReactor* SearchTimeline(grpc::CallbackServerContext*,
                                           const atrium::v1::SearchTimelineRequest*,
                                           atrium::v1::SearchTimelineResponse*) override;
  grpc::ServerWriteReactor<atrium::v1::ExportTimelineResponse>* ExportTimeline(
      grpc::CallbackServerContext*, const atrium::v1::ExportTimelineRequest*) override;
  grpc::ServerUnaryReactor* DecideApproval(grpc::CallbackServerContext*,
                                           const atrium::v1::DecideApprovalRequest*,
                                           atrium::v1::Approval*) override;

 private:
  const Doors doors_;
};

class AuthDoor final : public atrium::v1::AuthService::CallbackService {
 public:
  explicit AuthDoor(Doors doors) : doors_(doors) {}
  grpc::ServerUnaryReactor* ExchangeInvite(grpc::CallbackServerContext*,
                                           const atrium::v1::ExchangeInviteRequest*,
                                           atrium::v1::ExchangeInviteResponse*) override;
  grpc::ServerUnaryReactor* CreateTicket(grpc::CallbackServerContext*,
                                         const atrium::v1::CreateTicketRequest*,
                                         atrium::v1::CreateTicketResponse*) override;
  grpc::ServerUnaryReactor* DeleteCredential(grpc::CallbackServerContext*,
                                             const atrium::v1::DeleteCredentialRequest*,
                                             google::protobuf::Empty*) override;
  grpc::ServerUnaryReactor* GetKeys(grpc::CallbackServerContext*,
                                    const atrium::v1::GetKeysRequest*,
                                    atrium::v1::GetKeysResponse*) override;

 private:
  const Doors doors_;
};

class LiveDoor final : public atrium::v1::LiveService::CallbackService {
 public:
  explicit LiveDoor(Doors doors) : doors_(doors) {}
  grpc::ServerBidiReactor<atrium::v1::JoinRequest, atrium::v1::JoinResponse>* Join(
      grpc::CallbackServerContext*) override;

 private:
  const Doors doors_;
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_RPC_SERVICES_H_
