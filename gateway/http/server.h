// Server is the gateway's HTTP side: a route table in which every route says what
// it takes, a guard before all of them, and the handshake of WebSockets, whose
// connections it hands on.
//
// On the loop.
#ifndef ATRIUM_GATEWAY_HTTP_SERVER_H_
#define ATRIUM_GATEWAY_HTTP_SERVER_H_

#include <libsoup/soup.h>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/gref.h"
#include "common/loop.h"
#include "gateway/figures.h"
#include "gateway/http/guard.h"
#include "gateway/http/listener.h"
#include "gateway/http/static_files.h"
#include "gateway/http/visits.h"

namespace atrium::gateway {

// One request, while it is answered. Lives until Answer() or Fail() was called,
// which may be later.
class Exchange {
 public:
  // `figures` counts refusals; it outlives the exchange.
  Exchange(SoupServerMessage* message, std::string path, Figures* figures);

  const std::string& path() const { return path_; }
  std::string method() const;
  std::string Header(const char* name) const;
  std::string Cookie(const char* name) const;
  // A decoded parameter of the address; empty if it is absent.
  std::string Query(const char* name) const;
  // What follows "Bearer " in Authorization; empty if nothing does.
  std::string Bearer() const;
  std::string Body() const;
  bool FromLoopback() const;

  void SetHeader(const char* name, const std::string& value);
  void Answer(int http_status, const std::string& type, const std::string& body);
  // Of what lives as long as the server: not copied, however many read it slowly.
  void AnswerKept(int http_status, const std::string& type, const std::string& body);
  void AnswerJson(int http_status, const std::string& json) {
    Answer(http_status, "application/json", json);
  }
  // As JSON: code, message, reason, field.
  void Fail(const absl::Status& status);
  // The same for a request whose body is not to be read.
  void FailAndHangUp(const absl::Status& status);
  bool HasBody() const;
  SoupServerMessage* message() const { return message_.get(); }
  // Puts the request aside until it is answered, or until Resume().
  void Pause();
  void Resume();

 private:
  void Answer(int http_status, const std::string& type, SoupMemoryUse use, const std::string& body);

  // Given.
  Figures* const figures_;
  // Owned.
  const GRef<SoupServerMessage> message_;
  // State.
  const std::string path_;
  bool paused_ = false;
};
using ExchangePtr = std::shared_ptr<Exchange>;

// One route. `prefix` matches the path itself, or what is below if it ends in a
// slash.
struct Route {
  enum class Origin {
    kAny,       // Reading what anybody may read.
    kRequired,  // Ours only: acts on a cookie.
    kIfSent,    // Ours if there is one; without one only with an explicit token.
  };
  std::string method;
  std::string prefix;
  Origin origin = Origin::kRequired;
  bool websocket = false;
  std::function<void(ExchangePtr)> serve;
};

// What a finished handshake hands on.
struct Upgraded {
  GRef<GIOStream> stream;
  GRef<GSocket> socket;  // Under the stream; to be closed by its owner.
};

class Server {
 public:
  // Listens on loopback at `port` (0: any).
  static absl::StatusOr<std::unique_ptr<Server>> Listen(Loop* loop, Figures* figures, int port);
  ~Server();

  int port() const { return listener_->port(); }
  // Before the first request. `files` serves what no route takes.
  void Serve(std::vector<Route> routes, std::unique_ptr<Guard> guard, StaticFiles files);
  const std::vector<Route>& routes() const { return routes_; }

  // Refuses (400, 426) what is not a WebSocket handshake.
  static absl::Status CheckUpgrade(const Exchange& exchange);
  // Answers 101 with `protocol`, then hands the connection on.
  static void Upgrade(const ExchangePtr& exchange, const std::string& protocol,
                      std::function<void(Upgraded)> done);
  // The WebSocket subprotocols that the client offers.
  static std::vector<std::string> OfferedProtocols(const Exchange& exchange);

 private:
  Server(Loop* loop, Figures* figures) : loop_(loop), figures_(figures) {}

  absl::Status Begin(int port);
  void OnAccepted(int fd, const sockaddr_storage& peer, socklen_t size);
  static void OnEarly(SoupServer*, SoupServerMessage* message, const char* path, GHashTable*,
                      gpointer self);
  static void OnRequest(SoupServer*, SoupServerMessage* message, const char* path, GHashTable*,
                        gpointer self);
  absl::Status Check(const Exchange& exchange, const Route* route) const;
  const Route* Find(const std::string& method, const std::string& path) const;
  bool Knows(const std::string& path) const;
  void ServeFile(Exchange* exchange, const StaticFile& file) const;

  // Given.
  Loop* const loop_;
  Figures* const figures_;
  // Owned.
  GRef<GSocket> silent_;
  GRef<SoupServer> soup_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Visits> visits_;
  std::unique_ptr<Guard> guard_;
  StaticFiles files_;
  std::vector<Route> routes_;
};

}  // namespace atrium::gateway

#endif  // ATRIUM_GATEWAY_HTTP_SERVER_H_
