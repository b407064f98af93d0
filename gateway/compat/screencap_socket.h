// One socket of `/ws/screencap-signal` (T3), and the rooms that they are in.
//
// On the loop. A socket is owned by Pages and ends with its connection.
#ifndef ATRIUM_GATEWAY_COMPAT_SCREENCAP_SOCKET_H_
#define ATRIUM_GATEWAY_COMPAT_SCREENCAP_SOCKET_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gateway/bridge/page.h"
#include "gateway/compat/screencap_room.h"
#include "gateway/http/admission.h"

namespace atrium::gateway::compat {

// The rooms that have sockets, by session. Nothing else knows of them: after a restart
// their sockets come back and say again who they are.
class ScreencapRooms {
 public:
  explicit ScreencapRooms(Loop* loop) : loop_(loop) {}
  // Made if there is none; it lives as long as somebody has it.
  std::shared_ptr<ScreencapRoom> Find(const std::string& session);

 private:
  // Given.
  Loop* const loop_;
  // State.
  std::map<std::string, std::weak_ptr<ScreencapRoom>> rooms_;
};

class ScreencapSocket final : public Page, public ScreencapRoom::Member {
 public:
  ScreencapSocket(const Given& given, Socket socket, Admission::Pass pass,
                  std::shared_ptr<ScreencapRoom> room);
  ~ScreencapSocket() override;

  // ws::Connection::Listener.
  void OnMessage(ws::Message message) override;
  // JoinLink::Listener.
  void OnAway() override { room_->OnAway(this); }
  // ScreencapRoom::Member.
  void Say(const Json& message) override;
  void Ask(const atrium::v1::JoinRequest& request) override;
  bool may_share() const override;
  absl::Status Spend() override { return SpendWord(); }
  // Cursor::Listener; it follows no tabs.
  void OnInputAck(const std::string& tab, int64_t sequence) override {}
  void OnRefused(const std::string& tab, int code, const std::string& message) override {}
  using Page::OnRefused;

 private:
  void OnHeard(const atrium::v1::JoinResponse& response) override;
  bool Encode(const std::string& tab, FeedItem item, ws::Piece* piece) override { return false; }
  absl::Status Hear(ws::Message message);

  // Given.
  const Admission::Pass pass_;
  const std::shared_ptr<ScreencapRoom> room_;
  // State.
  std::string self_;  // The participant, by name; empty until control knows us.
  atrium::v1::Participant::Role role_ = atrium::v1::Participant::ROLE_UNSPECIFIED;
  std::vector<ws::Message> early_;  // Came before its role was known.
};

}  // namespace atrium::gateway::compat

#endif  // ATRIUM_GATEWAY_COMPAT_SCREENCAP_SOCKET_H_
