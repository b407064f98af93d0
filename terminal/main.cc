#include "common/log.h"
#include "common/process.h"
#include "terminal/app.h"
#include "terminal/config.h"

int main(int argc, char** argv) {
  const auto config = atrium::terminal::ReadConfig(argc, argv);
  if (!config.ok()) return atrium::FailToStart(config.status());
  atrium::InitLog("terminal", config->log_level);
  atrium::PrepareProcess();
  const absl::Status status = atrium::terminal::RunApp(*config);
  return status.ok() ? 0 : atrium::FailToStart(status);
}
