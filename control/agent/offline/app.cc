#include "control/agent/offline/app.h"

#include "common/log.h"
#include "common/process.h"
#include "common/status_macros.h"
#include "control/agent/offline/recognizer.h"
#include "control/agent/offline/server.h"
#include "control/agent/offline/voice.h"

namespace atrium::agent {

absl::Status RunApp(const Config& config) {
  std::unique_ptr<MainLoop> loop = NewMainLoop();
  ASSIGN_OR_RETURN(std::unique_ptr<Recognizer> recognizer, Recognizer::Create());
  ASSIGN_OR_RETURN(std::unique_ptr<Voice> voice, Voice::Create());
  Server server(loop.get(), recognizer.get(), voice.get(),
                {.path = config.listen, .session_life = config.session_life});
  RETURN_IF_ERROR(server.Listen());
  LogInfo("serving", {{"socket", config.listen}});
  const auto signals = OnTermination(loop.get(), [&] { loop->Quit(); });
  loop->Run();
  return absl::OkStatus();
}

}  // namespace atrium::agent
