#include "control/auth/auth.h"

#include <glib.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "common/errors.h"
#include "common/proto_time.h"
#include "common/random.h"
#include "common/resource_name.h"
#include "common/status_macros.h"
#include "common/str_cat.h"
#include "common/text.h"
#include "control/errors.h"
#include "control/limits.h"

namespace atrium::control {

using atrium::v1::Invite;
using atrium::v1::Participant;

namespace {

std::string Sha256(const std::string& text) {
  gchar* hex = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text.data(),
                                             static_cast<gssize>(text.size()));
  std::string out = hex;
  g_free(hex);
  return out;
}

void LogIfFailed(const absl::Status&) {}  // The store has said it.

}  // namespace

Auth::Auth(Loop* loop, Store* store, std::unique_ptr<TokenSigner> signer,
           std::unique_ptr<TokenVerifier> verifier, Options options)
    : loop_(loop),
      store_(store),
      options_(std::move(options)),
      signer_(std::move(signer)),
      verifier_(std::move(verifier)) {}

absl::Status Auth::LoadFromStore() {
  ASSIGN_OR_RETURN(const Store::Records members, store_->Load(RecordKind::kMember));
  for (const auto& [key, value] : members) members_[key].ParseFromString(value);
  ASSIGN_OR_RETURN(const Store::Records invites, store_->Load(RecordKind::kInvite));
  for (const auto& [key, value] : invites) invites_[key].ParseFromString(value);
  return absl::OkStatus();
}

std::string Auth::KeyOf(const SessionId& session, const ParticipantId& participant) {
  return ParticipantName(session, participant);
}

absl::StatusOr<Actor> Auth::CheckBearer(const std::string& token) const {
  const bool is_service =
      !options_.service_token.empty() && Sha256(token) == Sha256(options_.service_token);
  if (is_service || (token.empty() && options_.no_auth)) {
    return Actor{.kind = Actor::Kind::kService, .role = Participant::OWNER};
  }
  ASSIGN_OR_RETURN(const Claims claims, verifier_->Verify(token, kAccessPurpose, loop_->Now()));
  return ActorOf(claims);
}

absl::StatusOr<Actor> Auth::CheckJoin(const std::string& token) {
  const absl::Time now = loop_->Now();
  absl::StatusOr<Claims> ticket = verifier_->Verify(token, kTicketPurpose, now);
  if (!ticket.ok()) return CheckBearer(token);
  // Once a second: in a storm of pages that come back there are thousands.
  if (now >= next_sweep_) {
    std::erase_if(used_tickets_, [&](const auto& used) { return used.second < now; });
    next_sweep_ = now + absl::Seconds(1);
  }
  if (!used_tickets_.emplace(ticket->id, ticket->expire_time + kClockLeeway).second) {
    return TicketUsed();
  }
  return ActorOf(*ticket);
}

absl::StatusOr<Actor> Auth::ActorOf(const Claims& claims) const {
  // The token says who; what they may do is what is so now.
  auto member = members_.find(claims.participant);
  if (member == members_.end()) return Revoked();
  return Actor{.kind = Actor::Kind::kPerson,
               .session = SessionId(member->second.session()),
               .participant = ParticipantId(member->second.participant()),
               .role = member->second.role()};
}

atrium::v1::AccessToken Auth::MintAccess(const Actor& actor) {
  const absl::Time now = loop_->Now();
  const std::string key = KeyOf(actor.session, actor.participant);
  Minted& minted = minted_[key];
  atrium::v1::AccessToken& token = minted.token;
  const absl::Time fresh = now + kAccessLife - limits::kAccessReuse;
  if (minted.role == actor.role && token.expire_time_us() > absl::ToUnixMicros(fresh)) return token;
  minted.role = actor.role;
  token.set_token(signer_->Sign({.purpose = std::string(kAccessPurpose),
                                 .session = SessionName(actor.session),
                                 .participant = key,
                                 .role = Participant::Role_Name(actor.role),
                                 .id = RandomId(),
                                 .expire_time = now + kAccessLife},
                                now));
  token.set_expire_time_us(absl::ToUnixMicros(now + kAccessLife));
  return token;
}

std::string Auth::DisplayNameOf(const SessionId& session, const ParticipantId& participant) const {
  auto member = members_.find(KeyOf(session, participant));
  return member == members_.end() ? "" : member->second.display_name();
}

