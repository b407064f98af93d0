#include "terminal/host_service.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "common/rpc/stream.h"
#include "common/rpc/unary.h"
#include "terminal/attach_stream.h"
#include "terminal/errors.h"
#include "terminal/limits.h"

namespace atrium::terminal {

using atrium::v1::ReadScreenRequest;
using atrium::v1::ReadScreenResponse;

namespace {

constexpr int kMaxScrollbackLines = 10000;
constexpr int kDefaultReadBytes = 1 << 20;
constexpr int kMaxReadBytes = 3 << 20;

// Control's stream. Owns itself: ends with its stream.
class DriveStream final : public Host::Driver, public std::enable_shared_from_this<DriveStream> {
 public:
  using Stream = rpc::ServerStream<v1::DriveRequest, v1::DriveResponse>;

  DriveStream(Host* host, Stream* stream) : host_(host), stream_(stream) {}

  static void Serve(Host* host, Stream* stream) {
    auto self = std::make_shared<DriveStream>(host, stream);
    stream->on_message = [self](v1::DriveRequest& request) { self->OnMessage(request); };
    stream->on_closed = [self] {
      self->host_->Leave(self.get());
      self->stream_ = nullptr;
    };
  }

  void OnStatus(const v1::TerminalStatus& status) override {
    v1::DriveResponse response;
    *response.mutable_terminal() = status;
    Send(std::move(response));
  }
  void OnTyped(const std::string& tab, const std::string& participant) override {
    v1::DriveResponse response;
    response.mutable_typed()->set_tab(tab);
    response.mutable_typed()->set_participant(participant);
    Send(std::move(response));
  }
  void OnHostStatus(const v1::HostStatus& status) override {
    v1::DriveResponse response;
    *response.mutable_host_status() = status;
    Send(std::move(response));
  }
  void OnCommandEnd(const v1::CommandEnd& end) override {
    v1::DriveResponse response;
    *response.mutable_command_end() = end;
    Send(std::move(response));
  }
  void OnReplaced(absl::Status why) override {
    if (stream_ != nullptr) stream_->Finish(why);
  }

 private:
  void OnMessage(const v1::DriveRequest& request) {
    v1::DriveResponse response;
    if (request.has_hello() && !driving_) {
      const absl::Status status = host_->TakeOver(this, request.hello().fence());
      if (!status.ok()) return stream_->Finish(status);
      driving_ = true;
      *response.mutable_inventory() = host_->Inventory();
      Send(std::move(response));
      return host_->TellMissed();
    } else if (request.has_plan() && driving_) {
      *response.mutable_plan_status() = host_->Apply(request.plan());
    } else {
      return stream_->Finish(FirstMessageMustBe("hello"));
    }
    Send(std::move(response));
  }
  void Send(v1::DriveResponse response) {
    if (stream_ != nullptr) stream_->Write(std::move(response));
  }

