// Guard says which Hosts and Origins may use this server (S1): exactly those of
// loopback at our port, and those that were configured. Pure.
#ifndef ATRIUM_GATEWAY_HTTP_GUARD_H_
#define ATRIUM_GATEWAY_HTTP_GUARD_H_

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace atrium::gateway {

class Guard {
 public:
  Guard(int port, const std::vector<std::string>& origins);

  absl::Status CheckHost(std::string_view host) const;
  // An empty origin is refused; callers decide where one may be absent.
  absl::Status CheckOrigin(std::string_view origin) const;
  // The Host is loopback's own, so that no name of somebody's resolves to us.
  bool IsLoopbackHost(std::string_view host) const;
  // The configured ones that lead here from elsewhere, in their order.
  const std::vector<std::string>& public_origins() const { return public_origins_; }

 private:
  std::set<std::string, std::less<>> hosts_, origins_, loopback_hosts_;
  std::vector<std::string> public_origins_;
};

}  // namespace atrium::gateway

#endif  // ATRIUM_GATEWAY_HTTP_GUARD_H_
