// CommandTable keeps the newest commands that one terminal's shell marked. Pure.
#ifndef ATRIUM_TERMINAL_COMMAND_TABLE_H_
#define ATRIUM_TERMINAL_COMMAND_TABLE_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "atrium/v1/tab.pb.h"

namespace atrium::terminal {

class CommandTable {
 public:
  // When something happened, by the two clocks of a Loop.
  struct Moment {
    absl::Time wall;
    absl::Duration monotonic;
  };

  // A command began; its output does at `offset`. One that still runs has ended.
  void Start(std::string text, int64_t offset, Moment now);
  // The running command ended; null if none runs. `exit_code` is cut to 0-255.
  const atrium::v1::Command* End(int exit_code, int64_t offset, Moment now);
  // The newest that ended; null if there is none.
  const atrium::v1::Command* LastEnded() const;

  // All of them, the oldest first, and for how long the last has run, if it does.
  const std::deque<atrium::v1::Command>& all() const { return commands_; }
  bool running() const { return started_.has_value(); }
  std::optional<absl::Duration> RunningFor(Moment now) const;
  // What RunningFor() and all() told another process.
  void Restore(std::deque<atrium::v1::Command> commands, std::optional<absl::Duration> running_for,
               Moment now);

  // The newest first. INVALID_ARGUMENT: a negative size, or not a token of ours.
  absl::StatusOr<atrium::v1::ListCommandsResponse> List(
      const atrium::v1::ListCommandsRequest& request) const;

 private:
  void Close(int64_t offset, Moment now);

  // State.
  std::deque<atrium::v1::Command> commands_;  // Oldest first; limits::kCommands of them.
  std::optional<absl::Duration> started_;     // Of the last one, while it runs.
  int64_t last_number_ = 0;
};

}  // namespace atrium::terminal

#endif  // ATRIUM_TERMINAL_COMMAND_TABLE_H_