  // Given.
  Host* const host_;
  Stream* stream_;  // Null once it ended.
  // State.
  bool driving_ = false;
};

}  // namespace

grpc::ServerBidiReactor<v1::DriveRequest, v1::DriveResponse>* HostService::Drive(
    grpc::CallbackServerContext*) {
  return new DriveStream::Stream(
      loop_, [this](DriveStream::Stream* stream) { DriveStream::Serve(host_, stream); });
}

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* HostService::Attach(
    grpc::CallbackServerContext*) {
  return new AttachStream::Stream(
      loop_, [this](AttachStream::Stream* stream) { AttachStream::Serve(loop_, host_, stream); });
}

grpc::ServerUnaryReactor* HostService::ReadScreen(grpc::CallbackServerContext* context,
                                                  const ReadScreenRequest* request,
                                                  ReadScreenResponse* response) {
  return rpc::Serve<ReadScreenResponse>(loop_, context, response, [this, request](auto reply) {
    Terminal* terminal = host_->Find(request->tab());
    if (terminal == nullptr) return reply(NoSuchTerminal(request->tab()));
    const int lines = std::clamp(request->scrollback_lines(), 0, kMaxScrollbackLines);
    if (request->format() == ReadScreenRequest::CELLS) {
      return terminal->ReadCells(lines, [reply](auto cells) { reply(std::move(cells)); });
    }
    terminal->ReadScreen(lines, request->format() == ReadScreenRequest::VT,
                         [reply](ScreenText text) {
                           ReadScreenResponse answer;
                           answer.set_text(std::move(text.text));
                           answer.set_offset(text.offset);
                           answer.mutable_size()->set_columns(text.size.columns);
                           answer.mutable_size()->set_rows(text.size.rows);
                           answer.set_cursor_column(text.cursor_column);
                           answer.set_cursor_row(text.cursor_row);
                           answer.set_title(std::move(text.title));
                           answer.set_application_cursor_keys(text.application_cursor_keys);
                           answer.set_alternate_screen(text.alternate_screen);
                           reply(std::move(answer));
                         });
  });
}

grpc::ServerUnaryReactor* HostService::ReadOutput(grpc::CallbackServerContext* context,
                                                  const v1::ReadOutputRequest* request,
                                                  v1::ReadOutputResponse* response) {
  return rpc::Serve<v1::ReadOutputResponse>(loop_, context, response, [this, request](auto reply) {
    Terminal* terminal = host_->Find(request->tab());
    if (terminal == nullptr) return reply(NoSuchTerminal(request->tab()));
    const OutputLog& log = terminal->log();
    int64_t at = request->offset() < 0 ? log.start() : std::min(request->offset(), log.end());
    if (at < log.start()) return reply(OutputNotKept(at, log.start()));
    v1::ReadOutputResponse answer;
    answer.set_offset(at);
    answer.set_start_offset(log.start());
    answer.set_end_offset(log.end());
    const int64_t asked = std::clamp(request->limit(), 0, kMaxReadBytes);
    const int64_t limit = asked == 0 ? kDefaultReadBytes : asked;
    if (request->newest()) {
      at = std::max(log.start(), log.end() - limit);
      answer.set_offset(at);
    }
    const int64_t stop = std::min(log.end(), at + limit);
    while (at < stop) {
      const std::string_view bytes = log.Peek(at, static_cast<size_t>(stop - at));
      answer.mutable_data()->append(bytes);
      at += static_cast<int64_t>(bytes.size());
    }
    reply(std::move(answer));
  });
}

grpc::ServerUnaryReactor* HostService::WaitForOutput(
    grpc::CallbackServerContext*, const atrium::v1::WaitForOutputRequest* request,
    atrium::v1::WaitForOutputResponse* response) {
  return rpc::ServeWait(loop_, response, [this, request](auto reply) -> rpc::Cancel {
    const int64_t id = host_->WaitForOutput(*request, std::move(reply));
    return [this, id] { host_->CancelWait(id); };
  });
}

grpc::ServerUnaryReactor* HostService::ListCommands(grpc::CallbackServerContext* context,
                                                    const atrium::v1::ListCommandsRequest* request,
                                                    atrium::v1::ListCommandsResponse* response) {
  return rpc::Serve<atrium::v1::ListCommandsResponse>(
      loop_, context, response, [this, request](auto reply) {
        Terminal* terminal = host_->Find(request->tab());
        if (terminal == nullptr) return reply(NoSuchTerminal(request->tab()));
        reply(terminal->commands().List(*request));
      });
}

grpc::ServerUnaryReactor* HostService::RunAtPrompt(grpc::CallbackServerContext*,
                                                   const v1::RunAtPromptRequest* request,
                                                   v1::RunAtPromptResponse* response) {
  return rpc::ServeWait(loop_, response, [this, request](auto reply) -> rpc::Cancel {
    const int64_t id = host_->RunAtPrompt(*request, std::move(reply));
    return [this, id] { host_->CancelRun(id); };
  });
}

grpc::ServerUnaryReactor* HostService::WriteInput(grpc::CallbackServerContext* context,
                                                  const v1::WriteInputRequest* request,
                                                  v1::WriteInputResponse* response) {
  return rpc::Serve<v1::WriteInputResponse>(loop_, context, response, [this, request](auto reply) {
    const auto write = [this, reply](const v1::WriteInputRequest& wanted) {
      const absl::StatusOr<bool> known =
          host_->WriteOnce(wanted.tab(), wanted.write_id(), wanted.data(), wanted.condition());
      if (!known.ok()) {
        host_->figures().CountRefusal(known.status());
        return reply(known.status());
      }
      v1::WriteInputResponse answer;
      answer.set_known(*known);
      reply(std::move(answer));
    };
    if (!request->has_condition()) return write(*request);
    host_->WhenDrawn(request->tab(), [write, wanted = *request] { write(wanted); });
  });
}

}  // namespace atrium::terminal