void Auth::SetDisplayName(const SessionId& session, const ParticipantId& participant,
                          const std::string& name) {
  auto member = members_.find(KeyOf(session, participant));
  if (member == members_.end()) return;
  member->second.set_display_name(name);
  SaveMember(member->second, LogIfFailed);
}

Auth::Member* Auth::FindByCredential(const std::string& credential) {
  if (credential.empty()) return nullptr;
  const std::string hash = Sha256(credential);
  for (auto& [key, member] : members_) {
    if (member.credential_hash() != hash) continue;
    return FromProtoTime(member.expire_time()) > loop_->Now() ? &member : nullptr;
  }
  return nullptr;
}

Auth::InviteRecord* Auth::FindBySecret(const std::string& secret) {
  const std::string hash = Sha256(secret);
  for (auto& [name, invite] : invites_) {
    if (invite.secret_hash() == hash) return &invite;
  }
  return nullptr;
}

// Told only to whoever has the secret, so that the page can say what to do.
absl::Status Auth::CheckOpen(const InviteRecord& record) const {
  if (IsUsedUp(record)) return InviteUsedUp();
  return HasExpired(record) ? InviteExpired() : absl::OkStatus();
}

bool Auth::IsUsedUp(const InviteRecord& record) { return record.invite().uses_left() < 0; }

bool Auth::HasExpired(const InviteRecord& record) const {
  return FromProtoTime(record.invite().expire_time()) <= loop_->Now();
}

Auth::Member& Auth::AddMember(const SessionId& session, const std::string& display_name,
                              Participant::Role role, const std::string& invite,
                              std::string* credential) {
  const std::string id = RandomId();
  Member& member = members_[KeyOf(session, ParticipantId(id))];
  *credential = RandomSecret();
  member.set_session(session.value());
  member.set_participant(id);
  member.set_display_name(CleanName(display_name, limits::kDisplayNameChars));
  if (member.display_name().empty()) {
    member.set_display_name(role == Participant::OWNER ? "Owner" : StrCat("Guest ", id.substr(0, 4)));
  }
  member.set_role(role);
  member.set_credential_hash(Sha256(*credential));
  *member.mutable_expire_time() = ToProtoTime(loop_->Now() + limits::kCredentialLife);
  member.set_invite(invite);
  return member;
}

void Auth::ExchangeInvite(const atrium::v1::ExchangeInviteRequest& request,
                          Done<atrium::v1::ExchangeInviteResponse> done) {
  InviteRecord* record = FindBySecret(request.secret());
  if (record == nullptr) return done(NoSuchInvite());
  const absl::StatusOr<ChildName> name = ParseInviteName(record->invite().name());
  if (!name.ok() || !listener_->SessionExists(name->session)) return done(NoSuchInvite());
  if (const absl::Status s = CheckOpen(*record); !s.ok()) return done(s);
  atrium::v1::ExchangeInviteResponse response;
  const Member* held = FindByCredential(request.credential());
  const bool keep = held != nullptr && held->session() == name->session.value() &&
                    held->role() >= record->invite().role();
  if (!keep) {
    PruneMembers();
    const auto members = std::count_if(members_.begin(), members_.end(), [&](const auto& member) {
      return member.second.session() == name->session.value();
    });
    if (static_cast<size_t>(members) >= limits::kMembersPerSession) {
      return done(TooMany("members of this session", limits::kMembersPerSession, absl::Hours(1)));
    }
    held = &AddMember(name->session, request.display_name(), record->invite().role(),
                      record->invite().name(), response.mutable_credential());
    if (record->invite().uses_left() == 1) {
      // Used up: remembered only as long as members came by it and may be cut.
      record->mutable_invite()->set_uses_left(-1);
    } else if (record->invite().uses_left() > 1) {
      record->mutable_invite()->set_uses_left(record->invite().uses_left() - 1);
    }
    SaveInvite(*record, LogIfFailed);
  }
  *response.mutable_expire_time() = held->expire_time();
  response.set_session(SessionName(name->session));
  Participant* participant = response.mutable_participant();
  participant->set_name(KeyOf(name->session, ParticipantId(held->participant())));
  participant->set_display_name(held->display_name());
  participant->set_role(held->role());
  participant->set_kind(Participant::PERSON);
  if (keep) return done(std::move(response));
  SaveMember(*held, [response, done](absl::Status status) {
    if (status.ok()) {
      done(response);
    } else {
      done(status);
    }
  });
}

