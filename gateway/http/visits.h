// Visits watches over HTTP connections, which libsoup gives no deadlines: how long
// a request may take to come (S5: slow and half-open requests), and its answer to
// go; how long a connection may be idle between requests, and how many there may be.
//
// An idle connection that its other side has closed is for us to end: libsoup 3.2
// reads the end, finds no request under way, and forgets to close.
//
// On the loop.
#ifndef ATRIUM_GATEWAY_HTTP_VISITS_H_
#define ATRIUM_GATEWAY_HTTP_VISITS_H_

#include <libsoup/soup.h>

#include <map>
#include <memory>

#include "common/gref.h"
#include "common/loop.h"

namespace atrium::gateway {

// The socket of a connection that we accepted for libsoup, by the remote address that
// libsoup keeps with it; null if it has none.
void NameSocket(GSocketAddress* remote, GSocket* socket);
GSocket* SocketOf(SoupServerMessage* message);

class Visits {
 public:
  // `server` outlives it.
  Visits(Loop* loop, SoupServer* server);
  ~Visits();
  Visits(const Visits&) = delete;
  Visits& operator=(const Visits&) = delete;

  size_t size() const { return visits_.size(); }

 private:
  // What a connection does.
  enum class Act { kReading, kAnswering, kIdle };
  struct Visit {
    GRef<GSocket> socket;
    GRef<SoupServerMessage> last;  // While idle: the request before.
    Act act = Act::kReading;
    absl::Duration since;
    guint source = 0;  // While idle: the watch for its end.
  };

  static void OnStarted(SoupServer*, SoupServerMessage* message, gpointer self);
  static void OnRead(SoupServer*, SoupServerMessage* message, gpointer self);
  static void OnFinished(SoupServer*, SoupServerMessage* message, gpointer self);
  static void OnAborted(SoupServer*, SoupServerMessage* message, gpointer self);
  static void OnUpgraded(SoupServerMessage* message, gpointer self);
  static gboolean OnIdleReadable(gint fd, GIOCondition condition, gpointer idle);

  void Begin(SoupServerMessage* message, Act act);
  void Idle(SoupServerMessage* message);
  void End(GSocket* socket);
  void Forget(GSocket* socket);
  void MakeRoom();
  void Sweep();

  // Given.
  Loop* const loop_;
  // State.
  std::map<GSocket*, Visit> visits_;
  Loop::HandlePtr timer_;
  // Owned; last.
  SignalHandle started_, read_, finished_, aborted_;
};

}  // namespace atrium::gateway

#endif  // ATRIUM_GATEWAY_HTTP_VISITS_H_
