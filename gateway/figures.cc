#include "gateway/figures.h"

#include "common/exposition.h"
#include "gateway/limits.h"

namespace atrium::gateway {
namespace {

bool IsReason(std::string_view reason) {
  return !reason.empty() && reason.size() <= 40 &&
         reason.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == std::string_view::npos;
}

}  // namespace

void Figures::CountRefusal(std::string_view reason) {
  const std::string name(IsReason(reason) ? reason : "OTHER");
  const bool room = refused.count(name) > 0 || refused.size() < limits::kRefusalReasons;
  ++refused[room ? name : "OTHER"];
}

std::string ToPrometheus(const Figures& f) {
  Exposition out("atrium_gateway_");
  out.Each("connections", "gauge", "WebSockets open now.", "kind", f.sockets);
  out.Each("requests_total", "counter", "HTTP requests.", "route", f.requests);
  out.Each("refused_total", "counter", "Requests and messages refused.", "reason", f.refused);
  out.One("received_bytes_total", "counter", "Bytes read from WebSockets.", f.bytes_in);
  out.One("sent_bytes_total", "counter", "Bytes written to WebSockets.", f.bytes_out);
  out.One("snapshots_total", "counter", "Snapshots of screens sent.", f.snapshots);
  out.One("skips_total", "counter", "Viewers that skipped to a snapshot.", f.skips);
  out.One("stalled_total", "counter", "Sockets closed because nothing was read.", f.stalled);
  out.One("lag_bytes", "gauge", "Output that viewers have not taken in.", f.lag_bytes);
  out.One("worst_lag_bytes", "gauge", "The same, of the slowest viewer.", f.worst_lag_bytes);
  out.One("partial_bytes", "gauge", "Messages that have not wholly come.", f.partial_bytes);
  return out.text();
}

}  // namespace atrium::gateway
