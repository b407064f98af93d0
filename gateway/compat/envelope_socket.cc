#include "gateway/compat/envelope_socket.h"

#include <utility>

#include "common/errors.h"
#include "common/proto_time.h"
#include "common/random.h"
#include "common/status_macros.h"
#include "gateway/limits.h"

namespace atrium::gateway::compat {

using atrium::v1::JoinRequest;
using atrium::v1::JoinResponse;

namespace {

constexpr char kInterrupt[] = "\x03";
constexpr char kClear[] = "\x0c";

}  // namespace

void EnvelopeSocket::Reply(Envelope::Type type, const std::string& message_id, Json payload) {
  const Envelope envelope{type, id(), message_id, std::move(payload)};
  connection()->SendText(MakeEnvelope(envelope, loop()->Now()));
}

void EnvelopeSocket::SayAttached(const Tab& tab) {
  Reply(Envelope::Type::kControl, RandomId(),
        {{"action", "connected"},
         {"parameters", {{"cols", tab.size().columns()}, {"rows", tab.size().rows()}}}});
}

void EnvelopeSocket::SaySize(const atrium::v1::TerminalSize& size) {
  Reply(Envelope::Type::kControl, RandomId(),
        {{"action", "resize"}, {"parameters", {{"cols", size.columns()}, {"rows", size.rows()}}}});
}

void EnvelopeSocket::SayError(std::string_view message) {
  Reply(Envelope::Type::kControl, RandomId(), {{"action", "error"}, {"error", message}});
}

bool EnvelopeSocket::SayBytes(FeedItem item, ws::Piece* piece) {
  std::string text;
  if (item.kind == FeedItem::Kind::kScreen && item.first) text = "\x1b" "c";
  for (const grpc::Slice& slice : item.data) {
    text += text_.Add({reinterpret_cast<const char*>(slice.begin()), slice.size()});
  }
  if (text.empty()) return false;
  const Envelope envelope{Envelope::Type::kOutput, id(), RandomId(), std::move(text)};
  piece->opcode = ws::Opcode::kText;
  piece->header = MakeEnvelope(envelope, loop()->Now());
  return true;
}

absl::Status EnvelopeSocket::HearText(const std::string& text) {
  std::string message_id;
  const absl::StatusOr<Envelope> envelope = ParseEnvelope(text, &message_id);
  absl::Status status = envelope.status();
  if (status.ok()) status = Hear(*envelope, text);
  if (status.ok() || message_id.empty()) return status;
  const auto type = envelope.ok() ? envelope->type : Envelope::Type::kControl;
  Reply(type, message_id,
        {{"error", std::string(status.message())}, {"field", DetailsOf(status).field}});
  return absl::OkStatus();
}

absl::Status EnvelopeSocket::Hear(const Envelope& envelope, const std::string& text) {
  if (envelope.type == Envelope::Type::kHeartbeat) {
    Reply(Envelope::Type::kHeartbeat, envelope.message_id, Json::object());
    return absl::OkStatus();
  }
  if (id().empty()) return HoldUntilAttached({ws::Opcode::kText, text});
  if (envelope.session_id != id()) {
    return BadField("sessionId", "is not this socket's terminal");
  }
  return envelope.type == Envelope::Type::kCommand ? Start(envelope) : Act(envelope);
}

absl::Status EnvelopeSocket::Act(const Envelope& envelope) {
  ASSIGN_OR_RETURN(const std::string action,
                   StringOf(envelope.payload, "action", "payload", /*required=*/true));
  if (action == "resize") {
    auto parameters = envelope.payload.find("parameters");
    if (parameters == envelope.payload.end()) return MissingField("payload.parameters");
    RETURN_IF_ERROR(ResizeTo(*parameters, "payload.parameters"));
  } else if (action == "interrupt") {
    RETURN_IF_ERROR(TypeNext(tab(), kInterrupt));
  } else if (action == "clear") {
    RETURN_IF_ERROR(TypeNext(tab(), kClear));
  } else if (action != "disconnect") {
    return BadField("payload.action", "must be resize, interrupt, clear or disconnect");
  }
  Reply(Envelope::Type::kControl, envelope.message_id, {{"action", action}, {"ok", true}});
  if (action == "disconnect") Close(ws::kNormal, "as asked");
  return absl::OkStatus();
}

// At the terminal's own prompt. A working directory gets a tab of its own, and so
// does an environment, which only a new shell can have.
absl::Status EnvelopeSocket::Start(const Envelope& envelope) {
  ASSIGN_OR_RETURN(const Command command, ParseCommand(envelope.payload));
  RETURN_IF_ERROR(SpendWord());
  if (runs_.size() >= limits::kCompatRuns) {
    return TooMany("commands under way", limits::kCompatRuns, absl::Seconds(1));
  }
  Run run{.message_id = envelope.message_id, .command = command.command};
  if (!command.environment.empty()) {
    MakeTab(command, std::move(run));
  } else {
    RunIn(command.working_directory.empty() ? tab() : "", command.working_directory,
          std::move(run));
  }
  return absl::OkStatus();
}

void EnvelopeSocket::MakeTab(const Command& command, Run run) {
  JoinRequest request;
  request.set_request_id(NextRequest());
  auto* create = request.mutable_create_tab();
  create->set_working_directory(command.working_directory);
  for (const auto& [name, value] : command.environment) {
    (*create->mutable_environment())[name] = value;
  }
  run.making_tab = true;
  runs_[request.request_id()] = std::move(run);
  link()->Send(request);
}

void EnvelopeSocket::RunIn(const std::string& tab, const std::string& working_directory, Run run) {
  JoinRequest request;
  request.set_request_id(NextRequest());
  auto* command = request.mutable_run_command();
  command->set_parent(room());
  command->set_command(run.command);
  command->set_tab(tab);
  command->set_working_directory(working_directory);
  run.making_tab = false;
  runs_[request.request_id()] = std::move(run);
  link()->Send(request);
}

void EnvelopeSocket::OnOutcome(const JoinResponse::Outcome& outcome) {
  auto node = runs_.extract(outcome.request_id());
  if (node.empty()) return TerminalSocket::OnOutcome(outcome);
  Run run = std::move(node.mapped());
  if (run.making_tab && outcome.code() == 0) {
    run.own_tab = outcome.tab().name();
    const std::string tab = run.own_tab;
    return RunIn(tab, "", std::move(run));
  }
  Finish(run, outcome);
}

void EnvelopeSocket::Finish(const Run& run, const JoinResponse::Outcome& outcome) {
  if (!run.own_tab.empty()) {
    JoinRequest request;
    request.mutable_delete_tab()->set_name(run.own_tab);
    link()->Send(request);
  }
  if (outcome.code() != 0) {
    return Reply(Envelope::Type::kCommand, run.message_id,
                 {{"command", run.command},
                  {"error", outcome.message()},
                  {"reason", outcome.reason()},
                  {"field", outcome.field()}});
  }
  const auto& done = outcome.run();
  ws::Utf8Repairer output;
  const int64_t duration_ms = done.duration().seconds() * 1000 + done.duration().nanos() / 1000000;
  Reply(Envelope::Type::kCommand, run.message_id,
        {{"command", run.command},
         {"exitCode", done.exit_code()},
         {"output", output.Add(done.output())},
         {"truncated", done.truncated()},
         {"durationMs", duration_ms}});
}

}  // namespace atrium::gateway::compat
