#include "terminal/figures.h"

#include "common/errors.h"
#include "common/exposition.h"

namespace atrium::terminal {

void Figures::CountRefusal(const absl::Status& why) {
  const std::string reason = DetailsOf(why).reason;
  ++input_refused[reason.empty() ? "OTHER" : reason];
}

std::string ToPrometheus(const Figures& f, const Presence& now) {
  Exposition out("atrium_terminal_");
  out.Each("terminals", "gauge", "Terminals that there are.", "state", now.terminals);
  out.Each("streams", "gauge", "Streams of output that are open.", "kind", f.streams);
  out.One("attachments", "gauge", "Pages and services that may read or type.", now.attachments);
  out.One("output_bytes_total", "counter", "Bytes that programs wrote.", f.output_bytes);
  out.One("input_bytes_total", "counter", "Typed bytes that programs took.", f.input_bytes);
  out.One("input_dropped_total", "counter", "Pieces of input dropped as somebody else drives.",
          f.input_dropped);
  out.Each("input_refused_total", "counter", "Pieces of input refused.", "reason", f.input_refused);
  out.One("snapshots_total", "counter", "Snapshots of screens taken.", f.snapshots);
  out.One("inexact_snapshots_total", "counter", "Of those, not exact.", f.inexact_snapshots);
  out.One("retaken_snapshots_total", "counter", "Tries to take one anew that was not exact.",
          f.retaken_snapshots);
  out.One("screen_lag_bytes", "gauge", "Output that screens have not taken in.",
          now.screen_lag_bytes);
  out.One("worst_screen_lag_bytes", "gauge", "The same, of the screen most behind.",
          now.worst_screen_lag_bytes);
  out.Each("paused", "gauge", "Programs that wait to write on.", "by", now.pausing);
  out.Each("pauses_total", "counter", "How often programs had to wait.", "by", f.pauses);
  std::map<std::string, double> seconds;
  for (const auto& [by, time] : f.paused) seconds[by] += absl::ToDoubleSeconds(time);
  for (const auto& [by, time] : now.pausing_for) seconds[by] += absl::ToDoubleSeconds(time);
  out.EachSeconds("paused_seconds_total", "How long programs had to wait, together.", "by",
                  seconds);
  out.One("lossless_ended_total", "counter", "LOSSLESS readers ended as they were too slow.",
          f.lossless_ended);
  out.One("commands_total", "counter", "Commands that shells told of.", f.commands);
  out.One("memory_bytes", "gauge", "Memory of what runs in the terminals.", now.memory_bytes);
  out.One("memory_limit_bytes", "gauge", "What it may use; 0: any.", now.memory_limit_bytes);
  out.Each("bound_ended_total", "counter", "Terminals ended as they went over a bound.", "bound",
           f.ended_by_bounds);
  out.One("audit_problems_total", "counter", "How often the audit could not be written.",
          f.audit_problems);
  out.One("audit_lost_lines", "gauge", "Lines that the audit misses and has not said.",
          now.audit_lost);
  return out.text();
}

}  // namespace atrium::terminal
