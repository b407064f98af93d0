// One socket of `/ws/input` (T2): what is typed into one terminal. It answers
// nothing; what is wrong closes it with a code and a reason.
//
// On the loop. Owned by Pages; ends with its socket.
#ifndef ATRIUM_GATEWAY_COMPAT_INPUT_SOCKET_H_
#define ATRIUM_GATEWAY_COMPAT_INPUT_SOCKET_H_

#include <deque>
#include <memory>
#include <string>

#include "gateway/compat/screens.h"
#include "gateway/compat/socket.h"

namespace atrium::gateway::compat {

class InputSocket final : public CompatSocket {
 public:
  InputSocket(const Given& given, Socket socket, Admission::Pass pass, std::string session_id,
              ReadScreen read);

  // ws::Connection::Listener.
  void OnMessage(ws::Message message) override;
  // Cursor::Listener.
  void OnRefused(const std::string& tab, int code, const std::string& message) override;
  void OnRevoked(const std::string& tab) override;
  using CompatSocket::OnRefused;

 private:
  void OnTabs() override;
  void OnTabGone(const std::string& id) override;
  bool Encode(const std::string& tab, FeedItem item, ws::Piece* piece) override;

  void Work();
  void LearnMode();

  // Given.
  const std::string id_;
  const ReadScreen read_;
  // State.
  std::deque<ws::Message> waiting_;  // In their order.
  size_t waiting_bytes_ = 0;
  bool application_ = false;  // The cursor keys' mode, if it is known.
  bool mode_known_ = false;   // Nothing came from the program since it was read.
  bool learning_ = false;
  // Owned; tells an answer that we are gone.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace atrium::gateway::compat

#endif  // ATRIUM_GATEWAY_COMPAT_INPUT_SOCKET_H_
