#include "gateway/compat/routes.h"

#include <algorithm>
#include <utility>

#include "common/str_cat.h"
#include "gateway/compat/buffers_socket.h"
#include "gateway/compat/envelope_socket.h"
#include "gateway/compat/input_socket.h"

namespace atrium::gateway::compat {
namespace {

// True if a parameter is there and does not say no.
bool IsSet(const std::string& value) {
  return !value.empty() && value != "0" && value != "false";
}

// A room by its name or by the last part of it.
std::string RoomOf(const std::string& room) {
  return room.empty() || room.find('/') != std::string::npos ? room : StrCat("sessions/", room);
}

}  // namespace

CompatRoutes::CompatRoutes(Admission* admission, const Guard* guard, Pages* pages,
                           Screens* screens, ScreencapRooms* screencaps, ReadScreen read)
    : admission_(admission),
      guard_(guard),
      pages_(pages),
      screens_(screens),
      screencaps_(screencaps),
      read_(std::move(read)) {}

std::vector<Route> CompatRoutes::Table() {
  using Origin = Route::Origin;
  return {
      {"GET", "/buffers", Origin::kIfSent, true,
       [this](ExchangePtr e) {
         Open(e, "buffers", "",
              [this](const Page::Given& given, Page::Socket socket, Admission::Pass pass) {
                return std::make_unique<BuffersSocket>(given, std::move(socket), std::move(pass),
                                                       screens_);
              });
       }},
      {"GET", "/ws/input", Origin::kIfSent, true,
       [this](ExchangePtr e) {
         Open(e, "input", "",
              [this, id = e->Query("sessionId")](const Page::Given& given, Page::Socket socket,
                                                 Admission::Pass pass) {
                return std::make_unique<InputSocket>(given, std::move(socket), std::move(pass), id,
                                                     read_);
              });
       }},
      {"GET", "/ws/screencap-signal", Origin::kIfSent, true,
       [this](ExchangePtr e) {
         Open(e, "screencap", "",
              [this](const Page::Given& given, Page::Socket socket, Admission::Pass pass) {
                auto room = screencaps_->Find(pass.room);
                return std::make_unique<ScreencapSocket>(given, std::move(socket), std::move(pass),
                                                         std::move(room));
              });
       }},
      {"GET", "/ws/terminal", Origin::kIfSent, true, [this](ExchangePtr e) { Terminal(e); }},
  };
}

void CompatRoutes::Terminal(const ExchangePtr& exchange) {
  const std::vector<std::string> offered = Server::OfferedProtocols(*exchange);
  const bool envelope =
      std::find(offered.begin(), offered.end(), kEnvelopeProtocol) != offered.end();
  const TerminalSocket::Wanted wanted{.session_id = exchange->Query("session_id"),
                                      .shell = exchange->Query("shell"),
                                      .skip_buffer = IsSet(exchange->Query("skip_buffer"))};
  Open(exchange, "terminal", envelope ? kEnvelopeProtocol : "",
       [envelope, wanted](const Page::Given& given, Page::Socket socket,
                          Admission::Pass pass) -> std::unique_ptr<Page> {
         if (envelope) {
           return std::make_unique<EnvelopeSocket>(given, std::move(socket), std::move(pass),
                                                   wanted);
         }
         return std::make_unique<TerminalSocket>(given, std::move(socket), std::move(pass), wanted);
       });
}

// Whoever may not is refused before the upgrade. The address, which may hold a
// token, is never logged.
void CompatRoutes::Open(const ExchangePtr& exchange, const std::string& kind,
                        const std::string& protocol, Make make) {
  if (const absl::Status s = Server::CheckUpgrade(*exchange); !s.ok()) return exchange->Fail(s);
  Admission::Ask ask{.token = exchange->Query("token"),
                     .room = RoomOf(exchange->Query("room")),
                     .from_loopback = exchange->FromLoopback() &&
                                      guard_->IsLoopbackHost(exchange->Header("Host"))};
  if (ask.token.empty()) ask.token = exchange->Bearer();
  exchange->Pause();
  admission_->Check(ask, [this, exchange, kind, protocol,
                          make = std::move(make)](absl::StatusOr<Admission::Pass> pass) {
    if (!pass.ok()) return exchange->Fail(pass.status());
    if (const absl::Status s = pages_->Admit(pass->user); !s.ok()) return exchange->Fail(s);
    Upgrade(exchange, kind, protocol, *pass, make);
  });
}

void CompatRoutes::Upgrade(const ExchangePtr& exchange, const std::string& kind,
                           const std::string& protocol, const Admission::Pass& pass,
                           const Make& make) {
  Server::Upgrade(exchange, protocol, [this, kind, pass, make](Upgraded upgraded) {
    pages_->Add(kind, pass.user, [&](const Page::Given& given, std::function<void(Page*)> closed) {
      return make(given,
                  Page::Socket{pass.token, std::move(upgraded.stream), std::move(upgraded.socket),
                               std::move(closed)},
                  pass);
    });
  });
}

}  // namespace atrium::gateway::compat
