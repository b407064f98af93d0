// RealtimeSocket is the WebSocket to a provider: JSON out, JSON in.
//
// On the loop.
#ifndef ATRIUM_CONTROL_AGENT_REALTIME_SOCKET_H_
#define ATRIUM_CONTROL_AGENT_REALTIME_SOCKET_H_

#include <libsoup/soup.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/status.h"
#include "common/gref.h"
#include "common/loop.h"
#include "control/agent/realtime.h"

namespace atrium::control {

class RealtimeSocket {
 public:
  // Upward news.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnOpen() = 0;
    virtual void OnEvent(const nlohmann::json& event) = 0;
    // It ended, or could not be opened. `final`: trying again will not help.
    virtual void OnEnd(const absl::Status& why, bool final) = 0;
  };

  RealtimeSocket(Loop* loop, const RealtimeOptions& options, Listener* listener);
  ~RealtimeSocket();
  RealtimeSocket(const RealtimeSocket&) = delete;
  RealtimeSocket& operator=(const RealtimeSocket&) = delete;

  void Open();
  void Send(const nlohmann::json& event);

 private:
  static void OnConnected(GObject* source, GAsyncResult* result, gpointer self);
  static void OnMessage(SoupWebsocketConnection*, gint type, GBytes* bytes, gpointer self);
  static void OnPong(SoupWebsocketConnection*, GBytes*, gpointer self);
  static void OnClosed(SoupWebsocketConnection* socket, gpointer self);
  void Watch();

  // Given.
  Loop* const loop_;
  const RealtimeOptions options_;
  Listener* const listener_;
  // Owned.
  GRef<SoupSession> session_;
  GRef<SoupMessage> request_;
  GRef<GCancellable> cancel_;
  GRef<SoupWebsocketConnection> socket_;
  Loop::HandlePtr deadline_, watch_;
  absl::Duration last_sign_;  // Of life; by Loop::Monotonic.
  // What a connect under way holds weakly: us, as long as we are.
  std::shared_ptr<RealtimeSocket*> self_ = std::make_shared<RealtimeSocket*>(this);
  SignalHandle on_message_, on_pong_, on_closed_;
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_AGENT_REALTIME_SOCKET_H_
