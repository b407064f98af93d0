#include "media/app.h"

#include <memory>
#include <optional>
#include <utility>

#include "common/admin.h"
#include "common/log.h"
#include "common/process.h"
#include "common/random.h"
#include "common/rpc/server.h"
#include "common/status_macros.h"
#include "common/work_queue.h"
#include "media/clock.h"
#include "media/fanout.h"
#include "media/figures.h"
#include "media/grabber.h"
#include "media/limits.h"
#include "media/media_service.h"
#include "media/pace.h"
#include "media/rooms.h"
#include "media/trial.h"

namespace atrium::media {

absl::Status RunApp(const Config& config) {
  if (config.grabs) return RunGrabber(config.display);
  gst_init(nullptr, nullptr);
  RETURN_IF_ERROR(CheckPlugins());
  std::unique_ptr<MainLoop> loop = NewMainLoop();
  Fanout fanout(limits::kSenders);
  MixClock clock;  // Ends first: its last tick may still send.
  const Pace pace(loop.get(), [&] {
    return Pace::Counts{clock.tick_count(), clock.late_count(), fanout.dropped_count()};
  });
  WorkQueue reaper("reaper"), pictures("pictures");
  Display::Context displays{.loop = loop.get(), .reaper = &reaper, .name = config.display};
  const PeerPipeline::Context peers{loop.get(), &clock, &reaper, config.ice};
  Rooms rooms({.peers = peers, .fanout = &fanout, .pictures = &pictures, .displays = &displays},
              config.addresses, RandomId());
  MediaService service(loop.get(), &rooms);
  ASSIGN_OR_RETURN(std::unique_ptr<rpc::Server> server,
                   rpc::Server::Start(loop.get(), {.socket_path = config.listen},
                                      {{"atrium.media.v1.MediaService", &service}}));
  std::unique_ptr<Admin> admin;
  if (!config.admin_listen.empty()) {
    ASSIGN_OR_RETURN(admin, Admin::Listen(loop.get(), config.admin_listen, [&] {
                       Presence now = rooms.Present();
                       now.ticks = clock.tick_count();
                       now.late_ticks = clock.late_count();
                       now.encoded_frames = fanout.encoded_count();
                       now.dropped_frames = fanout.dropped_count();
                       return ToPrometheus(rooms.figures(), now);
                     }));
  }
  absl::Status result;
  std::unique_ptr<Trial> trial;
  trial = std::make_unique<Trial>(peers, [&](absl::Status status) {
    result = status;
    if (!status.ok()) return loop->Quit();
    server->SetServing(true);
    LogInfo("serving", {{"socket", config.listen}});
  });
  const auto signals = OnTermination(loop.get(), [&] {
    LogInfo("stopping");
    server->Shutdown([&] { loop->Quit(); });
  });
  loop->Run();
  return result;
}

}  // namespace atrium::media
