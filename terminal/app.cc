#include "terminal/app.h"

#include <csignal>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "common/admin.h"
#include "common/file.h"
#include "common/log.h"
#include "common/process.h"
#include "common/random.h"
#include "common/rpc/server.h"
#include "common/status_macros.h"
#include "common/str_cat.h"
#include "terminal/figures.h"
#include "terminal/handover.h"
#include "terminal/host.h"
#include "terminal/host_service.h"
#include "terminal/lock.h"
#include "terminal/screen_keeper.h"
#include "terminal/shell.h"

namespace atrium::terminal {

using atrium::terminal::v1::Handover;

namespace {

// Another version of the program takes this process over, shells and all.
void Upgrade(const Config& config, const std::vector<std::unique_ptr<Lock>>* locks,
             const Admin* admin, Host* host) {
  LogInfo("changing the program", {{"program", config.program}});
  host->HandOver([&config, locks, admin, host](absl::StatusOr<Handover> handover) {
    absl::Status status = handover.status();
    if (status.ok()) {
      if (admin != nullptr) handover->set_admin_fd(admin->fd());
      for (const auto& lock : *locks) handover->add_lock_fds(lock->fd());
      status = Replace(config.program, config.arguments, *handover);
    }
    LogError("the program stays as it is", {{"error", status.message()}});
    host->GoOn();
  });
}

// Null without --admin_listen. After an upgrade no door is worth a shell: what is wrong with
// it stands in the log.
absl::StatusOr<std::unique_ptr<Admin>> OpenAdmin(Loop* loop, const Config& config,
                                                 const Handover* before, Host* host) {
  if (config.admin_listen.empty()) return nullptr;
  const int handed = before != nullptr && before->has_admin_fd() ? before->admin_fd() : -1;
  auto admin = Admin::Listen(
      loop, config.admin_listen, [host] { return ToPrometheus(host->figures(), host->Present()); },
      handed);
  if (admin.ok() || before == nullptr) return admin;
  LogError("there are no figures", {{"error", admin.status().message()}});
  return nullptr;
}

}  // namespace

absl::Status RunApp(const Config& config) {
  std::optional<Handover> before;
  if (config.handover_fd >= 0) {
    ASSIGN_OR_RETURN(before, ReadHandover(config.handover_fd));
  }
  // Before anything of a process that still serves is touched.
  std::vector<std::unique_ptr<Lock>> locks;
  const auto lock = [&](const std::string& path, const char* flag) -> absl::Status {
    std::vector<int> handed;
    if (before) handed.assign(before->lock_fds().begin(), before->lock_fds().end());
    ASSIGN_OR_RETURN(auto taken, Lock::Take(path, flag, handed));
    locks.push_back(std::move(taken));
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(lock(config.listen + ".lock", "--listen"));
  std::string log_directory, zsh_directory;
  if (!config.state_dir.empty()) {
    RETURN_IF_ERROR(MakeDirectory(config.state_dir, /*private_to_us=*/true));
    RETURN_IF_ERROR(lock(config.state_dir + "/lock", "--state_dir"));
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
                        .cgroup = config.cgroups
                                      ? std::filesystem::absolute(config.listen).lexically_normal().string()
                                      : std::string()},
             .terminals = config.terminal_limit},
            before ? &*before : nullptr);
  ASSIGN_OR_RETURN(const std::unique_ptr<Admin> admin,
                   OpenAdmin(loop.get(), config, before ? &*before : nullptr, &host));
  before.reset();
  HostService service(loop.get(), &host);
  ASSIGN_OR_RETURN(std::unique_ptr<rpc::Server> server,
                   rpc::Server::Start(loop.get(), {.socket_path = config.listen},
                                      {{"atrium.terminal.v1.HostService", &service}}));
  server->SetServing(true);
  bool stopping = false;
  const auto stop = [&] {
    if (std::exchange(stopping, true)) return;
    LogInfo("stopping");
    server->Shutdown([&] { loop->Quit(); });
  };
  const auto signals = OnTermination(loop.get(), stop);
  const auto drains = OnSignal(loop.get(), SIGUSR1, [&] { host.Drain(stop); });
  const auto upgrades =
      OnSignal(loop.get(), SIGUSR2, [&] { Upgrade(config, &locks, admin.get(), &host); });
  LogInfo("serving", {{"socket", config.listen}});
  loop->Run();
  return absl::OkStatus();
}

}  // namespace atrium::terminal
