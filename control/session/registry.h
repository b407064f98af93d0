// Registry is all sessions of this control. It makes, finds and ends them, and
// hands what hosts, media and auth say to the session that it is about.
//
// On the loop.
#ifndef ATRIUM_CONTROL_SESSION_REGISTRY_H_
#define ATRIUM_CONTROL_SESSION_REGISTRY_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "atrium/v1/session.pb.h"
#include "control/auth/auth.h"
#include "control/session/session.h"

namespace atrium::control {

class Registry final : public HostLink::Listener,
                       public MediaLink::Listener,
                       public Auth::Listener {
 public:
  template <typename T>
  using Done = std::function<void(absl::StatusOr<T>)>;

  // `context` outlives it; its links may be set after construction.
  explicit Registry(Session::Context* context) : context_(context) {
    context_->all_tabs = [this] { return AllTabs(); };
    Tick();
  }

  // Reads all sessions back; makes the default one if there is none.
  absl::Status LoadFromStore();

  // NOT_FOUND for what is not there and what the actor may not know of alike (S21).
  absl::StatusOr<Session*> Find(const Actor& actor, const SessionId& id);
  absl::StatusOr<Session*> Find(const Actor& actor, const std::string& name);
  void CreateSession(const Actor& actor, const atrium::v1::CreateSessionRequest& request,
                     Done<atrium::v1::Session> done);
  absl::StatusOr<atrium::v1::ListSessionsResponse> ListSessions(
      const Actor& actor, const atrium::v1::ListSessionsRequest& request) const;
  // How much is going on now, in figures.
  Presence Present() const;
  absl::Status DeleteSession(const Actor& actor, const SessionId& id);

  // HostLink::Listener.
  void OnHostInventory(const atrium::terminal::v1::DriveResponse::Inventory& inventory) override;
  void OnHostTerminal(const atrium::terminal::v1::TerminalStatus& status) override;
  void OnHostProblem(const std::string& tab, const absl::Status& why) override;
  void OnHostConfirmed(int64_t generation) override;
  void OnHostTyped(const std::string& tab, const std::string& participant) override;
  void OnHostCommandEnd(const atrium::terminal::v1::CommandEnd& end) override;
  void OnHostLost() override;
  void OnHostStatus(const atrium::terminal::v1::HostStatus& status) override;
  atrium::terminal::v1::Plan MakeHostPlan() override;
  // MediaLink::Listener.
  void OnMediaInventory(const atrium::media::v1::DriveResponse::Inventory& inventory,
                        bool fresh) override;
  void OnMediaSignal(const atrium::media::v1::Signal& signal) override;
  void OnMediaPeer(const atrium::media::v1::DriveResponse::PeerStatus& status) override;
  void OnMediaBitrate(const atrium::media::v1::DriveResponse::CaptureBitrate& bitrate) override;
  void OnMediaLevels(const atrium::media::v1::DriveResponse::Levels& levels) override;
  void OnMediaLost() override {}
  atrium::media::v1::Plan MakeMediaPlan() override;
  // Auth::Listener.
  void OnRevoked(const SessionId& session, const ParticipantId& participant) override;
  bool SessionExists(const SessionId& session) override { return sessions_.count(session) > 0; }
  SessionId DefaultSession() override;

 private:
  void Tick();
  size_t AllTabs() const;
  Session* ByChild(const std::string& name);
  Session& Add(const SessionId& id, atrium::control::v1::SessionRecord record);

  // Given.
  Session::Context* const context_;
  // Owned.
  Loop::HandlePtr tick_;
  std::map<SessionId, std::unique_ptr<Session>> sessions_;
  std::vector<std::shared_ptr<Session>> last_ended_;  // Until this turn of the loop is over.
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_SESSION_REGISTRY_H_
