#include "gateway/http/guard.h"

#include "absl/strings/match.h"
#include "common/str_cat.h"
#include "gateway/errors.h"

namespace atrium::gateway {

namespace {

// "[::1]:80" -> "[::1]".
std::string_view WithoutPort(std::string_view host) {
  const size_t bracket = host.find(']');
  if (bracket != std::string_view::npos) return host.substr(0, bracket + 1);
  return host.substr(0, host.find(':'));
}

// A name that every machine has for itself.
bool NamesItself(std::string_view host) {
  const std::string name(WithoutPort(host));
  return name == "localhost" || name == "[::1]" || absl::EndsWith(name, ".localhost") ||
         absl::StartsWith(name, "127.");
}

}  // namespace

Guard::Guard(int port, const std::vector<std::string>& origins) {
  for (const char* name : {"localhost", "127.0.0.1", "[::1]"}) {
    const std::string host = StrCat(name, ":", port);
    loopback_hosts_.insert(host);
    hosts_.insert(host);
    origins_.insert(StrCat("http://", host));
    if (port == 80) {
      loopback_hosts_.insert(name);
      hosts_.insert(name);
      origins_.insert(StrCat("http://", name));
    }
  }
  for (const std::string& origin : origins) {
    origins_.insert(origin);
    const size_t scheme = origin.find("://");
    if (scheme == std::string::npos) continue;
    const std::string host = origin.substr(scheme + 3);
    hosts_.insert(host);
    if (!NamesItself(host)) public_origins_.push_back(origin);
  }
}

absl::Status Guard::CheckHost(std::string_view host) const {
  return hosts_.find(host) != hosts_.end() ? absl::OkStatus() : ForeignHost(host);
}

absl::Status Guard::CheckOrigin(std::string_view origin) const {
  return origins_.find(origin) != origins_.end() ? absl::OkStatus() : ForeignOrigin(origin);
}

bool Guard::IsLoopbackHost(std::string_view host) const {
  return loopback_hosts_.find(host) != loopback_hosts_.end();
}

}  // namespace atrium::gateway
