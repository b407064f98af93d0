// Listener is the gateway's listening socket on loopback. libsoup's own stops for
// good at the first descriptor that it cannot have; this one refuses whoever comes
// while there are none, and goes on as soon as there are (R22).
//
// On the loop.
#ifndef ATRIUM_GATEWAY_HTTP_LISTENER_H_
#define ATRIUM_GATEWAY_HTTP_LISTENER_H_

#include <sys/socket.h>

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "common/loop.h"

namespace atrium::gateway {

class Listener {
 public:
  // A connection, non-blocking, and who is at its other end. Takes the descriptor.
  using Accepted = std::function<void(int fd, const sockaddr_storage& peer, socklen_t size)>;

  // At `port` (0: any).
  static absl::StatusOr<std::unique_ptr<Listener>> Listen(Loop* loop, int port);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int port() const { return port_; }
  // Connections that were closed at once.
  int64_t refused() const { return refused_; }
  // Until then they wait in the backlog.
  void Start(Accepted accepted);

 private:
  Listener(Loop* loop, int fd, int port);

  void Watch();
  void Accept();
  bool Refuse();

  // Given.
  Loop* const loop_;
  const int fd_;
  const int port_;
  Accepted accepted_;
  // State.
  int reserve_ = -1;  // Given up to accept and refuse somebody.
  bool short_ = false;
  int64_t refused_ = 0;
  Loop::HandlePtr watch_, rest_;
};

}  // namespace atrium::gateway

#endif  // ATRIUM_GATEWAY_HTTP_LISTENER_H_
