// Server takes WebSockets at /v1/realtime on a unix socket and gives each a
// Session.
//
// On the loop.
#ifndef ATRIUM_CONTROL_AGENT_OFFLINE_SERVER_H_
#define ATRIUM_CONTROL_AGENT_OFFLINE_SERVER_H_

#include <libsoup/soup.h>

#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "common/gref.h"
#include "common/loop.h"
#include "control/agent/offline/session.h"

namespace atrium::agent {

class Server {
 public:
  // All given outlive it.
  Server(Loop* loop, Recognizer* recognizer, Voice* voice)
      : loop_(loop), recognizer_(recognizer), voice_(voice) {}
  absl::Status Listen(const std::string& path);

 private:
  struct Client {
    GRef<SoupWebsocketConnection> socket;
    std::unique_ptr<Session> session;
    SignalHandle on_message, on_closed;
  };
  static void OnSocket(SoupServer*, SoupServerMessage*, const char*,
                       SoupWebsocketConnection* socket, gpointer self);

  // Given.
  Loop* const loop_;
  Recognizer* const recognizer_;
  Voice* const voice_;
  // Owned.
  GRef<SoupServer> soup_;
  std::map<SoupWebsocketConnection*, Client> clients_;
};

}  // namespace atrium::agent

#endif  // ATRIUM_CONTROL_AGENT_OFFLINE_SERVER_H_
