#include "terminal/app.h"

#include <csignal>
#include <optional>

#include "common/file.h"
#include "common/log.h"
#include "common/process.h"
#include "common/random.h"
#include "common/rpc/server.h"
#include "common/status_macros.h"
#include "common/str_cat.h"
#include "terminal/handover.h"
#include "terminal/host.h"
#include "terminal/host_service.h"
#include "terminal/screen_keeper.h"
#include "terminal/shell.h"

namespace atrium::terminal {

using atrium::terminal::v1::Handover;

namespace {

// Another version of the program takes this process over, shells and all.
void Upgrade(const Config& config, Host* host) {
  LogInfo("changing the program", {{"program", config.program}});
  host->HandOver([&config, host](absl::StatusOr<Handover> handover) {
    absl::Status status = handover.status();
    if (status.ok()) status = Replace(config.program, config.arguments, *handover);
    LogError("the program stays as it is", {{"error", status.message()}});
    host->GoOn();
  });
}

}  // namespace

absl::Status RunApp(const Config& config) {
  std::optional<Handover> before;
  if (config.handover_fd >= 0) {
    ASSIGN_OR_RETURN(before, ReadHandover(config.handover_fd));
  }
  std::string log_directory, zsh_directory;
  if (!config.state_dir.empty()) {
    RETURN_IF_ERROR(MakeDirectory(config.state_dir, /*private_to_us=*/true));
    log_directory = StrCat(config.state_dir, "/terminals");
    RETURN_IF_ERROR(MakeDirectory(log_directory, /*private_to_us=*/true));
    zsh_directory = StrCat(config.state_dir, "/zsh");
  }
  ASSIGN_OR_RETURN(ShellMaker shells, ShellMaker::ForUser(config.shell_user, zsh_directory));
  std::unique_ptr<MainLoop> loop = NewMainLoop();
  ScreenThread screens;
  Host host(loop.get(), &screens, std::move(shells),
            {.log_directory = log_directory,
             .incarnation = before ? before->incarnation() : RandomId(),
             .name = config.host_name,
             .audit_path = config.audit && !config.state_dir.empty()
                               ? StrCat(config.state_dir, "/audit.log")
                               : "",
             .bounds = {.processes = config.terminal_process_limit,
                        .memory_bytes = config.terminal_memory_limit,
                        .all_memory_bytes = config.memory_limit,
                        .cgroup = config.cgroups ? config.listen : ""}},
            before ? &*before : nullptr);
  before.reset();
  HostService service(loop.get(), &host);
  ASSIGN_OR_RETURN(std::unique_ptr<rpc::Server> server,
                   rpc::Server::Start(loop.get(), {.socket_path = config.listen},
                                      {{"atrium.terminal.v1.HostService", &service}}));
  server->SetServing(true);
  LogInfo("serving", {{"socket", config.listen}});
  const auto signals = OnTermination(loop.get(), [&] {
    LogInfo("stopping");
    server->Shutdown([&] { loop->Quit(); });
  });
  const auto upgrades = OnSignal(loop.get(), SIGUSR2, [&] { Upgrade(config, &host); });
  loop->Run();
  return absl::OkStatus();
}

}  // namespace atrium::terminal
