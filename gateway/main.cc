#include <malloc.h>

#include "common/log.h"
#include "common/process.h"
#include "gateway/app.h"
#include "gateway/config.h"

namespace {

// What one thread of gRPC takes in is let go by another: with a heap for each thread a flood
// leaves twice the memory behind that it ever used (S5, R18).
constexpr int kHeaps = 2;

}  // namespace

int main(int argc, char** argv) {
  mallopt(M_ARENA_MAX, kHeaps);
  const auto config = atrium::gateway::ReadConfig(argc, argv);
  if (!config.ok()) return atrium::FailToStart(config.status());
  atrium::InitLog("gateway", config->log_level);
  atrium::PrepareProcess();
  const absl::Status status = atrium::gateway::RunApp(*config);
  return status.ok() ? 0 : atrium::FailToStart(status);
}