void Auth::CreateTicket(const atrium::v1::CreateTicketRequest& request,
                        Done<atrium::v1::CreateTicketResponse> done) {
  if (const Member* member = FindByCredential(request.credential())) {
    const bool other = !request.session().empty() &&
                       request.session() != SessionName(SessionId(member->session()));
    if (!other) return done(MakeTicket(*member));
  }
  if (!options_.no_auth && !(options_.trust_localhost && request.from_loopback())) {
    return done(BadCredential());
  }
  SessionId session = listener_->DefaultSession();
  if (!request.session().empty()) {
    const absl::StatusOr<SessionId> wanted = ParseSessionName(request.session());
    if (!wanted.ok()) return done(wanted.status());
    session = *wanted;
  }
  if (!listener_->SessionExists(session)) return done(NoSuchSession(SessionName(session)));
  std::string credential;
  const Member& member = AddMember(session, "", Participant::OWNER, "", &credential);
  atrium::v1::CreateTicketResponse response = MakeTicket(member);
  response.set_credential(credential);
  SaveMember(member, [response, done](absl::Status status) {
    if (status.ok()) {
      done(response);
    } else {
      done(status);
    }
  });
}

atrium::v1::CreateTicketResponse Auth::MakeTicket(const Member& member) {
  const absl::Time now = loop_->Now();
  const Actor actor{.session = SessionId(member.session()),
                    .participant = ParticipantId(member.participant()),
                    .role = member.role()};
  const atrium::v1::AccessToken access = MintAccess(actor);
  atrium::v1::CreateTicketResponse response;
  response.set_session(SessionName(actor.session));
  response.set_participant(KeyOf(actor.session, actor.participant));
  response.set_access_token(access.token());
  *response.mutable_expire_time() = ToProtoTime(absl::FromUnixMicros(access.expire_time_us()));
  response.set_ticket(signer_->Sign({.purpose = std::string(kTicketPurpose),
                                     .session = response.session(),
                                     .participant = response.participant(),
                                     .role = Participant::Role_Name(actor.role),
                                     .id = RandomId(),
                                     .expire_time = now + kTicketLife},
                                    now));
  return response;
}

absl::Status Auth::DeleteCredential(const std::string& credential) {
  const Member* member = FindByCredential(credential);
  if (member == nullptr) return BadCredential();
  RemoveMember(KeyOf(SessionId(member->session()), ParticipantId(member->participant())));
  return absl::OkStatus();
}

atrium::v1::GetKeysResponse Auth::Keys() const {
  atrium::v1::GetKeysResponse response;
  response.set_jwks(signer_->PublicJwks());
  response.set_no_auth(options_.no_auth);
  response.set_trust_localhost(options_.trust_localhost);
  return response;
}

void Auth::CreateInvite(const Actor& actor, const SessionId& session, const Invite& wanted,
                        Done<Invite> done) {
  if (absl::Status s = actor.Require(Participant::OWNER, "invite"); !s.ok()) return done(s);
  if (wanted.role() < Participant::VIEWER || wanted.role() > Participant::OWNER) {
    return done(MissingField("invite.role"));
  }
  const absl::Time now = loop_->Now();
  const absl::Time expire = wanted.has_expire_time() ? FromProtoTime(wanted.expire_time())
                                                     : now + limits::kInviteLife;
  if (expire <= now || expire > now + limits::kInviteLife + kClockLeeway) {
    return done(BadField("invite.expire_time", "must be in the future and within 7 days"));
  }
  if (wanted.uses_left() < 0) return done(BadField("invite.uses_left", "must not be negative"));
  PruneInvites();
  const auto count = std::count_if(invites_.begin(), invites_.end(), [&](const auto& entry) {
    const auto name = ParseInviteName(entry.first);
    return name.ok() && name->session == session && !IsUsedUp(entry.second);
  });
  if (static_cast<size_t>(count) >= limits::kInvitesPerSession) {
    return done(TooMany("invites", limits::kInvitesPerSession, absl::Hours(1)));
  }
  const std::string secret = RandomSecret();
  const std::string name = InviteName(session, RandomId());
  InviteRecord& record = invites_[name];
  Invite& invite = *record.mutable_invite();
  invite.set_name(name);
  invite.set_role(wanted.role());
  *invite.mutable_expire_time() = ToProtoTime(expire);
  invite.set_uses_left(wanted.uses_left());
  if (!actor.participant.empty()) invite.set_creator(KeyOf(session, actor.participant));
  record.set_secret_hash(Sha256(secret));
  Invite answer = invite;
  answer.set_secret(secret);
  SaveInvite(record, [answer, done](absl::Status status) {
    if (status.ok()) {
      done(answer);
    } else {
      done(status);
    }
  });
}

