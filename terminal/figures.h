// Figures is what the terminal process counts about itself, for /metrics (X5, N3): how
// much and how long; never who, and nothing of what was typed or shown. Pure.
//
// On the loop.
#ifndef ATRIUM_TERMINAL_FIGURES_H_
#define ATRIUM_TERMINAL_FIGURES_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace atrium::terminal {

// Since the program began; an upgrade begins at 0.
struct Figures {
  // Streams of output that are open now: "shared" by pages, or "lossless".
  std::map<std::string, int64_t> streams;
  // Bytes that programs wrote, and that they took of what was typed.
  int64_t output_bytes = 0, input_bytes = 0;
  // Pieces of input that were dropped as somebody else drives; that were refused, by reason.
  int64_t input_dropped = 0;
  std::map<std::string, int64_t> input_refused;
  // Snapshots of screens: taken, inexact ones among them, and how often another was taken
  // because one was inexact.
  int64_t snapshots = 0, inexact_snapshots = 0, retaken_snapshots = 0;
  // By who let programs wait, "parser" or "lossless": how often, and how long those waits
  // that are over.
  std::map<std::string, int64_t> pauses;
  std::map<std::string, absl::Duration> paused;
  // LOSSLESS readers that held a program for too long and were ended.
  int64_t lossless_ended = 0;
  // Commands that shells told of.
  int64_t commands = 0;
  // Terminals that were ended as they went over a bound, by bound.
  std::map<std::string, int64_t> ended_by_bounds;
  // How often what is typed could no longer be written down.
  int64_t audit_problems = 0;

  void CountRefusal(const absl::Status& why);
};

// What there is at this moment.
struct Presence {
  std::map<std::string, int64_t> terminals;  // By state.
  int64_t attachments = 0;
  // Output that screens have not taken in: of all, and of the one that is most behind.
  int64_t screen_lag_bytes = 0, worst_screen_lag_bytes = 0;
  // Programs that wait, by who lets them, and for how long they have.
  std::map<std::string, int64_t> pausing;
  std::map<std::string, absl::Duration> pausing_for;
  // Of what runs in the terminals, when it was last looked at; 0: any.
  int64_t memory_bytes = 0, memory_limit_bytes = 0;
  int64_t audit_lost = 0;  // Lines.
};

// As Prometheus reads it, text format 0.0.4.
std::string ToPrometheus(const Figures& figures, const Presence& now);

}  // namespace atrium::terminal

#endif  // ATRIUM_TERMINAL_FIGURES_H_
