// The routes of the source systems' sockets, and who may open them (T4).
#ifndef ATRIUM_GATEWAY_COMPAT_ROUTES_H_
#define ATRIUM_GATEWAY_COMPAT_ROUTES_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gateway/bridge/pages.h"
#include "gateway/compat/screencap_socket.h"
#include "gateway/compat/screens.h"
#include "gateway/http/admission.h"
#include "gateway/http/guard.h"
#include "gateway/http/server.h"

namespace atrium::gateway::compat {

class CompatRoutes {
 public:
  // All given outlive it.
  CompatRoutes(Admission* admission, const Guard* guard, Pages* pages, Screens* screens,
               ScreencapRooms* screencaps, ReadScreen read);

  std::vector<Route> Table();
  // `/ws/terminal`, also for another path.
  void Terminal(const ExchangePtr& exchange);

 private:
  // Makes the page of a finished handshake.
  using Make = std::function<std::unique_ptr<Page>(const Page::Given&, Page::Socket,
                                                   Admission::Pass)>;
  void Open(const ExchangePtr& exchange, const std::string& kind, const std::string& protocol,
            Make make);
  void Upgrade(const ExchangePtr& exchange, const std::string& kind, const std::string& protocol,
               const Admission::Pass& pass, const Make& make);

  // Given.
  Admission* const admission_;
  const Guard* const guard_;
  Pages* const pages_;
  Screens* const screens_;
  ScreencapRooms* const screencaps_;
  const ReadScreen read_;
};

}  // namespace atrium::gateway::compat

#endif  // ATRIUM_GATEWAY_COMPAT_ROUTES_H_
