// Figures is what the gateway counts about itself, for /metrics (X5, N3). Pure.
//
// On the loop.
#ifndef ATRIUM_GATEWAY_FIGURES_H_
#define ATRIUM_GATEWAY_FIGURES_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace atrium::gateway {

struct Figures {
  // Sockets open now, by kind: "join", "buffers", "input", "terminal", and
  // "call", which is one without a socket (V4).
  std::map<std::string, int64_t> sockets;
  // Requests so far, by route; what no route took counts as "other".
  std::map<std::string, int64_t> requests;
  // Requests and messages that were refused, by reason; see CountRefusal().
  std::map<std::string, int64_t> refused;
  // Over WebSockets, frames included.
  int64_t bytes_in = 0, bytes_out = 0;
  // Snapshots of screens that were sent to the end.
  int64_t snapshots = 0;
  // How often a viewer fell too far behind and went on from a snapshot.
  int64_t skips = 0;
  // Sockets that were closed because nothing of them was read for long.
  int64_t stalled = 0;
  // Bytes of output that viewers have not taken in, when they were last looked at:
  // of all, and of the slowest.
  int64_t lag_bytes = 0, worst_lag_bytes = 0;
  // Bytes of messages that have not wholly come yet, of all sockets.
  int64_t partial_bytes = 0;

  // Reasons come from statuses; so that nobody can make up names without end, at
  // most kRefusalReasons are told apart and the rest counts as "OTHER".
  void CountRefusal(std::string_view reason);
};

// As Prometheus reads it, text format 0.0.4.
std::string ToPrometheus(const Figures& figures);

}  // namespace atrium::gateway

#endif  // ATRIUM_GATEWAY_FIGURES_H_
