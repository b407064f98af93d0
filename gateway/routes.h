// The gateway's routes and the acts behind them.
#ifndef ATRIUM_GATEWAY_ROUTES_H_
#define ATRIUM_GATEWAY_ROUTES_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "atrium/v1/auth.grpc.pb.h"
#include "atrium/v1/live.grpc.pb.h"
#include "common/loop.h"
#include "gateway/bridge/browser.h"
#include "gateway/bridge/feeds.h"
#include "gateway/http/guard.h"
#include "gateway/http/keys.h"
#include "gateway/http/server.h"

namespace atrium::gateway {

class Routes {
 public:
  // All given outlive it.
  Routes(Loop* loop, atrium::v1::AuthService::Stub* auth, atrium::v1::LiveService::Stub* live,
         const Keys* keys, const Guard* guard, Feeds* feeds, const StaticFile* index);

  std::vector<Route> Table();
  size_t sockets() const { return browsers_.size(); }
  // Tells all sockets that the process is stopping.
  void CloseAll();

 private:
  void ServeIndex(const ExchangePtr& exchange) const;
  void ExchangeInvite(const ExchangePtr& exchange);
  void CreateTicket(const ExchangePtr& exchange);
  void Leave(const ExchangePtr& exchange);
  void Join(const ExchangePtr& exchange);

  // Given.
  Loop* const loop_;
  atrium::v1::AuthService::Stub* const auth_;
  atrium::v1::LiveService::Stub* const live_;
  const Keys* const keys_;
  const Guard* const guard_;
  Feeds* const feeds_;
  const StaticFile* const index_;
  // Owned.
  std::map<Browser*, std::unique_ptr<Browser>> browsers_;
};

}  // namespace atrium::gateway

#endif  // ATRIUM_GATEWAY_ROUTES_H_
