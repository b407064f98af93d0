// What the terminal process tells of itself, as text.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/errors.h"
#include "terminal/figures.h"

namespace atrium::terminal {
namespace {

using testing::HasSubstr;

TEST(TerminalFiguresTextTest, X5_N3EveryFigureHasItsNameItsKindAndItsLabel) {
  Figures figures;
  figures.streams = {{"lossless", 1}, {"shared", 2}};
  figures.output_bytes = 1000;
  figures.snapshots = 7;
  figures.inexact_snapshots = 2;
  figures.retaken_snapshots = 3;
  figures.pauses = {{"parser", 4}};
  figures.paused = {{"parser", absl::Milliseconds(1500)}};
  figures.ended_by_bounds = {{"memory", 1}};
  figures.CountRefusal(BadField("data", "is wrong"));
  figures.CountRefusal(absl::InternalError("of no kind"));
  Presence now;
  now.terminals = {{"RUNNING", 5}};
  now.pausing = {{"lossless", 1}};
  now.pausing_for = {{"lossless", absl::Seconds(2)}, {"parser", absl::Seconds(1)}};
  now.screen_lag_bytes = 30;
  now.worst_screen_lag_bytes = 20;
  now.memory_bytes = 5;
  now.memory_limit_bytes = 9;
  const std::string text = ToPrometheus(figures, now);
  for (const char* line :
       {"# TYPE atrium_terminal_terminals gauge\n",
        "atrium_terminal_terminals{state=\"RUNNING\"} 5\n",
        "atrium_terminal_streams{kind=\"lossless\"} 1\n",
        "atrium_terminal_output_bytes_total 1000\n",
        "# TYPE atrium_terminal_snapshots_total counter\n", "atrium_terminal_snapshots_total 7\n",
        "atrium_terminal_inexact_snapshots_total 2\n",
        "atrium_terminal_retaken_snapshots_total 3\n",
        "atrium_terminal_input_refused_total{reason=\"BAD_FIELD\"} 1\n",
        "atrium_terminal_input_refused_total{reason=\"OTHER\"} 1\n",
        "atrium_terminal_screen_lag_bytes 30\n", "atrium_terminal_worst_screen_lag_bytes 20\n",
        "atrium_terminal_paused{by=\"lossless\"} 1\n",
        "atrium_terminal_pauses_total{by=\"parser\"} 4\n",
        "atrium_terminal_paused_seconds_total{by=\"lossless\"} 2\n",
        "atrium_terminal_paused_seconds_total{by=\"parser\"} 2.5\n",
        "atrium_terminal_memory_bytes 5\n", "atrium_terminal_memory_limit_bytes 9\n",
        "atrium_terminal_bound_ended_total{bound=\"memory\"} 1\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

}  // namespace
}  // namespace atrium::terminal
