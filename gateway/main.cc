#include "common/log.h"
#include "common/process.h"
#include "gateway/app.h"
#include "gateway/config.h"

int main(int argc, char** argv) {
  const auto config = atrium::gateway::ReadConfig(argc, argv);
  if (!config.ok()) return atrium::FailToStart(config.status());
  atrium::InitLog("gateway", config->log_level);
  atrium::PrepareProcess();
  const absl::Status status = atrium::gateway::RunApp(*config);
  return status.ok() ? 0 : atrium::FailToStart(status);
}
