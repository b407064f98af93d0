#include "terminal/command_table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "common/errors.h"
#include "common/proto_time.h"
#include "common/str_cat.h"
#include "terminal/limits.h"

namespace atrium::terminal {

using atrium::v1::Command;
using atrium::v1::ListCommandsRequest;
using atrium::v1::ListCommandsResponse;

void CommandTable::Start(std::string text, int64_t offset, Moment now) {
  if (started_) Close(offset, now);
  Command command;
  command.set_number(++last_number_);
  command.set_text(std::move(text));
  command.set_start_offset(offset);
  *command.mutable_start_time() = ToProtoTime(now.wall);
  commands_.push_back(std::move(command));
  if (commands_.size() > limits::kCommands) commands_.pop_front();
  started_ = now.monotonic;
}

const Command* CommandTable::End(int exit_code, int64_t offset, Moment now) {
  if (!started_) return nullptr;
  Close(offset, now);
  commands_.back().set_exit_code(std::clamp(exit_code, 0, 255));
  return &commands_.back();
}

void CommandTable::Close(int64_t offset, Moment now) {
  Command& command = commands_.back();
  command.set_end_offset(offset);
  *command.mutable_duration() = ToProtoDuration(now.monotonic - *started_);
  started_.reset();
}

const Command* CommandTable::LastEnded() const {
  const size_t ended = commands_.size() - (started_ ? 1 : 0);
  return ended == 0 ? nullptr : &commands_[ended - 1];
}

absl::StatusOr<ListCommandsResponse> CommandTable::List(const ListCommandsRequest& request) const {
  if (request.page_size() < 0) return BadField("page_size", "is negative");
  int64_t before = last_number_ + 1;
  if (!request.page_token().empty() &&
      (!absl::SimpleAtoi(request.page_token(), &before) || before < 1)) {
    return BadField("page_token", "is not one of an answer before");
  }
  const int wanted = request.page_size() == 0
                         ? limits::kCommandsPageDefault
                         : std::min(request.page_size(), limits::kCommandsPageMost);
  ListCommandsResponse response;
  for (auto command = commands_.rbegin(); command != commands_.rend(); ++command) {
    if (command->number() >= before) continue;
    if (response.commands_size() == wanted) {
      response.set_next_page_token(StrCat(response.commands(wanted - 1).number()));
      break;
    }
    *response.add_commands() = *command;
  }
  return response;
}

std::optional<absl::Duration> CommandTable::RunningFor(Moment now) const {
  if (!started_) return std::nullopt;
  return now.monotonic - *started_;
}

void CommandTable::Restore(std::deque<Command> commands,
                           std::optional<absl::Duration> running_for, Moment now) {
  commands_ = std::move(commands);
  last_number_ = commands_.empty() ? 0 : commands_.back().number();
  started_.reset();
  if (running_for) started_ = now.monotonic - *running_for;
}

}  // namespace atrium::terminal
