#include "control/links/grpc_host_link.h"

#include <algorithm>
#include <utility>

#include "common/errors.h"
#include "common/proto_time.h"
#include "common/rpc/server.h"
#include "common/rpc/unary.h"
#include "control/limits.h"

namespace atrium::control {

using atrium::terminal::v1::ReadOutputRequest;
using atrium::terminal::v1::ReadOutputResponse;
using atrium::terminal::v1::RunAtPromptRequest;
using atrium::terminal::v1::RunAtPromptResponse;
using atrium::terminal::v1::WriteInputRequest;
using atrium::terminal::v1::WriteInputResponse;
using atrium::v1::ListCommandsRequest;
using atrium::v1::ListCommandsResponse;
using atrium::v1::ReadScreenRequest;
using atrium::v1::ReadScreenResponse;
using atrium::v1::WaitForOutputRequest;
using atrium::v1::WaitForOutputResponse;

namespace {

constexpr absl::Duration kShortCall = absl::Seconds(5);
// For how long a host that cannot be reached is asked again, and how often.
constexpr absl::Duration kInsistence = absl::Seconds(40);
constexpr absl::Duration kPause = absl::Milliseconds(100);
// A request that was under way for longer had reached it.
constexpr absl::Duration kReached = absl::Seconds(5);

// Of gRPC's own making: what processes say has a reason.
bool IsLost(const absl::Status& status) {
  return absl::IsUnavailable(status) && DetailsOf(status).reason.empty();
}

template <typename Response>
auto Named(std::function<void(absl::StatusOr<Response>)> done) {
  return [done = std::move(done)](absl::StatusOr<Response> answer) {
    if (!answer.ok()) return done(FromHost(answer.status()));
    done(std::move(answer));
  };
}

absl::Status ToStatus(const atrium::terminal::v1::DriveResponse::Problem& problem) {
  const bool told = problem.code() > 0 && problem.code() <= 16;
  ErrorDetails details{.reason = problem.reason()};
  if (problem.has_retry_after()) {
    details.retry_after = FromProtoDuration(problem.retry_after());
  }
  return MakeError(told ? static_cast<absl::StatusCode>(problem.code())
                        : absl::StatusCode::kFailedPrecondition,
                   problem.message(), details);
}

}  // namespace

absl::Status FromHost(const absl::Status& status) {
  return IsLost(status) ? Unreachable("terminal", std::string(status.message())) : status;
}

GrpcHostLink::GrpcHostLink(Loop* loop, const std::string& socket_path, int64_t fence,
                           Listener* listener)
    : loop_(loop),
      listener_(listener),
      channel_(rpc::UnixChannel(socket_path)),
      stub_(Service::NewStub(channel_)),
      drive_(loop, "terminal", fence,
             {.begin =
                  [this](auto* stream) {
                    stream->Start([this](grpc::ClientContext* context, auto* reactor) {
                      stub_->async()->Drive(context, reactor);
                    });
                  },
              .on_inventory = [this](const auto& i) { listener_->OnHostInventory(i); },
              .on_response = [this](const DriveResponse& r) { OnResponse(r); },
              .on_lost = [this] { listener_->OnHostLost(); },
              .make_plan = [this] { return listener_->MakeHostPlan(); }}) {}

void GrpcHostLink::OnResponse(const DriveResponse& response) {
  switch (response.message_case()) {
    case DriveResponse::kPlanStatus:
      for (const auto& problem : response.plan_status().problems()) {
        listener_->OnHostProblem(problem.tab(), ToStatus(problem));
      }
      return listener_->OnHostConfirmed(response.plan_status().generation());
    case DriveResponse::kTerminal:
      return listener_->OnHostTerminal(response.terminal());
    case DriveResponse::kTyped:
      return listener_->OnHostTyped(response.typed().tab(), response.typed().participant());
    case DriveResponse::kHostStatus:
      return listener_->OnHostStatus(response.host_status());
    case DriveResponse::kCommandEnd:
      return listener_->OnHostCommandEnd(response.command_end());
    case DriveResponse::kInventory:
    case DriveResponse::MESSAGE_NOT_SET:
      return;
  }
}

void GrpcHostLink::ReadScreen(const ReadScreenRequest& request, Done<ReadScreenResponse> done) {
  rpc::Call<ReadScreenResponse>(
      loop_, kShortCall, request,
      [this](auto* c, auto* q, auto* r, auto then) { stub_->async()->ReadScreen(c, q, r, then); },
      Named<ReadScreenResponse>(std::move(done)));
}

void GrpcHostLink::ReadOutput(const ReadOutputRequest& request, Done<ReadOutputResponse> done) {
  rpc::Call<ReadOutputResponse>(
      loop_, kShortCall, request,
      [this](auto* c, auto* q, auto* r, auto then) { stub_->async()->ReadOutput(c, q, r, then); },
      Named<ReadOutputResponse>(std::move(done)));
}

std::function<void()> GrpcHostLink::WaitForOutput(const WaitForOutputRequest& request,
                                                  absl::Duration timeout,
                                                  Done<WaitForOutputResponse> done) {
  WaitForOutputRequest bounded = request;
  *bounded.mutable_timeout() = ToProtoDuration(timeout);
  // The host answers in time, and says where to go on.
  return rpc::Call<WaitForOutputResponse>(
      loop_, timeout + kShortCall, std::move(bounded),
      [this](auto* c, auto* q, auto* r, auto then) {
        stub_->async()->WaitForOutput(c, q, r, then);
      },
      Named<WaitForOutputResponse>(std::move(done)));
}

void GrpcHostLink::ListCommands(const ListCommandsRequest& request,
                                Done<ListCommandsResponse> done) {
  rpc::Call<ListCommandsResponse>(
      loop_, kShortCall, request,
      [this](auto* c, auto* q, auto* r, auto then) { stub_->async()->ListCommands(c, q, r, then); },
      Named<ListCommandsResponse>(std::move(done)));
}

std::function<void()> GrpcHostLink::RunAtPrompt(const RunAtPromptRequest& request,
                                                absl::Duration timeout,
                                                Done<RunAtPromptResponse> done) {
  const auto over = std::make_shared<bool>(false);
  const auto cancel = std::make_shared<rpc::Cancel>();  // Of what is under way.
  const auto ask = [this, request, cancel](absl::Duration left, Done<RunAtPromptResponse> then) {
    *cancel = rpc::Call<RunAtPromptResponse>(
        loop_, left, request,
        [this](auto* c, auto* q, auto* r, auto end) { stub_->async()->RunAtPrompt(c, q, r, end); },
        std::move(then));
  };
  const absl::Duration now = loop_->Monotonic();
  Insist<RunAtPromptResponse>(now + timeout, now, ask, std::move(done), over);
  return [over, cancel] {
    *over = true;
    (*cancel)();
  };
}

void GrpcHostLink::WriteInput(const WriteInputRequest& request, Done<WriteInputResponse> done) {
  const auto ask = [this, request](absl::Duration left, Done<WriteInputResponse> then) {
    rpc::Call<WriteInputResponse>(
        loop_, std::min(left, kShortCall), request,
        [this](auto* c, auto* q, auto* r, auto end) { stub_->async()->WriteInput(c, q, r, end); },
        std::move(then));
  };
  const absl::Duration now = loop_->Monotonic();
  Insist<WriteInputResponse>(now + kInsistence, now, ask, std::move(done));
}

template <typename Response>
void GrpcHostLink::Insist(absl::Duration end, absl::Duration reached,
                          std::function<void(absl::Duration, Done<Response>)> ask,
                          Done<Response> done, std::shared_ptr<bool> over) {
  if (over && *over) return done(absl::CancelledError("Nobody waits for it any more"));
  const absl::Duration begin = loop_->Monotonic();
  ask(end - begin, [this, alive = std::weak_ptr<bool>(alive_), begin, end, reached, ask, over,
                    done = std::move(done)](absl::StatusOr<Response> answer) {
    if (answer.ok()) return done(std::move(answer));
    if (alive.expired() || !IsLost(answer.status())) return done(FromHost(answer.status()));
    const absl::Duration now = loop_->Monotonic();
    const absl::Duration last = now - begin > kReached ? now : reached;
    if (now - last > kInsistence || now + kPause >= end) return done(FromHost(answer.status()));
    const int64_t pause = ++pauses_;
    waiting_[pause] = loop_->After(kPause, [this, pause, end, last, ask, done, over] {
      const auto waited = waiting_.extract(pause);
      Insist<Response>(end, last, ask, done, over);
    });
  });
}

}  // namespace atrium::control
