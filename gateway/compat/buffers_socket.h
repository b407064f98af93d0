// One socket of `/buffers` (T1): whole screens of any number of terminals, one per
// change.
//
// On the loop. Owned by Pages; ends with its socket.
#ifndef ATRIUM_GATEWAY_COMPAT_BUFFERS_SOCKET_H_
#define ATRIUM_GATEWAY_COMPAT_BUFFERS_SOCKET_H_

#include <map>
#include <set>
#include <string>

#include "gateway/compat/screens.h"
#include "gateway/compat/socket.h"

namespace atrium::gateway::compat {

class BuffersSocket final : public CompatSocket, public Screens::Listener {
 public:
  BuffersSocket(const Given& given, Socket socket, Admission::Pass pass, Screens* screens);
  ~BuffersSocket() override;

  // ws::Connection::Listener.
  void OnMessage(ws::Message message) override;
  bool NextPiece(ws::Piece* piece) override;
  // Cursor::Listener.
  void OnRefused(const std::string& tab, int code, const std::string& message) override;
  void OnRevoked(const std::string& tab) override;
  using CompatSocket::OnRefused;
  // Screens::Listener.
  void OnScreen(const std::string& tab, const grpc::Slice& snapshot) override;

 private:
  void OnTabs() override;
  void OnTabGone(const std::string& id) override;
  bool Encode(const std::string& tab, FeedItem item, ws::Piece* piece) override;

  absl::Status Handle(const std::string& text);
  absl::Status Subscribe(const std::string& id);
  void Unsubscribe(const std::string& id);
  void Fail(std::string_view message);

  // Given.
  Screens* const screens_;
  // State.
  std::set<std::string> early_;     // Asked for before the tabs were known.
  std::set<std::string> followed_;  // Tabs' names, at `screens_`.
  std::set<std::string> told_;      // Tabs' names: their first snapshot was sent.
  std::map<std::string, grpc::Slice> pending_;  // The newest screens, not sent yet.
};

}  // namespace atrium::gateway::compat

#endif  // ATRIUM_GATEWAY_COMPAT_BUFFERS_SOCKET_H_
