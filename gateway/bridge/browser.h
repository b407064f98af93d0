// Browser is one page's WebSocket: it turns frames into Join requests and tab
// streams, and back, and knows nothing else.
//
// On the loop. Owned by Browsers; ends with its socket.
#ifndef ATRIUM_GATEWAY_BRIDGE_BROWSER_H_
#define ATRIUM_GATEWAY_BRIDGE_BROWSER_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "atrium/v1/live.pb.h"
#include "gateway/bridge/cursor.h"
#include "gateway/bridge/feeds.h"
#include "gateway/bridge/join_link.h"
#include "gateway/ws/connection.h"

namespace atrium::gateway {

class Browser final : public ws::Connection::Listener,
                      public JoinLink::Listener,
                      public Cursor::Listener {
 public:
  // `closed` runs last; destroy it from there.
  Browser(Loop* loop, atrium::v1::LiveService::Stub* control, Feeds* feeds, std::string token,
          GRef<GIOStream> stream, GRef<GSocket> socket, std::function<void(Browser*)> closed);
  ~Browser() override;

  void Close(uint16_t code, std::string_view reason) { connection_->Close(code, reason); }

  // ws::Connection::Listener.
  void OnMessage(ws::Message message) override;
  bool NextPiece(ws::Piece* piece) override;
  void OnClosed() override;
  // JoinLink::Listener.
  void OnResponse(const atrium::v1::JoinResponse& response) override;
  void OnAway() override;
  void OnRefused(const absl::Status& why) override;
  // Cursor::Listener.
  void OnMore() override { connection_->Pump(); }
  void OnInputAck(const std::string& tab, int64_t sequence) override;
  void OnRefused(const std::string& tab, int code, const std::string& message) override;
  void OnRevoked(const std::string& tab) override;

 private:
  struct Subscription {
    std::unique_ptr<Cursor> cursor;
    TabFeed* feed = nullptr;  // Null until the page has an attachment.
  };

  absl::Status Handle(const atrium::v1::JoinRequest& request);
  absl::Status Subscribe(const atrium::v1::Subscribe& subscribe);
  void Unsubscribe(const std::string& tab);
  absl::StatusOr<Subscription*> Find(const std::string& tab);
  absl::Status Input(const atrium::v1::TerminalInput& input);
  void Attach(Subscription* subscription, const std::string& tab);
  void Throttle(size_t bytes);
  void Send(const atrium::v1::JoinResponse& response);
  void Fail(int64_t request_id, const absl::Status& status);

  // Given.
  Loop* const loop_;
  Feeds* const feeds_;
  const std::function<void(Browser*)> closed_;
  // Owned.
  std::unique_ptr<JoinLink> link_;
  std::map<std::string, Subscription> subscriptions_;
  // State.
  bool said_hello_ = false;
  std::string attachment_;  // Empty until control and host agree on it.
  std::string last_served_;  // The tab whose piece was sent last.
  double input_credit_;
  absl::Duration credit_time_;
  // Owned; last, as it calls the rest.
  std::unique_ptr<ws::Connection> connection_;
};

}  // namespace atrium::gateway

#endif  // ATRIUM_GATEWAY_BRIDGE_BROWSER_H_