bool Auth::IsOpen(const std::string& name) const {
  auto it = invites_.find(name);
  return it != invites_.end() && !IsUsedUp(it->second) &&
         FromProtoTime(it->second.invite().expire_time()) > loop_->Now() + absl::Hours(1);
}

void Auth::DropUnusedInvite(const std::string& name) {
  auto it = invites_.find(name);
  if (it != invites_.end() && !IsUsedUp(it->second) && !HasMembers(name)) {
    RemoveInvite(name);
  }
}

bool Auth::HasMembers(const std::string& invite) const {
  return std::any_of(members_.begin(), members_.end(),
                     [&](const auto& member) { return member.second.invite() == invite; });
}

// An invite that has ended is remembered only as long as somebody came by it.
void Auth::PruneInvites() {
  std::vector<std::string> ended;
  for (const auto& [name, record] : invites_) {
    const bool over = IsUsedUp(record) || HasExpired(record);
    if (over && !HasMembers(name)) ended.push_back(name);
  }
  for (const std::string& name : ended) RemoveInvite(name);
}

absl::StatusOr<atrium::v1::ListInvitesResponse> Auth::ListInvites(const Actor& actor,
                                                                  const SessionId& session) const {
  RETURN_IF_ERROR(actor.Require(Participant::OWNER, "list invites"));
  atrium::v1::ListInvitesResponse response;
  for (const auto& [name, record] : invites_) {
    const absl::StatusOr<ChildName> parsed = ParseInviteName(name);
    if (!parsed.ok() || parsed->session != session) continue;
    // One that is over is listed as long as somebody is in by it, to be revoked.
    const bool over = IsUsedUp(record) || HasExpired(record);
    if (over && !HasMembers(name)) continue;
    *response.add_invites() = record.invite();
  }
  return response;
}

// Whose credential has ended makes room.
void Auth::PruneMembers() {
  std::vector<std::string> ended;
  for (const auto& [key, member] : members_) {
    if (FromProtoTime(member.expire_time()) <= loop_->Now()) ended.push_back(key);
  }
  for (const std::string& key : ended) RemoveMember(key);
}

absl::Status Auth::DeleteInvite(const Actor& actor, const std::string& name) {
  RETURN_IF_ERROR(actor.Require(Participant::OWNER, "revoke an invite"));
  ASSIGN_OR_RETURN(const ChildName parsed, ParseInviteName(name));
  if (!actor.MayEnter(parsed.session) || invites_.count(name) == 0) return absl::OkStatus();
  RemoveInvite(name);
  std::vector<std::string> keys;
  for (const auto& [key, member] : members_) {
    if (member.invite() == name) keys.push_back(key);
  }
  for (const std::string& key : keys) RemoveMember(key);
  return absl::OkStatus();
}

void Auth::ForgetSession(const SessionId& session) {
  std::vector<std::string> keys, names;
  for (const auto& [key, member] : members_) {
    if (member.session() == session.value()) keys.push_back(key);
  }
  for (const auto& [name, record] : invites_) {
    const absl::StatusOr<ChildName> parsed = ParseInviteName(name);
    if (parsed.ok() && parsed->session == session) names.push_back(name);
  }
  for (const std::string& key : keys) RemoveMember(key);
  for (const std::string& name : names) RemoveInvite(name);
}

void Auth::RemoveMember(const std::string& key) {
  auto it = members_.find(key);
  if (it == members_.end()) return;
  const SessionId session(it->second.session());
  const ParticipantId participant(it->second.participant());
  members_.erase(it);
  minted_.erase(key);
  store_->Commit({{RecordKind::kMember, key, std::nullopt}}, LogIfFailed);
  listener_->OnRevoked(session, participant);
}

void Auth::SaveMember(const Member& member, std::function<void(absl::Status)> done) {
  const std::string key =
      KeyOf(SessionId(member.session()), ParticipantId(member.participant()));
  store_->Commit({{RecordKind::kMember, key, member.SerializeAsString()}}, std::move(done));
}

void Auth::SaveInvite(const InviteRecord& invite, std::function<void(absl::Status)> done) {
  store_->Commit({{RecordKind::kInvite, invite.invite().name(), invite.SerializeAsString()}},
                 std::move(done));
}

void Auth::RemoveInvite(const std::string& name) {
  invites_.erase(name);
  store_->Commit({{RecordKind::kInvite, name, std::nullopt}}, LogIfFailed);
}

}  // namespace atrium::control
