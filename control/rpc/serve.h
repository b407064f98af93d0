// What all unary doors do: find out who calls and which session it is about.
#ifndef ATRIUM_CONTROL_RPC_SERVE_H_
#define ATRIUM_CONTROL_RPC_SERVE_H_

#include <string>
#include <utility>

#include "common/resource_name.h"
#include "common/rpc/unary.h"
#include "common/status_macros.h"
#include "control/rpc/caller.h"
#include "control/rpc/services.h"

namespace atrium::control {

// Runs `act(actor, reply)` on the loop for a caller with a good token.
template <typename Response, typename Act>
grpc::ServerUnaryReactor* ServeActor(const Doors& doors, grpc::CallbackServerContext* context,
                                     Response* response, Act act) {
  return rpc::Serve<Response>(
      doors.loop, context, response,
      [&doors, token = BearerOf(*context), act = std::move(act)](rpc::Reply<Response> reply) {
        const absl::StatusOr<Actor> actor = doors.auth->CheckBearer(token);
        if (!actor.ok()) return reply(actor.status());
        act(*actor, std::move(reply));
      });
}

// Calls `act(actor, session, reply)`, on the loop, if whoever has `token` may know
// of the session that `id` names.
template <typename Response, typename Act>
void WithSession(const Doors& doors, const std::string& token, const absl::StatusOr<SessionId>& id,
                 rpc::Reply<Response> reply, const Act& act) {
  const absl::StatusOr<Actor> actor = doors.auth->CheckBearer(token);
  if (!actor.ok()) return reply(actor.status());
  if (!id.ok()) return reply(id.status());
  const absl::StatusOr<Session*> session = doors.registry->Find(*actor, *id);
  if (!session.ok()) return reply(session.status());
  act(*actor, **session, std::move(reply));
}

// The same for one unary call.
template <typename Response, typename Act>
grpc::ServerUnaryReactor* ServeSession(const Doors& doors, grpc::CallbackServerContext* context,
                                       Response* response, absl::StatusOr<SessionId> id, Act act) {
  return rpc::Serve<Response>(
      doors.loop, context, response,
      [&doors, token = BearerOf(*context), id = std::move(id),
       act = std::move(act)](rpc::Reply<Response> reply) {
        WithSession(doors, token, id, std::move(reply), act);
      });
}

// The session of a thing in it, by the thing's parsed name.
inline absl::StatusOr<SessionId> SessionOf(absl::StatusOr<ChildName> name) {
  RETURN_IF_ERROR(name.status());
  return name->session;
}

// A reply of nothing.
template <typename Empty>
void ReplyStatus(const rpc::Reply<Empty>& reply, const absl::Status& status) {
  if (status.ok()) {
    reply(Empty());
  } else {
    reply(status);
  }
}

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_RPC_SERVE_H_
