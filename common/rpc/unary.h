// Unary calls on the loop, both ends.
#ifndef ATRIUM_COMMON_RPC_UNARY_H_
#define ATRIUM_COMMON_RPC_UNARY_H_

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/client_callback.h>
#include <grpcpp/support/server_callback.h>

#include <functional>
#include <memory>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "common/loop.h"
#include "common/rpc/status.h"

namespace atrium::rpc {

// Answers one unary call, once, on the loop; copies may be kept. If nobody ever
// answers and the last copy is gone the call ends UNAVAILABLE.
template <typename Response>
class Reply {
 public:
  Reply(grpc::ServerUnaryReactor* reactor, Response* response)
      : state_(std::make_shared<State>(State{reactor, response})) {}
  void operator()(absl::StatusOr<Response> result) const {
    grpc::ServerUnaryReactor* reactor = std::exchange(state_->reactor, nullptr);
    if (reactor == nullptr) return;
    if (result.ok()) *state_->response = *std::move(result);
    reactor->Finish(ToGrpc(result.status()));
  }

 private:
  struct State {
    grpc::ServerUnaryReactor* reactor;
    Response* response;
    State(grpc::ServerUnaryReactor* r, Response* s) : reactor(r), response(s) {}
    State(State&& o) noexcept : reactor(std::exchange(o.reactor, nullptr)), response(o.response) {}
    ~State() {
      if (reactor != nullptr) {
        reactor->Finish(grpc::Status(grpc::StatusCode::UNAVAILABLE, "The process is stopping: try again"));
      }
    }
  };
  std::shared_ptr<State> state_;
};

// Runs `serve(reply)` on the loop. For a service method:
//   return Serve(loop, context, response, [this, request](Reply<Tab> reply) {...});
// `request` and `response` live until the reply.
template <typename Response, typename Fn>
grpc::ServerUnaryReactor* Serve(Loop* loop, grpc::CallbackServerContext* context,
                                Response* response, Fn serve) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  loop->Post([reply = Reply<Response>(reactor, response), serve = std::move(serve)]() mutable {
    serve(std::move(reply));
  });
  return reactor;
}

// Ends a call or a wait early. Called on the loop; does nothing once it is over.
using Cancel = std::function<void()>;

// As Serve(), for calls that wait: what `serve(reply)` returns, a Cancel, runs on the
// loop if the caller is gone or its deadline is over before it was answered.
template <typename Response, typename Fn>
grpc::ServerUnaryReactor* ServeWait(Loop* loop, Response* response, Fn serve) {
  // Touched on the loop only.
  struct Held {
    Cancel cancel;
    bool gone = false;
  };
  class Reactor final : public grpc::ServerUnaryReactor {
   public:
    explicit Reactor(Loop* loop) : loop_(loop) {}
    void OnCancel() override {
      loop_->Post([held = held_] {
        held->gone = true;
        if (held->cancel) std::exchange(held->cancel, nullptr)();
      });
    }
    void OnDone() override {
      loop_->Post([held = std::move(held_)] {});
      delete this;
    }
    std::shared_ptr<Held> held() const { return held_; }

   private:
    Loop* const loop_;
    std::shared_ptr<Held> held_ = std::make_shared<Held>();
  };
  auto* reactor = new Reactor(loop);
  loop->Post([reply = Reply<Response>(reactor, response), serve = std::move(serve),
              held = reactor->held()]() mutable {
    Cancel cancel = serve(std::move(reply));
    if (!held->gone) {
      held->cancel = std::move(cancel);
    } else if (cancel) {
      cancel();
    }
  });
  return reactor;
}

// Calls a unary method; `done` runs once on the loop. `call` starts it:
//   Call<Tab>(loop, deadline, [&](auto* context, auto* response, auto then) {
//     stub->async()->GetTab(context, &request_kept_by_you, response, then); }, done);
// The request must live until `done`; pass it as `request` and it does. What it
// returns ends the call: `done` then runs with CANCELLED.
template <typename Response, typename Request, typename Start, typename Done>
Cancel Call(Loop* loop, absl::Duration timeout, Request request, Start start, Done done,
          std::string_view bearer = {}) {
  struct State {
    grpc::ClientContext context;
    Request request;
    Response response;
    absl::AnyInvocable<void(absl::StatusOr<Response>)> done;
    std::shared_ptr<State*> under_way;
  };
  auto* state = new State{{}, std::move(request), {}, std::move(done), nullptr};
  state->under_way = std::make_shared<State*>(state);
  Cancel cancel = [under_way = state->under_way] {
    if (*under_way != nullptr) (*under_way)->context.TryCancel();
  };
  state->context.set_deadline(std::chrono::system_clock::now() +
                              absl::ToChronoMilliseconds(timeout));
  if (!bearer.empty()) {
    state->context.AddMetadata("authorization", "Bearer " + std::string(bearer));
  }
  start(&state->context, &state->request, &state->response,
        [loop, state](grpc::Status status) {
          loop->Post([state, status] {
            std::unique_ptr<State> owned(state);
            *state->under_way = nullptr;
            if (status.ok()) {
              owned->done(std::move(owned->response));
            } else {
              owned->done(FromGrpc(status));
            }
          });
        });
  return cancel;
}

}  // namespace atrium::rpc

#endif  // ATRIUM_COMMON_RPC_UNARY_H_
