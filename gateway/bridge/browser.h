// Browser is one page's WebSocket in our own words: it turns frames into Join
// requests and tab streams, and back, and knows nothing else.
//
// On the loop. Owned by Pages; ends with its socket.
#ifndef ATRIUM_GATEWAY_BRIDGE_BROWSER_H_
#define ATRIUM_GATEWAY_BRIDGE_BROWSER_H_

#include <string>

#include "gateway/bridge/page.h"

namespace atrium::gateway {

class Browser final : public Page {
 public:
  Browser(const Given& given, Socket socket) : Page(given, std::move(socket)) {}

  // ws::Connection::Listener.
  void OnMessage(ws::Message message) override;
  // JoinLink::Listener.
  void OnAway() override;
  void OnRefused(const absl::Status& why) override;
  // Cursor::Listener.
  void OnInputAck(const std::string& tab, int64_t sequence) override;
  void OnRefused(const std::string& tab, int code, const std::string& message) override;

 private:
  void OnHeard(const atrium::v1::JoinResponse& response) override { Send(response); }
  bool Encode(const std::string& tab, FeedItem item, ws::Piece* piece) override;

  absl::Status Handle(const atrium::v1::JoinRequest& request);
  absl::Status HandleTab(const atrium::v1::JoinRequest& request);
  void Send(const atrium::v1::JoinResponse& response);
  void Fail(int64_t request_id, const absl::Status& status);

  // State.
  bool said_hello_ = false;
};

}  // namespace atrium::gateway

#endif  // ATRIUM_GATEWAY_BRIDGE_BROWSER_H_
