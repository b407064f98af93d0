// TerminalSocket is one socket of `/ws/terminal`: one terminal's bytes both ways,
// and the room's tabs as JSON beside them (M5, M6, M10).
//
// On the loop. Owned by Pages; ends with its socket.
#ifndef ATRIUM_GATEWAY_COMPAT_TERMINAL_SOCKET_H_
#define ATRIUM_GATEWAY_COMPAT_TERMINAL_SOCKET_H_

#include <string>
#include <string_view>
#include <vector>

#include "gateway/compat/envelope.h"
#include "gateway/compat/socket.h"

namespace atrium::gateway::compat {

class TerminalSocket : public CompatSocket {
 public:
  // The address's parameters.
  struct Wanted {
    std::string session_id;    // A terminal; empty: one is made, of `shell`.
    std::string shell;         // A program's name, or "default".
    bool skip_buffer = false;  // Without what was there before.
  };
  TerminalSocket(const Given& given, Socket socket, Admission::Pass pass, Wanted wanted);

  // ws::Connection::Listener.
  void OnMessage(ws::Message message) override;
  // Cursor::Listener.
  void OnRefused(const std::string& tab, int code, const std::string& message) override;
  void OnRevoked(const std::string& tab) override;
  using CompatSocket::OnRefused;

 protected:
  // The terminal, once it is known; empty before.
  const std::string& id() const { return id_; }
  std::string tab() const { return TabName(id_); }
  // Keeps a message that came before the terminal was known; it is heard then.
  // RESOURCE_EXHAUSTED if there are too many.
  absl::Status HoldUntilAttached(ws::Message message);
  int64_t NextRequest() { return ++last_request_; }
  absl::Status ResizeTo(const Json& object, std::string_view path);

  // CompatSocket.
  void OnTabs() override;
  void OnTabOpened(const Tab& tab) override;
  void OnTabGone(const std::string& id) override;
  void OnOutcome(const atrium::v1::JoinResponse::Outcome& outcome) override;
  bool Encode(const std::string& tab, FeedItem item, ws::Piece* piece) override;

  // How things are said; the envelope says them otherwise.
  virtual void SayList();
  virtual void SayOpened(const Tab& tab);
  virtual void SayClosed(const std::string& id);
  virtual void SayAttached(const Tab& tab);
  virtual void SaySize(const atrium::v1::TerminalSize& size);
  virtual void SayError(std::string_view message);
  // Output, or all that rebuilds the screen. False if there is nothing to send.
  virtual bool SayBytes(FeedItem item, ws::Piece* piece);
  virtual absl::Status HearText(const std::string& text);

 private:
  void Dispatch(ws::Message message);
  void Create();
  void AttachTo(const Tab& tab);
  void Say(const Json& json);

  // Given.
  const Wanted wanted_;
  // State.
  std::string id_;
  int64_t last_request_ = 0;
  int64_t creating_ = 0;  // The request that makes the terminal; 0 if none is under way.
  bool skipping_;         // The first snapshot is not sent.
  std::vector<ws::Message> held_;  // What is for the terminal and came before it.
  size_t held_bytes_ = 0;
};

}  // namespace atrium::gateway::compat

#endif  // ATRIUM_GATEWAY_COMPAT_TERMINAL_SOCKET_H_
