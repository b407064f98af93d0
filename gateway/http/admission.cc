#include "gateway/http/admission.h"

#include <utility>

#include "common/errors.h"
#include "common/resource_name.h"
#include "common/rpc/unary.h"
#include "gateway/errors.h"
#include "gateway/limits.h"

namespace atrium::gateway {
namespace {

constexpr char kDefaultRoom[] = "sessions/main";
constexpr char kService[] = "service";

std::string RoomOf(const Admission::Ask& ask) {
  return ask.room.empty() ? kDefaultRoom : ask.room;
}

}  // namespace

void Admission::Check(const Ask& ask, Done done) {
  if (!ask.room.empty() && !ParseSessionName(ask.room).ok()) return done(NoSuchRoom(ask.room));
  if (!keys_->known()) return done(KeysUnknown());
  if (ask.token.empty()) {
    if (keys_->no_auth()) return done(Pass{"", RoomOf(ask), kService, true, nullptr});
    if (keys_->trust_localhost() && ask.from_loopback) return Trust(ask, std::move(done));
    return done(BadToken("there is none"));
  }
  const absl::StatusOr<Claims> claims = keys_->Check(ask.token);
  if (!claims.ok()) return CheckService(ask, std::move(done));
  if (!ask.room.empty() && ask.room != claims->session) return done(NoSuchRoom(ask.room));
  done(Pass{ask.token, claims->session, claims->participant, claims->role == "OWNER", nullptr});
}

// A service's token is control's alone to know.
void Admission::CheckService(const Ask& ask, Done done) {
  atrium::v1::GetSessionRequest request;
  request.set_name(RoomOf(ask));
  rpc::Call<atrium::v1::Session>(
      loop_, limits::kCallDeadline, std::move(request),
      [this](auto* c, auto* q, auto* r, auto then) { sessions_->async()->GetSession(c, q, r, then); },
      [ask, done = std::move(done)](absl::StatusOr<atrium::v1::Session> session) {
        if (absl::IsNotFound(session.status())) return done(NoSuchRoom(RoomOf(ask)));
        if (absl::IsUnavailable(session.status())) return done(session.status());
        if (!session.ok()) return done(BadToken("it is wrong, expired or for something else"));
        done(Pass{ask.token, session->name(), kService, true, nullptr});
      },
      ask.token);
}

// Each identity is a participant: they are shared and used again, so that sockets
// that come and go do not fill the room.
Admission::IdentityPtr Admission::Seat(const std::string& room) {
  std::vector<IdentityPtr>& all = identities_[room];
  for (const IdentityPtr& identity : all) {
    if (identity->sockets < limits::kSocketsPerIdentity) return identity;
  }
  all.push_back(std::make_shared<Identity>());
  return all.back();
}

std::shared_ptr<void> Admission::PlaceAt(const IdentityPtr& identity) {
  ++identity->sockets;
  // Control remembers a page for a while: so long its place is not given away.
  return {identity.get(), [loop = loop_, identity](void*) {
            auto* timer = new Loop::HandlePtr;
            *timer = loop->After(limits::kParticipantLease, [identity, timer] {
              std::unique_ptr<Loop::HandlePtr> owned(timer);
              --identity->sockets;
            });
          }};
}

void Admission::Trust(const Ask& ask, Done done) {
  const IdentityPtr identity = Seat(RoomOf(ask));
  std::shared_ptr<void> place = PlaceAt(identity);
  atrium::v1::CreateTicketRequest request;
  request.set_credential(identity->credential);
  request.set_session(RoomOf(ask));
  request.set_from_loopback(true);
  rpc::Call<atrium::v1::CreateTicketResponse>(
      loop_, limits::kCallDeadline, std::move(request),
      [this](auto* c, auto* q, auto* r, auto then) { auth_->async()->CreateTicket(c, q, r, then); },
      [identity, place, done = std::move(done)](
          absl::StatusOr<atrium::v1::CreateTicketResponse> ticket) {
        if (!ticket.ok()) return done(ticket.status());
        if (!ticket->credential().empty()) identity->credential = ticket->credential();
        done(Pass{ticket->ticket(), ticket->session(), ticket->participant(), true, place});
      });
}

}  // namespace atrium::gateway
