#include "gateway/figures.h"

#include "common/str_cat.h"
#include "gateway/limits.h"

namespace atrium::gateway {
namespace {

void Head(std::string* out, const char* name, const char* type, const char* help) {
  *out += StrCat("# HELP atrium_gateway_", name, " ", help, "\n# TYPE atrium_gateway_", name, " ",
                 type, "\n");
}

void One(std::string* out, const char* name, const char* type, const char* help, int64_t value) {
  Head(out, name, type, help);
  *out += StrCat("atrium_gateway_", name, " ", value, "\n");
}

// Label values are our own constants; they hold nothing that must be escaped.
void Each(std::string* out, const char* name, const char* type, const char* help,
          const char* label, const std::map<std::string, int64_t>& values) {
  Head(out, name, type, help);
  for (const auto& [key, value] : values) {
    *out += StrCat("atrium_gateway_", name, "{", label, "=\"", key, "\"} ", value, "\n");
  }
}

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
  std::string out;
  Each(&out, "connections", "gauge", "WebSockets open now.", "kind", f.sockets);
  Each(&out, "requests_total", "counter", "HTTP requests.", "route", f.requests);
  Each(&out, "refused_total", "counter", "Requests and messages refused.", "reason", f.refused);
  One(&out, "received_bytes_total", "counter", "Bytes read from WebSockets.", f.bytes_in);
  One(&out, "sent_bytes_total", "counter", "Bytes written to WebSockets.", f.bytes_out);
  One(&out, "snapshots_total", "counter", "Snapshots of screens sent.", f.snapshots);
  One(&out, "skips_total", "counter", "Viewers that skipped to a snapshot.", f.skips);
  One(&out, "stalled_total", "counter", "Sockets closed because nothing was read.", f.stalled);
  One(&out, "lag_bytes", "gauge", "Output that viewers have not taken in.", f.lag_bytes);
  One(&out, "worst_lag_bytes", "gauge", "The same, of the slowest viewer.", f.worst_lag_bytes);
  One(&out, "partial_bytes", "gauge", "Messages that have not wholly come.", f.partial_bytes);
  return out;
}

}  // namespace atrium::gateway
