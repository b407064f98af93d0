// The unary methods of all doors.
#include "control/limits.h"
#include "control/rpc/serve.h"
#include "control/rpc/services.h"

namespace atrium::control {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;
namespace pb = atrium::v1;
using google::protobuf::Empty;

// Sessions.

ServerUnaryReactor* SessionDoor::CreateSession(CallbackServerContext* context,
                                               const pb::CreateSessionRequest* request,
                                               pb::Session* response) {
  return ServeActor<pb::Session>(doors_, context, response, [this, request](const Actor& actor, auto reply) {
    doors_.registry->CreateSession(actor, *request, reply);
  });
}
ServerUnaryReactor* SessionDoor::GetSession(CallbackServerContext* context,
                                            const pb::GetSessionRequest* request,
                                            pb::Session* response) {
  return ServeSession<pb::Session>(
      doors_, context, response, ParseSessionName(request->name()),
      [](const Actor&, Session& session, auto reply) { reply(session.snapshot().session()); });
}
ServerUnaryReactor* SessionDoor::UpdateSession(CallbackServerContext* context,
                                               const pb::UpdateSessionRequest* request,
                                               pb::Session* response) {
  return ServeSession<pb::Session>(doors_, context, response,
                                   ParseSessionName(request->session().name()),
                                   [request](const Actor& actor, Session& session, auto reply) {
                                     session.UpdateSession(actor, *request, reply);
                                   });
}
ServerUnaryReactor* SessionDoor::ListSessions(CallbackServerContext* context,
                                              const pb::ListSessionsRequest* request,
                                              pb::ListSessionsResponse* response) {
  return ServeActor<pb::ListSessionsResponse>(
      doors_, context, response, [this, request](const Actor& actor, auto reply) {
        reply(doors_.registry->ListSessions(actor, *request));
      });
}
ServerUnaryReactor* SessionDoor::DeleteSession(CallbackServerContext* context,
                                               const pb::DeleteSessionRequest* request,
                                               Empty* response) {
  return ServeSession<Empty>(doors_, context, response, ParseSessionName(request->name()),
                             [this](const Actor& actor, Session& session, auto reply) {
                               ReplyStatus(reply, doors_.registry->DeleteSession(actor, session.id()));
                             });
}
ServerUnaryReactor* SessionDoor::CreateInvite(CallbackServerContext* context,
                                              const pb::CreateInviteRequest* request,
                                              pb::Invite* response) {
  return ServeSession<pb::Invite>(doors_, context, response, ParseSessionName(request->parent()),
                                  [this, request](const Actor& actor, Session& session, auto reply) {
                                    doors_.auth->CreateInvite(actor, session.id(), request->invite(), reply);
                                  });
}
ServerUnaryReactor* SessionDoor::ListInvites(CallbackServerContext* context,
                                             const pb::ListInvitesRequest* request,
                                             pb::ListInvitesResponse* response) {
  return ServeSession<pb::ListInvitesResponse>(
      doors_, context, response, ParseSessionName(request->parent()),
      [this](const Actor& actor, Session& session, auto reply) {
        reply(doors_.auth->ListInvites(actor, session.id()));
      });
}
ServerUnaryReactor* SessionDoor::DeleteInvite(CallbackServerContext* context,
                                              const pb::DeleteInviteRequest* request,
                                              Empty* response) {
  return ServeSession<Empty>(doors_, context, response, SessionOf(ParseInviteName(request->name())),
                             [this, request](const Actor& actor, Session&, auto reply) {
                               ReplyStatus(reply, doors_.auth->DeleteInvite(actor, request->name()));
                             });
}

ServerUnaryReactor* SessionDoor::MuteParticipant(CallbackServerContext* context,
                                                 const pb::MuteParticipantRequest* request,
                                                 pb::Participant* response) {
  return ServeSession<pb::Participant>(
      doors_, context, response, SessionOf(ParseParticipantName(request->name())),
      [request](const Actor& actor, Session& session, auto reply) {
        reply(session.MuteParticipant(actor, request->name()));
      });
}
ServerUnaryReactor* SessionDoor::SetParticipantVolume(
    CallbackServerContext* context, const pb::SetParticipantVolumeRequest* request,
    pb::Participant* response) {
  return ServeSession<pb::Participant>(doors_, context, response,
                                       SessionOf(ParseParticipantName(request->name())),
                                       [request](const Actor& actor, Session& session, auto reply) {
                                         reply(session.SetParticipantVolume(actor, *request));
                                       });
}

// Tabs.

ServerUnaryReactor* TabDoor::CreateTab(CallbackServerContext* context,
                                       const pb::CreateTabRequest* request, pb::Tab* response) {
  return ServeSession<pb::Tab>(doors_, context, response, ParseSessionName(request->parent()),
                               [request](const Actor& actor, Session& session, auto reply) {
                                 session.CreateTab(actor, *request, reply);
                               });
}
ServerUnaryReactor* TabDoor::GetTab(CallbackServerContext* context,
                                    const pb::GetTabRequest* request, pb::Tab* response) {
  return ServeSession<pb::Tab>(doors_, context, response, SessionOf(ParseTabName(request->name())),
                               [request](const Actor&, Session& session, auto reply) {
                                 reply(session.GetTab(request->name()));
                               });
}
ServerUnaryReactor* TabDoor::ListTabs(CallbackServerContext* context,
                                      const pb::ListTabsRequest* request,
                                      pb::ListTabsResponse* response) {
  return ServeSession<pb::ListTabsResponse>(
      doors_, context, response, ParseSessionName(request->parent()),
      [](const Actor&, Session& session, auto reply) {
        pb::ListTabsResponse answer;
        *answer.mutable_tabs() = session.snapshot().tabs();
        reply(std::move(answer));
      });
}
ServerUnaryReactor* TabDoor::UpdateTab(CallbackServerContext* context,
                                       const pb::UpdateTabRequest* request, pb::Tab* response) {
  return ServeSession<pb::Tab>(doors_, context, response,
                               SessionOf(ParseTabName(request->tab().name())),
                               [request](const Actor& actor, Session& session, auto reply) {
                                 session.UpdateTab(actor, *request, reply);
                               });
}
ServerUnaryReactor* TabDoor::DeleteTab(CallbackServerContext* context,
                                       const pb::DeleteTabRequest* request, Empty* response) {
  return ServeSession<Empty>(doors_, context, response, SessionOf(ParseTabName(request->name())),
                             [request](const Actor& actor, Session& session, auto reply) {
                               ReplyStatus(reply, session.DeleteTab(actor, request->name()));
                             });
}
ServerUnaryReactor* TabDoor::RunCommand(CallbackServerContext* context,
                                        const pb::RunCommandRequest* request,
                                        pb::RunCommandResponse* response) {
  const absl::Duration patience = PatienceFor(*context, *request, limits::kRunDeadline);
  return rpc::ServeWait(
      doors_.loop, response,
      [this, request, patience,
       token = BearerOf(*context)](rpc::Reply<pb::RunCommandResponse> reply) -> rpc::Cancel {
        rpc::Cancel cancel;
        WithSession(doors_, token, ParseSessionName(request->parent()), reply,
                    [&](const Actor& actor, Session& session, auto answer) {
                      cancel = session.RunCommand(actor, *request, patience, std::move(answer));
                    });
        return cancel;
      });
}
ServerUnaryReactor* TabDoor::TakeControl(CallbackServerContext* context,
                                         const pb::TakeControlRequest* request, pb::Tab* response) {
  return ServeSession<pb::Tab>(doors_, context, response, SessionOf(ParseTabName(request->tab())),
                               [request](const Actor& actor, Session& session, auto reply) {
                                 reply(session.TakeControl(actor, *request));
                               });
}
ServerUnaryReactor* TabDoor::RequestControl(CallbackServerContext* context,
                                            const pb::RequestControlRequest* request,
                                            pb::Tab* response) {
  return ServeSession<pb::Tab>(doors_, context, response, SessionOf(ParseTabName(request->tab())),
                               [request](const Actor& actor, Session& session, auto reply) {
                                 reply(session.RequestControl(actor, *request));
                               });
}
ServerUnaryReactor* TabDoor::GrantControl(CallbackServerContext* context,
                                          const pb::GrantControlRequest* request,
                                          pb::Tab* response) {
  return ServeSession<pb::Tab>(doors_, context, response, SessionOf(ParseTabName(request->tab())),
                               [request](const Actor& actor, Session& session, auto reply) {
                                 reply(session.GrantControl(actor, *request));
                               });
}
ServerUnaryReactor* TabDoor::ReleaseControl(CallbackServerContext* context,
                                            const pb::ReleaseControlRequest* request,
                                            pb::Tab* response) {
  return ServeSession<pb::Tab>(doors_, context, response, SessionOf(ParseTabName(request->tab())),
                               [request](const Actor& actor, Session& session, auto reply) {
                                 reply(session.ReleaseControl(actor, *request));
                               });
}
ServerUnaryReactor* TabDoor::WaitForOutput(CallbackServerContext* context,
                                           const pb::WaitForOutputRequest* request,
                                           pb::WaitForOutputResponse* response) {
  const absl::Duration patience = PatienceFor(*context, *request, limits::kWaitDeadline);
  return rpc::ServeWait(
      doors_.loop, response,
      [this, request, patience,
       token = BearerOf(*context)](rpc::Reply<pb::WaitForOutputResponse> reply) -> rpc::Cancel {
        rpc::Cancel cancel;
        WithSession(doors_, token, SessionOf(ParseTabName(request->tab())), reply,
                    [&](const Actor&, Session& session, auto answer) {
                      cancel = session.WaitForOutput(*request, patience, std::move(answer));
                    });
        return cancel;
      });
}
ServerUnaryReactor* TabDoor::ListCommands(CallbackServerContext* context,
                                          const pb::ListCommandsRequest* request,
                                          pb::ListCommandsResponse* response) {
  return ServeSession<pb::ListCommandsResponse>(
      doors_, context, response, SessionOf(ParseTabName(request->tab())),
      [request](const Actor&, Session& session, auto reply) {
        session.ListCommands(*request, reply);
      });
}
ServerUnaryReactor* TabDoor::ReadScreen(CallbackServerContext* context,
                                        const pb::ReadScreenRequest* request,
                                        pb::ReadScreenResponse* response) {
  return ServeSession<pb::ReadScreenResponse>(
      doors_, context, response, SessionOf(ParseTabName(request->tab())),
      [request](const Actor&, Session& session, auto reply) { session.ReadScreen(*request, reply); });
}

// The conversation.

// Screens.

ServerUnaryReactor* CaptureDoor::ListCaptures(CallbackServerContext* context,
                                              const pb::ListCapturesRequest* request,
                                              pb::ListCapturesResponse* response) {
  return ServeSession<pb::ListCapturesResponse>(
      doors_, context, response, ParseSessionName(request->parent()),
      [](const Actor&, Session& session, auto reply) {
        pb::ListCapturesResponse answer;
        *answer.mutable_captures() = session.snapshot().captures();
        reply(std::move(answer));
      });
}
ServerUnaryReactor* CaptureDoor::CreateCapture(CallbackServerContext* context,
                                               const pb::CreateCaptureRequest* request,
                                               pb::Capture* response) {
  return ServeSession<pb::Capture>(doors_, context, response, ParseSessionName(request->parent()),
                                   [request](const Actor& actor, Session& session, auto reply) {
                                     session.CreateCapture(actor, *request, reply);
                                   });
}
ServerUnaryReactor* CaptureDoor::UpdateCapture(CallbackServerContext* context,
                                               const pb::UpdateCaptureRequest* request,
                                               pb::Capture* response) {
  return ServeSession<pb::Capture>(doors_, context, response,
                                   SessionOf(ParseCaptureName(request->capture().name())),
                                   [request](const Actor& actor, Session& session, auto reply) {
                                     reply(session.UpdateCapture(actor, *request));
                                   });
}
ServerUnaryReactor* CaptureDoor::DeleteCapture(CallbackServerContext* context,
                                               const pb::DeleteCaptureRequest* request,
                                               Empty* response) {
  return ServeSession<Empty>(doors_, context, response,
                             SessionOf(ParseCaptureName(request->name())),
                             [request](const Actor& actor, Session& session, auto reply) {
                               ReplyStatus(reply, session.StopCapture(actor, request->name()));
                             });
}

ServerUnaryReactor* ConversationDoor::GetConversation(CallbackServerContext* context,
                                                      const pb::GetConversationRequest* request,
                                                      pb::Conversation* response) {
  return ServeSession<pb::Conversation>(
      doors_, context, response, ParseConversationName(request->name()),
      [](const Actor&, Session& session, auto reply) { reply(session.snapshot().conversation()); });
}
ServerUnaryReactor* ConversationDoor::StartConversation(CallbackServerContext* context,
                                                        const pb::StartConversationRequest* request,
                                                        pb::Conversation* response) {
  return ServeSession<pb::Conversation>(
      doors_, context, response, ParseConversationName(request->name()),
      [](const Actor& actor, Session& session, auto reply) {
        session.StartConversation(actor, reply);
      });
}
ServerUnaryReactor* ConversationDoor::StopConversation(CallbackServerContext* context,
                                                       const pb::StopConversationRequest* request,
                                                       pb::Conversation* response) {
  return ServeSession<pb::Conversation>(
      doors_, context, response, ParseConversationName(request->name()),
      [](const Actor& actor, Session& session, auto reply) {
        reply(session.StopConversation(actor));
      });
}
ServerUnaryReactor* ConversationDoor::UpdateConversation(
    CallbackServerContext* context, const pb::UpdateConversationRequest* request,
    pb::Conversation* response) {
  return ServeSession<pb::Conversation>(
      doors_, context, response, ParseConversationName(request->conversation().name()),
      [request](const Actor& actor, Session& session, auto reply) {
        reply(session.UpdateConversation(actor, *request));
      });
}
ServerUnaryReactor* ConversationDoor::InterruptConversation(
    CallbackServerContext* context, const pb::InterruptConversationRequest* request,
    pb::Conversation* response) {
  return ServeSession<pb::Conversation>(
      doors_, context, response, ParseConversationName(request->name()),
      [](const Actor& actor, Session& session, auto reply) {
        reply(session.InterruptConversation(actor));
      });
}
ServerUnaryReactor* ConversationDoor::CreateProviderSecret(
    CallbackServerContext* context, const pb::CreateProviderSecretRequest* request,
    pb::ProviderSecret* response) {
  return ServeSession<pb::ProviderSecret>(
      doors_, context, response, ParseConversationName(request->parent()),
      [](const Actor& actor, Session& session, auto reply) {
        session.CreateProviderSecret(actor, reply);
      });
}

// The timeline.

ServerUnaryReactor* TimelineDoor::Say(CallbackServerContext* context,
                                      const pb::SayRequest* request, pb::TimelineEntry* response) {
  return ServeSession<pb::TimelineEntry>(
      doors_, context, response, ParseSessionName(request->parent()),
      [request](const Actor& actor, Session& session, auto reply) {
        session.Say(actor, *request, reply);
      });
}
ServerUnaryReactor* TimelineDoor::ListTimelineEntries(
    CallbackServerContext* context, const pb::ListTimelineEntriesRequest* request,
    pb::ListTimelineEntriesResponse* response) {
  return ServeSession<pb::ListTimelineEntriesResponse>(
      doors_, context, response, ParseSessionName(request->parent()),
      [request](const Actor&, Session& session, auto reply) {
        session.ListEntries(*request, reply);
      });
}
ServerUnaryReactor* TimelineDoor::SearchTimeline(CallbackServerContext* context,
                                                 const pb::SearchTimelineRequest* request,
                                                 pb::SearchTimelineResponse* response) {
  return ServeSession<pb::SearchTimelineResponse>(
      doors_, context, response, ParseSessionName(request->parent()),
      [request](const Actor&, Session& session, auto reply) {
        session.SearchTimeline(*request, reply);
      });
}
ServerUnaryReactor* TimelineDoor::DecideApproval(CallbackServerContext* context,
                                                 const pb::DecideApprovalRequest* request,
                                                 pb::Approval* response) {
  return ServeSession<pb::Approval>(doors_, context, response,
                                    SessionOf(ParseApprovalName(request->name())),
                                    [request](const Actor& actor, Session& session, auto reply) {
                                      session.DecideApproval(actor, *request, reply);
                                    });
}

// Auth: the callers prove themselves by what they bring, not by a token.

ServerUnaryReactor* AuthDoor::ExchangeInvite(CallbackServerContext* context,
                                             const pb::ExchangeInviteRequest* request,
                                             pb::ExchangeInviteResponse* response) {
  return rpc::Serve<pb::ExchangeInviteResponse>(
      doors_.loop, context, response,
      [this, request](auto reply) { doors_.auth->ExchangeInvite(*request, reply); });
}
ServerUnaryReactor* AuthDoor::CreateTicket(CallbackServerContext* context,
                                           const pb::CreateTicketRequest* request,
                                           pb::CreateTicketResponse* response) {
  return rpc::Serve<pb::CreateTicketResponse>(
      doors_.loop, context, response,
      [this, request](auto reply) { doors_.auth->CreateTicket(*request, reply); });
}
ServerUnaryReactor* AuthDoor::DeleteCredential(CallbackServerContext* context,
                                               const pb::DeleteCredentialRequest* request,
                                               Empty* response) {
  return rpc::Serve<Empty>(doors_.loop, context, response, [this, request](auto reply) {
    ReplyStatus(reply, doors_.auth->DeleteCredential(request->credential()));
  });
}
ServerUnaryReactor* AuthDoor::GetKeys(CallbackServerContext* context, const pb::GetKeysRequest*,
                                      pb::GetKeysResponse* response) {
  return rpc::Serve<pb::GetKeysResponse>(doors_.loop, context, response,
                                         [this](auto reply) { reply(doors_.auth->Keys()); });
}

}  // namespace atrium::control
