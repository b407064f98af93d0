#include "common/log.h"
#include "common/process.h"
#include "control/app.h"
#include "control/config.h"

int main(int argc, char** argv) {
  const auto config = atrium::control::ReadConfig(argc, argv);
  if (!config.ok()) return atrium::FailToStart(config.status());
  atrium::InitLog("control", config->log_level);
  atrium::PrepareProcess();
  const absl::Status status = atrium::control::RunApp(*config);
  return status.ok() ? 0 : atrium::FailToStart(status);
}
