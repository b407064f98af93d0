#include "gateway/app.h"

#include <utility>
#include <vector>

#include "atrium/terminal/v1/host.grpc.pb.h"
#include "common/file.h"
#include "common/log.h"
#include "common/process.h"
#include "common/rpc/server.h"
#include "common/rpc/unary.h"
#include "common/status_macros.h"
#include "common/str_cat.h"
#include "gateway/bridge/calls.h"
#include "gateway/bridge/feeds.h"
#include "gateway/bridge/pages.h"
#include "gateway/call_routes.h"
#include "gateway/compat/routes.h"
#include "gateway/compat/screens.h"
#include "gateway/http/admission.h"
#include "gateway/http/guard.h"
#include "gateway/http/keys.h"
#include "gateway/http/server.h"
#include "gateway/http/static_files.h"
#include "gateway/limits.h"
#include "gateway/routes.h"

namespace atrium::gateway {
namespace {

// How long sockets have to hear that the process is stopping.
constexpr absl::Duration kGoodbye = absl::Milliseconds(100);

}  // namespace

absl::Status RunApp(const Config& config) {
  ASSIGN_OR_RETURN(StaticFiles files, StaticFiles::Load(config.web_root));
  const StaticFile index = files.index();
  std::unique_ptr<MainLoop> loop = NewMainLoop();
  Figures figures;
  ASSIGN_OR_RETURN(std::unique_ptr<Server> server,
                   Server::Listen(loop.get(), &figures, config.port));
  const auto control = rpc::UnixChannel(config.control);
  const auto auth = atrium::v1::AuthService::NewStub(control);
  const auto live = atrium::v1::LiveService::NewStub(control);
  const auto sessions = atrium::v1::SessionService::NewStub(control);
  const auto terminal = rpc::UnixChannel(config.terminal);
  const auto host = atrium::terminal::v1::HostService::NewStub(terminal);
  const Guard guard(server->port(), config.origins);
  GrpcTerminals terminals(loop.get(), terminal);
  Feeds feeds(loop.get(), &terminals);
  // Ready means that somebody who comes now gets in.
  const Keys keys(loop.get(), auth.get(), [&] {
    LogInfo("serving", {{"port", server->port()}});
    if (config.port_file.empty()) return;
    const absl::Status status =
        WriteFileAtomically(config.port_file, StrCat(server->port(), "\n"), 0644);
    if (!status.ok()) LogError("cannot write the port", {{"error", status.message()}});
  });
  Admission admission(loop.get(), &keys, auth.get(), sessions.get());
  Wording wording;
  Pages pages({loop.get(), live.get(), &feeds, &figures, &wording});
  Calls calls(loop.get(), &figures, [&](const std::string& token, JoinLink::Listener* page) {
    return std::make_unique<GrpcLine>(loop.get(), live.get(), token, page);
  });
  const compat::ReadScreen read = [&](const auto& request, auto done) {
    rpc::Call<atrium::v1::ReadScreenResponse>(
        loop.get(), limits::kCallDeadline, request,
        [&](auto* c, auto* q, auto* r, auto then) { host->async()->ReadScreen(c, q, r, then); },
        std::move(done));
  };
  compat::Screens screens(loop.get(), read);
  compat::ScreencapRooms screencaps(loop.get());
  compat::CompatRoutes compat(&admission, &guard, &pages, &screens, &screencaps, read);
  Routes routes(loop.get(), auth.get(), &keys, &admission, &guard, &pages, &figures, &index);
  std::vector<Route> table = routes.Table([&](ExchangePtr e) { compat.Terminal(e); });
  for (Route& route : compat.Table()) table.push_back(std::move(route));
  CallRoutes call_routes(loop.get(), auth.get(), &admission, &guard, &calls);
  for (Route& route : call_routes.Table()) table.push_back(std::move(route));
  server->Serve(std::move(table), std::make_unique<Guard>(guard), std::move(files));
  Loop::HandlePtr goodbye;
  const auto signals = OnTermination(loop.get(), [&] {
    LogInfo("stopping");
    pages.CloseAll();
    calls.CloseAll();
    goodbye = loop->After(kGoodbye, [&] { loop->Quit(); });
  });
  loop->Run();
  return absl::OkStatus();
}

}  // namespace atrium::gateway
