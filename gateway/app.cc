#include "gateway/app.h"

#include <utility>

#include "common/file.h"
#include "common/log.h"
#include "common/process.h"
#include "common/rpc/server.h"
#include "common/status_macros.h"
#include "common/str_cat.h"
#include "gateway/bridge/feeds.h"
#include "gateway/http/guard.h"
#include "gateway/http/keys.h"
#include "gateway/http/server.h"
#include "gateway/http/static_files.h"
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
  ASSIGN_OR_RETURN(std::unique_ptr<Server> server, Server::Listen(loop.get(), config.port));
  const auto control = rpc::UnixChannel(config.control);
  const auto auth = atrium::v1::AuthService::NewStub(control);
  const auto live = atrium::v1::LiveService::NewStub(control);
  const Guard guard(server->port(), config.origins);
  Feeds feeds(loop.get(), rpc::UnixChannel(config.terminal));
  // Ready means that somebody who comes now gets in.
  const Keys keys(loop.get(), auth.get(), [&] {
    LogInfo("serving", {{"port", server->port()}});
    if (config.port_file.empty()) return;
    const absl::Status status =
        WriteFileAtomically(config.port_file, StrCat(server->port(), "\n"), 0644);
    if (!status.ok()) LogError("cannot write the port", {{"error", status.message()}});
  });
  Routes routes(loop.get(), auth.get(), live.get(), &keys, &guard, &feeds, &index);
  server->Serve(routes.Table(), std::make_unique<Guard>(guard), std::move(files));
  Loop::HandlePtr goodbye;
  const auto signals = OnTermination(loop.get(), [&] {
    LogInfo("stopping");
    routes.CloseAll();
    goodbye = loop->After(kGoodbye, [&] { loop->Quit(); });
  });
  loop->Run();
  return absl::OkStatus();
}

}  // namespace atrium::gateway
