// Auth knows who may come in: members, invites, credentials, tokens. Secrets are
// kept as hashes only.
//
// On the loop.
#ifndef ATRIUM_CONTROL_AUTH_AUTH_H_
#define ATRIUM_CONTROL_AUTH_AUTH_H_

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "atrium/control/v1/records.pb.h"
#include "atrium/v1/auth.pb.h"
#include "atrium/v1/live.pb.h"
#include "atrium/v1/session.pb.h"
#include "common/loop.h"
#include "common/token.h"
#include "control/auth/actor.h"
#include "control/store/store.h"

namespace atrium::control {

class Auth {
 public:
  // Upward news, on the loop.
  class Listener {
   public:
    virtual ~Listener() = default;
    // This participant may not be here any more.
    virtual void OnRevoked(const SessionId& session, const ParticipantId& participant) = 0;
    virtual bool SessionExists(const SessionId& session) = 0;
    virtual SessionId DefaultSession() = 0;
  };
  struct Options {
    bool no_auth = false;
    bool trust_localhost = false;
    std::string service_token;
  };
  template <typename T>
  using Done = std::function<void(absl::StatusOr<T>)>;

  Auth(Loop* loop, Store* store, std::unique_ptr<TokenSigner> signer,
       std::unique_ptr<TokenVerifier> verifier, Options options);
  void set_listener(Listener* listener) { listener_ = listener; }
  absl::Status LoadFromStore();

  // Who bears this token: the service token or an access token.
  absl::StatusOr<Actor> CheckBearer(const std::string& token) const;
  // Who joins with this token: also a ticket, which is then used up.
  absl::StatusOr<Actor> CheckJoin(const std::string& token);
  // One of the last seconds is given again, so that pages which all come back at once
  // do not each cost a signature.
  atrium::v1::AccessToken MintAccess(const Actor& actor);
  std::string DisplayNameOf(const SessionId& session, const ParticipantId& participant) const;
  void SetDisplayName(const SessionId& session, const ParticipantId& participant,
                      const std::string& name);

  void ExchangeInvite(const atrium::v1::ExchangeInviteRequest& request,
                      Done<atrium::v1::ExchangeInviteResponse> done);
  void CreateTicket(const atrium::v1::CreateTicketRequest& request,
                    Done<atrium::v1::CreateTicketResponse> done);
  absl::Status DeleteCredential(const std::string& credential);
  atrium::v1::GetKeysResponse Keys() const;

  void CreateInvite(const Actor& actor, const SessionId& session,
                    const atrium::v1::Invite& wanted, Done<atrium::v1::Invite> done);
  absl::StatusOr<atrium::v1::ListInvitesResponse> ListInvites(const Actor& actor,
                                                              const SessionId& session) const;
  absl::Status DeleteInvite(const Actor& actor, const std::string& name);
  // Whether an invite can be used for an hour more.
  bool IsOpen(const std::string& name) const;
  // Takes an invite back that nobody has used.
  void DropUnusedInvite(const std::string& name);
  // Forgets all of a session that ended.
  void ForgetSession(const SessionId& session);

 private:
  using Member = atrium::control::v1::MemberRecord;
  using InviteRecord = atrium::control::v1::InviteRecord;
  // The access token that a member was given last.
  struct Minted {
    atrium::v1::AccessToken token;
    atrium::v1::Participant::Role role = atrium::v1::Participant::ROLE_UNSPECIFIED;
  };

  bool HasMembers(const std::string& invite) const;
  void PruneInvites();
  void PruneMembers();
  Member* FindByCredential(const std::string& credential);
  // Open or not.
  InviteRecord* FindBySecret(const std::string& secret);
  absl::Status CheckOpen(const InviteRecord& record) const;
  static bool IsUsedUp(const InviteRecord& record);
  bool HasExpired(const InviteRecord& record) const;
  Member& AddMember(const SessionId& session, const std::string& display_name,
                    atrium::v1::Participant::Role role, const std::string& invite,
                    std::string* credential);
  void RemoveMember(const std::string& key);
  void SaveMember(const Member& member, std::function<void(absl::Status)> done);
  void SaveInvite(const InviteRecord& invite, std::function<void(absl::Status)> done);
  void RemoveInvite(const std::string& name);
  absl::StatusOr<Actor> ActorOf(const Claims& claims) const;
  atrium::v1::CreateTicketResponse MakeTicket(const Member& member);
  static std::string KeyOf(const SessionId& session, const ParticipantId& participant);

  // Given.
  Loop* const loop_;
  Store* const store_;
  Listener* listener_ = nullptr;
  const Options options_;
  // Owned.
  const std::unique_ptr<TokenSigner> signer_;
  const std::unique_ptr<TokenVerifier> verifier_;
  // State.
  std::map<std::string, Member> members_;        // By participant's name.
  std::map<std::string, InviteRecord> invites_;  // By name.
  std::map<std::string, Minted> minted_;         // By participant's name.
  std::map<std::string, absl::Time> used_tickets_;
  absl::Time next_sweep_ = absl::InfinitePast();  // Of the used tickets.
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_AUTH_AUTH_H_
