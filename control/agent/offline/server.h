// Server takes WebSockets at /v1/realtime on a unix socket and gives each a
// Session; POST /v1/realtime/client_secrets makes keys for browsers.
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
#include "control/agent/offline/secrets.h"
#include "control/agent/offline/session.h"

namespace atrium::agent {

class Server {
 public:
  struct Options {
    std::string path;              // Of the unix socket.
    absl::Duration session_life;
  };

  // All given outlive it.
  Server(Loop* loop, Recognizer* recognizer, Voice* voice, Options options)
      : loop_(loop), recognizer_(recognizer), voice_(voice), options_(std::move(options)) {}
  absl::Status Listen();

 private:
  struct Connection {
    GRef<SoupWebsocketConnection> socket;
    std::unique_ptr<Session> session;
    SignalHandle on_message, on_closed;
  };
  static void OnKnock(SoupServer*, SoupServerMessage* message, const char*, GHashTable*,
                      gpointer self);
  static void OnSocket(SoupServer*, SoupServerMessage*, const char*,
                       SoupWebsocketConnection* socket, gpointer self);
  static void OnSecretWanted(SoupServer*, SoupServerMessage* message, const char*, GHashTable*,
                             gpointer self);
  static void OnMessage(SoupWebsocketConnection* socket, gint, GBytes* bytes, gpointer self);
  static void OnClosed(SoupWebsocketConnection* socket, gpointer self);

  // Given.
  Loop* const loop_;
  Recognizer* const recognizer_;
  Voice* const voice_;
  const Options options_;
  // Owned.
  GRef<SoupServer> soup_;
  std::map<SoupWebsocketConnection*, Connection> connections_;
  // State.
  Secrets secrets_;
};

}  // namespace atrium::agent

#endif  // ATRIUM_CONTROL_AGENT_OFFLINE_SERVER_H_
