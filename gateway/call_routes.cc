#include "gateway/call_routes.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/match.h"
#include "common/errors.h"
#include "common/rpc/unary.h"
#include "common/status_macros.h"
#include "common/str_cat.h"
#include "gateway/errors.h"
#include "gateway/http/credential.h"
#include "gateway/limits.h"

namespace atrium::gateway {

using atrium::v1::CreateTicketResponse;

namespace {

constexpr char kWhip[] = "/whip/", kWhep[] = "/whep/";
constexpr char kSdpType[] = "application/sdp";

// A session by its name or by the last part of it.
std::string SessionOf(const std::string& session) {
  const bool whole = session.empty() || session.find('/') != std::string::npos;
  return whole ? session : StrCat("sessions/", session);
}

absl::StatusOr<nlohmann::json> ReadObject(const std::string& body) {
  nlohmann::json json = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return BadJson("it must be an object");
  return json;
}

// The string member `key` of `json`; `field` names it in refusals.
absl::StatusOr<std::string> ReadText(const nlohmann::json& json, const char* key,
                                     const char* field) {
  auto it = json.find(key);
  if (it == json.end() || it->is_null()) return MissingField(field);
  if (!it->is_string()) return BadField(field, "must be a string");
  return it->get<std::string>();
}

absl::Status CheckSdp(const std::string& sdp) {
  if (!absl::StartsWith(sdp, "v=0")) return BadField("offer.sdp", "must be an SDP: it begins with v=0");
  if (sdp.size() > limits::kSdpBytes) {
    return BadField("offer.sdp", StrCat("is longer than ", limits::kSdpBytes, " bytes"));
  }
  if (sdp.find('\0') != std::string::npos) return BadField("offer.sdp", "holds a NUL");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<CallOffer> ReadCallOffer(const std::string& body) {
  ASSIGN_OR_RETURN(const nlohmann::json json, ReadObject(body));
  CallOffer out;
  if (json.contains("session") && !json["session"].is_null()) {
    ASSIGN_OR_RETURN(out.session, ReadText(json, "session", "session"));
  }
  auto offer = json.find("offer");
  if (offer == json.end()) return MissingField("offer");
  if (!offer->is_object()) return BadField("offer", "must be an object of `type` and `sdp`");
  ASSIGN_OR_RETURN(const std::string type, ReadText(*offer, "type", "offer.type"));
  if (type != "offer") return BadField("offer.type", "must be \"offer\"");
  ASSIGN_OR_RETURN(out.sdp, ReadText(*offer, "sdp", "offer.sdp"));
  RETURN_IF_ERROR(CheckSdp(out.sdp));
  return out;
}

absl::StatusOr<std::string> ReadConnectionId(const std::string& body) {
  ASSIGN_OR_RETURN(const nlohmann::json json, ReadObject(body));
  return ReadText(json, "connectionId", "connectionId");
}

std::vector<Route> CallRoutes::Table() {
  using Origin = Route::Origin;
  return {
      {"POST", "/signal", Origin::kIfSent, false, [this](ExchangePtr e) { Signal(e); }},
      {"POST", "/disconnect", Origin::kIfSent, false, [this](ExchangePtr e) { Disconnect(e); }},
      {"POST", kWhip, Origin::kIfSent, false, [this](ExchangePtr e) { Whip(e); }},
      {"DELETE", kWhip, Origin::kIfSent, false, [this](ExchangePtr e) { EndLocation(e); }},
      {"POST", kWhep, Origin::kIfSent, false, [this](ExchangePtr e) { Whep(e); }},
      {"DELETE", kWhep, Origin::kIfSent, false, [this](ExchangePtr e) { EndLocation(e); }},
  };
}

void CallRoutes::Signal(const ExchangePtr& exchange) {
  const absl::StatusOr<CallOffer> offer = ReadCallOffer(exchange->Body());
  if (!offer.ok()) return exchange->Fail(offer.status());
  Connect(exchange, *offer, [exchange](const Calls::Answer& answer) {
    const nlohmann::json json = {{"answer", {{"type", "answer"}, {"sdp", answer.sdp}}},
                                 {"connectionId", answer.connection}};
    exchange->SetHeader("Cache-Control", "no-store");
    exchange->AnswerJson(200, json.dump());
  });
}

// A beacon carries no credential: the id is the right. Whether there is such a
// connection is not told.
void CallRoutes::Disconnect(const ExchangePtr& exchange) {
  const absl::StatusOr<std::string> connection = ReadConnectionId(exchange->Body());
  if (!connection.ok()) return exchange->Fail(connection.status());
  calls_->Disconnect(*connection);
  exchange->Answer(204, "text/plain", "");
}

void CallRoutes::Whip(const ExchangePtr& exchange) {
  Trade(exchange, {.session = exchange->path().substr(sizeof kWhip - 1)});
}

void CallRoutes::Whep(const ExchangePtr& exchange) {
  Trade(exchange, {.session = exchange->Query("session"),
                   .capture = exchange->path().substr(sizeof kWhep - 1)});
}

void CallRoutes::Trade(const ExchangePtr& exchange, CallOffer offer) {
  if (exchange->path().find('/', sizeof kWhip - 1) != std::string::npos) {
    return exchange->Fail(WrongMethod("POST", exchange->path()));
  }
  if (!absl::StartsWithIgnoreCase(exchange->Header("Content-Type"), kSdpType)) {
    return exchange->Fail(WrongMediaType(kSdpType));
  }
  offer.sdp = exchange->Body();
  if (const absl::Status s = CheckSdp(offer.sdp); !s.ok()) return exchange->Fail(s);
  Connect(exchange, offer, [exchange](const Calls::Answer& answer) {
    exchange->SetHeader("Location", StrCat(exchange->path(), "/", answer.connection));
    exchange->SetHeader("Cache-Control", "no-store");
    exchange->Answer(201, kSdpType, answer.sdp);
  });
}

void CallRoutes::EndLocation(const ExchangePtr& exchange) {
  const std::string& path = exchange->path();
  if (!calls_->Disconnect(path.substr(path.rfind('/') + 1))) {
    return exchange->Fail(NoSuchConnection());
  }
  exchange->Answer(200, "text/plain", "");
}

void CallRoutes::Connect(const ExchangePtr& exchange, const CallOffer& offer,
                         std::function<void(Calls::Answer)> done) {
  exchange->Pause();
  Check(exchange, SessionOf(offer.session),
        [this, exchange, offer, done = std::move(done)](absl::StatusOr<Admission::Pass> pass) {
          if (!pass.ok()) return exchange->Fail(pass.status());
          calls_->Connect(*pass, offer.capture, offer.sdp,
                          [exchange, done](absl::StatusOr<Calls::Answer> answer) {
                            if (!answer.ok()) return exchange->Fail(answer.status());
                            done(*std::move(answer));
                          });
        });
}

// A credential counts from our own pages only, as at /ticket: browsers name their
// origin with every POST.
void CallRoutes::Check(const ExchangePtr& exchange, const std::string& session,
                       Admission::Done done) {
  const bool near =
      exchange->FromLoopback() && guard_->IsLoopbackHost(exchange->Header("Host"));
  const std::string token = exchange->Bearer();
  const std::string credential =
      exchange->Header("Origin").empty() ? "" : HeldCredential(*exchange);
  if (!token.empty() || credential.empty()) {
    if (token.empty() && LacksKey(*exchange)) return done(KeyMissing());
    return admission_->Check({.token = token, .room = session, .from_loopback = near},
                             std::move(done));
  }
  atrium::v1::CreateTicketRequest request;
  request.set_credential(credential);
  request.set_session(session);
  request.set_from_loopback(near);
  rpc::Call<CreateTicketResponse>(
      loop_, limits::kCallDeadline, std::move(request),
      [this](auto* c, auto* q, auto* r, auto then) { auth_->async()->CreateTicket(c, q, r, then); },
      [done = std::move(done)](absl::StatusOr<CreateTicketResponse> ticket) {
        if (!ticket.ok()) return done(ticket.status());
        done(Admission::Pass{.token = ticket->ticket(),
                             .room = ticket->session(),
                             .user = ticket->participant(),
                             .place = nullptr});
      });
}

}  // namespace atrium::gateway
