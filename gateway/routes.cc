#include "gateway/routes.h"

#include <google/protobuf/util/json_util.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/match.h"
#include "common/errors.h"
#include "common/proto_time.h"
#include "common/rpc/unary.h"
#include "common/str_cat.h"
#include "gateway/bridge/browser.h"
#include "gateway/errors.h"
#include "gateway/http/credential.h"
#include "gateway/limits.h"

namespace atrium::gateway {

using atrium::v1::CreateTicketResponse;
using atrium::v1::ExchangeInviteResponse;

namespace {

constexpr char kProtocol[] = "atrium.v1";
constexpr char kTicketPrefix[] = "ticket.";
constexpr char kJoinPrefix[] = "/join/";

// The string member `name` of a JSON object in the body; empty if absent.
absl::StatusOr<std::string> BodyField(const Exchange& exchange, const char* name) {
  const std::string body = exchange.Body();
  if (body.empty()) return std::string();
  const nlohmann::json json = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return BadJson("it must be an object");
  auto it = json.find(name);
  if (it == json.end() || it->is_null()) return std::string();
  if (!it->is_string()) return BadJson(StrCat("`", name, "` must be a string"));
  return it->get<std::string>();
}

// `message` as JSON, the page's half of a new credential if there is one, and the
// origins under which others may find us.
std::string ToJson(const google::protobuf::Message& message, const std::string& key,
                   const std::vector<std::string>& origins = {}) {
  std::string out;
  (void)google::protobuf::util::MessageToJsonString(message, &out);
  if (key.empty() && origins.empty()) return out;
  nlohmann::json json = nlohmann::json::parse(out);
  if (!key.empty()) json["key"] = key;
  if (!origins.empty()) json["origins"] = origins;
  return json.dump();
}

// Half of a credential counts as none; who is refused for that is told so.
void FailWithout(const ExchangePtr& exchange, const absl::Status& status) {
  const bool lost = absl::IsUnauthenticated(status) && LacksKey(*exchange);
  exchange->Fail(lost ? KeyMissing() : status);
}

}  // namespace

Routes::Routes(Loop* loop, atrium::v1::AuthService::Stub* auth, const Keys* keys,
               Admission* admission, const Guard* guard, Pages* pages, const Figures* figures,
               const StaticFile* index)
    : loop_(loop),
      auth_(auth),
      keys_(keys),
      admission_(admission),
      guard_(guard),
      pages_(pages),
      figures_(figures),
      index_(index) {}

std::vector<Route> Routes::Table(std::function<void(ExchangePtr)> terminal) {
  using Origin = Route::Origin;
  const auto page = [this](ExchangePtr e) { ServeIndex(e); };
  return {
      {"GET", "/", Origin::kAny, false, page},
      {"GET", "/s/", Origin::kAny, false, page},
      {"GET", kJoinPrefix, Origin::kAny, false, page},
      {"GET", "/healthz", Origin::kAny, false,
       [](ExchangePtr e) { e->Answer(200, "text/plain", "ok\n"); }},
      {"GET", "/metrics", Origin::kIfSent, false, [this](ExchangePtr e) { ServeFigures(e); }},
      {"POST", kJoinPrefix, Origin::kRequired, false, [this](ExchangePtr e) { ExchangeInvite(e); }},
      {"POST", "/ticket", Origin::kRequired, false, [this](ExchangePtr e) { CreateTicket(e); }},
      {"POST", "/leave", Origin::kRequired, false, [this](ExchangePtr e) { Leave(e); }},
      {"GET", "/ws", Origin::kIfSent, true,
       [this, terminal](ExchangePtr e) {
         if (!e->Query("session_id").empty()) return terminal(e);
         Join(e);
       }},
  };
}

void Routes::ServeIndex(const ExchangePtr& exchange) const {
  exchange->SetHeader("Cache-Control", "no-cache");
  exchange->SetHeader("ETag", index_->etag);
  if (exchange->Header("If-None-Match") == index_->etag) {
    return exchange->Answer(304, index_->type, "");
  }
  exchange->AnswerKept(200, index_->type, index_->content);
}

void Routes::ExchangeInvite(const ExchangePtr& exchange) {
  const absl::StatusOr<std::string> name = BodyField(*exchange, "displayName");
  if (!name.ok()) return exchange->Fail(name.status());
  atrium::v1::ExchangeInviteRequest request;
  request.set_secret(exchange->path().substr(sizeof kJoinPrefix - 1));
  request.set_display_name(*name);
  request.set_credential(HeldCredential(*exchange));
  exchange->Pause();
  rpc::Call<ExchangeInviteResponse>(
      loop_, limits::kCallDeadline, std::move(request),
      [this](auto* c, auto* q, auto* r, auto then) { auth_->async()->ExchangeInvite(c, q, r, then); },
      [this, exchange](absl::StatusOr<ExchangeInviteResponse> response) {
        if (!response.ok()) return exchange->Fail(response.status());
        std::string key;
        if (!response->credential().empty()) {
          const absl::Duration life = FromProtoTime(response->expire_time()) - loop_->Now();
          key = GiveCredential(exchange.get(), response->credential(), life);
        }
        response->clear_credential();
        exchange->SetHeader("Cache-Control", "no-store");
        exchange->AnswerJson(200, ToJson(*response, key));
      });
}

void Routes::CreateTicket(const ExchangePtr& exchange) {
  const absl::StatusOr<std::string> session = BodyField(*exchange, "session");
  if (!session.ok()) return exchange->Fail(session.status());
  atrium::v1::CreateTicketRequest request;
  request.set_credential(HeldCredential(*exchange));
  request.set_session(*session);
  request.set_from_loopback(exchange->FromLoopback() &&
                            guard_->IsLoopbackHost(exchange->Header("Host")));
  exchange->Pause();
  rpc::Call<CreateTicketResponse>(
      loop_, limits::kCallDeadline, std::move(request),
      [this](auto* c, auto* q, auto* r, auto then) { auth_->async()->CreateTicket(c, q, r, then); },
      [this, exchange](absl::StatusOr<CreateTicketResponse> response) {
        if (!response.ok()) return FailWithout(exchange, response.status());
        std::string key;
        if (!response->credential().empty()) {
          key = GiveCredential(exchange.get(), response->credential(), absl::Hours(24 * 7));
          response->clear_credential();
        }
        exchange->SetHeader("Cache-Control", "no-store");
        exchange->AnswerJson(200, ToJson(*response, key, guard_->public_origins()));
      });
}

void Routes::Leave(const ExchangePtr& exchange) {
  atrium::v1::DeleteCredentialRequest request;
  request.set_credential(HeldCredential(*exchange));
  exchange->Pause();
  rpc::Call<google::protobuf::Empty>(
      loop_, limits::kCallDeadline, std::move(request),
      [this](auto* c, auto* q, auto* r, auto then) {
        auth_->async()->DeleteCredential(c, q, r, then);
      },
      [exchange](absl::StatusOr<google::protobuf::Empty> response) {
        if (!response.ok()) return FailWithout(exchange, response.status());
        TakeCredential(exchange.get());
        exchange->Answer(204, "text/plain", "");
      });
}

// The token is checked here, before the upgrade, and again by control.
void Routes::Join(const ExchangePtr& exchange) {
  if (const absl::Status s = Server::CheckUpgrade(*exchange); !s.ok()) return exchange->Fail(s);
  std::string token, protocol;
  for (const std::string& offered : Server::OfferedProtocols(*exchange)) {
    if (offered == kProtocol) protocol = offered;
    if (absl::StartsWith(offered, kTicketPrefix)) token = offered.substr(sizeof kTicketPrefix - 1);
  }
  if (token.empty()) token = exchange->Bearer();
  const absl::StatusOr<Claims> claims = keys_->Check(token);
  if (!claims.ok()) return exchange->Fail(claims.status());
  const std::string user = claims->participant;
  if (const absl::Status s = pages_->Admit(user); !s.ok()) return exchange->Fail(s);
  Server::Upgrade(exchange, protocol, [this, token, user](Upgraded upgraded) {
    pages_->Add("join", user, [&](const Page::Given& given, std::function<void(Page*)> closed) {
      return std::make_unique<Browser>(
          given, Page::Socket{token, std::move(upgraded.stream), std::move(upgraded.socket),
                              std::move(closed)});
    });
  });
}

// For whoever watches over the process: on this machine, as an owner.
void Routes::ServeFigures(const ExchangePtr& exchange) {
  if (!exchange->FromLoopback() || !guard_->IsLoopbackHost(exchange->Header("Host"))) {
    return exchange->Fail(NotFromAfar());
  }
  exchange->Pause();
  admission_->Check({.token = exchange->Bearer()}, [this, exchange](absl::StatusOr<Admission::Pass> pass) {
    if (!pass.ok()) return exchange->Fail(pass.status());
    if (!pass->owner) return exchange->Fail(NotAllowed("read the figures", "OWNER"));
    exchange->SetHeader("Cache-Control", "no-store");
    exchange->Answer(200, "text/plain; version=0.0.4; charset=utf-8", ToPrometheus(*figures_));
  });
}

}  // namespace atrium::gateway
