// EnvelopeSocket is `/ws/terminal` with the subprotocol `terminal-message.v1` (P4):
// everything is an envelope, output too. What arrives as a command goes through
// control, which judges it (P7); a reply carries its request's id.
//
// On the loop. Owned by Pages; ends with its socket.
#ifndef ATRIUM_GATEWAY_COMPAT_ENVELOPE_SOCKET_H_
#define ATRIUM_GATEWAY_COMPAT_ENVELOPE_SOCKET_H_

#include <map>
#include <string>

#include "gateway/compat/terminal_socket.h"
#include "gateway/ws/utf8.h"

namespace atrium::gateway::compat {

inline constexpr char kEnvelopeProtocol[] = "terminal-message.v1";

class EnvelopeSocket final : public TerminalSocket {
 public:
  using TerminalSocket::TerminalSocket;

 private:
  // A command under way, by the request that is.
  struct Run {
    std::string message_id;
    std::string command;
    std::string own_tab;     // Made for its environment; closed afterwards.
    bool making_tab = false;  // The request makes that tab.
  };

  // TerminalSocket.
  void OnOutcome(const atrium::v1::JoinResponse::Outcome& outcome) override;
  void SayList() override {}
  void SayOpened(const Tab& tab) override {}
  void SayClosed(const std::string& id) override {}
  void SayAttached(const Tab& tab) override;
  void SaySize(const atrium::v1::TerminalSize& size) override;
  void SayError(std::string_view message) override;
  bool SayBytes(FeedItem item, ws::Piece* piece) override;
  absl::Status HearText(const std::string& text) override;

  // `text` is what it was read from.
  absl::Status Hear(const Envelope& envelope, const std::string& text);
  absl::Status Start(const Envelope& envelope);
  absl::Status Act(const Envelope& envelope);
  void MakeTab(const Command& command, Run run);
  void RunIn(const std::string& tab, const std::string& working_directory, Run run);
  void Finish(const Run& run, const atrium::v1::JoinResponse::Outcome& outcome);
  void Reply(Envelope::Type type, const std::string& message_id, Json payload);

  // State.
  std::map<int64_t, Run> runs_;
  ws::Utf8Repairer text_;
};

}  // namespace atrium::gateway::compat

#endif  // ATRIUM_GATEWAY_COMPAT_ENVELOPE_SOCKET_H_
