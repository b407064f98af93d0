#include "gateway/ws/handshake.h"

#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "common/errors.h"

namespace atrium::gateway::ws {
namespace {

constexpr size_t kKeyBytes = 16;

// Whether a comma-separated list holds a token, in any case.
bool Holds(std::string_view list, std::string_view token) {
  for (const auto part : absl::StrSplit(absl::string_view(list.data(), list.size()), ',')) {
    if (absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(part),
                               absl::string_view(token.data(), token.size()))) {
      return true;
    }
  }
  return false;
}

// Base64 of 16 bytes, padded.
bool IsKey(const std::string& key) {
  std::string bytes;
  return key.size() == 24 && absl::Base64Unescape(key, &bytes) && bytes.size() == kKeyBytes;
}

absl::Status UpgradeNeeded(std::string_view message) {
  return MakeError(absl::StatusCode::kFailedPrecondition, message, {.reason = "UPGRADE_REQUIRED"});
}

}  // namespace

absl::Status CheckHandshake(const Handshake& handshake) {
  if (!Holds(handshake.upgrade, "websocket")) {
    return UpgradeNeeded("This path is for WebSockets: upgrade");
  }
  if (handshake.method != "GET") return BadField("method", "must be GET to upgrade");
  if (!handshake.http_1_1) return BadField("version", "must be HTTP/1.1 to upgrade");
  if (handshake.host.empty()) return MissingField("Host");
  if (!Holds(handshake.connection, "upgrade")) return BadField("Connection", "must hold Upgrade");
  if (handshake.version != "13") return UpgradeNeeded("Sec-WebSocket-Version must be 13");
  if (!IsKey(handshake.key)) {
    return BadField("Sec-WebSocket-Key", "must be the base64 of 16 bytes");
  }
  return absl::OkStatus();
}

}  // namespace atrium::gateway::ws
