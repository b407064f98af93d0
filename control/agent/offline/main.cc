#include "common/log.h"
#include "common/process.h"
#include "control/agent/offline/app.h"
#include "control/agent/offline/config.h"

int main(int argc, char** argv) {
  const auto config = atrium::agent::ReadConfig(argc, argv);
  if (!config.ok()) return atrium::FailToStart(config.status());
  atrium::InitLog("agent", config->log_level);
  atrium::PrepareProcess();
  const absl::Status status = atrium::agent::RunApp(*config);
  return status.ok() ? 0 : atrium::FailToStart(status);
}
