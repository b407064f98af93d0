#include "common/log.h"
#include "common/process.h"
#include "media/app.h"
#include "media/config.h"

int main(int argc, char** argv) {
  const auto config = atrium::media::ReadConfig(argc, argv);
  if (!config.ok()) return atrium::FailToStart(config.status());
  atrium::InitLog("media", config->log_level);
  atrium::PrepareProcess();
  const absl::Status status = atrium::media::RunApp(*config);
  return status.ok() ? 0 : atrium::FailToStart(status);
}
