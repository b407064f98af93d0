// The gateway's routes and the acts behind them.
#ifndef ATRIUM_GATEWAY_ROUTES_H_
#define ATRIUM_GATEWAY_ROUTES_H_

#include <functional>
#include <string>
#include <vector>

#include "atrium/v1/auth.grpc.pb.h"
#include "common/loop.h"
#include "gateway/bridge/pages.h"
#include "gateway/http/admission.h"
#include "gateway/http/guard.h"
#include "gateway/http/keys.h"
#include "gateway/http/server.h"

namespace atrium::gateway {

class Routes {
 public:
  // All given outlive it.
  Routes(Loop* loop, atrium::v1::AuthService::Stub* auth, const Keys* keys, Admission* admission,
         const Guard* guard, Pages* pages, const Figures* figures, const StaticFile* index);

  // `terminal` serves /ws with a `session_id`, which is another system's socket.
  std::vector<Route> Table(std::function<void(ExchangePtr)> terminal);

 private:
  void ServeIndex(const ExchangePtr& exchange) const;
  void ExchangeInvite(const ExchangePtr& exchange);
  void CreateTicket(const ExchangePtr& exchange);
  void Leave(const ExchangePtr& exchange);
  void Join(const ExchangePtr& exchange);
  void ServeFigures(const ExchangePtr& exchange);

  // Given.
  Loop* const loop_;
  atrium::v1::AuthService::Stub* const auth_;
  const Keys* const keys_;
  Admission* const admission_;
  const Guard* const guard_;
  Pages* const pages_;
  const Figures* const figures_;
  const StaticFile* const index_;
};

}  // namespace atrium::gateway

#endif  // ATRIUM_GATEWAY_ROUTES_H_
