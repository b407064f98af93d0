#include "control/agent/providers.h"

namespace atrium::control {

absl::StatusOr<std::unique_ptr<ProviderFactory>> MakeProviders(Loop*, const Config&) {
  return std::unique_ptr<ProviderFactory>();
}

}  // namespace atrium::control
