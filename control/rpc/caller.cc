#include "control/rpc/caller.h"

#include <algorithm>
#include <chrono>
#include <string_view>

namespace atrium::control {

std::string BearerOf(const grpc::CallbackServerContext& context) {
  constexpr std::string_view kPrefix = "Bearer ";
  auto it = context.client_metadata().find("authorization");
  if (it == context.client_metadata().end()) return "";
  const std::string_view value(it->second.data(), it->second.size());
  if (value.substr(0, kPrefix.size()) != kPrefix) return "";
  return std::string(value.substr(kPrefix.size()));
}

absl::Duration PatienceOf(const grpc::CallbackServerContext& context, absl::Duration most) {
  const auto left = context.deadline() - std::chrono::system_clock::now();
  return std::clamp(absl::FromChrono(left), absl::ZeroDuration(), most);
}

}  // namespace atrium::control
