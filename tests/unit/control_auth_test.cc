// Who may come in.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "common/errors.h"
#include "common/proto_time.h"
#include "common/random.h"
#include "control/auth/auth.h"
#include "control/limits.h"
#include "tests/support/fake_store.h"
#include "tests/support/manual_loop.h"

namespace atrium::control {
namespace {

using atrium::v1::CreateTicketRequest;
using atrium::v1::CreateTicketResponse;
using atrium::v1::ExchangeInviteRequest;
using atrium::v1::ExchangeInviteResponse;
using atrium::v1::Invite;
using atrium::v1::Participant;

class AuthTest : public testing::Test, public Auth::Listener {
 protected:
  AuthTest() { Make({.service_token = "the-service"}); }
  ~AuthTest() override { std::filesystem::remove(key_path_); }

  void Make(Auth::Options options) {
    auto signer = *TokenSigner::FromFile(key_path_);
    auto verifier = *TokenVerifier::FromJwks(signer->PublicJwks());
    auth_ = std::make_unique<Auth>(&loop_, &store_, std::move(signer), std::move(verifier),
                                   std::move(options));
    auth_->set_listener(this);
    ASSERT_TRUE(auth_->LoadFromStore().ok());
  }

  // Auth::Listener.
  void OnRevoked(const SessionId&, const ParticipantId& participant) override {
    revoked_.push_back(participant.value());
  }
  bool SessionExists(const SessionId& session) override { return session != SessionId("gone"); }
  SessionId DefaultSession() override { return main_; }

  absl::StatusOr<Invite> CreateInvite(Participant::Role role, int uses = 0,
                                      Participant::Role by = Participant::OWNER) {
    Invite wanted;
    wanted.set_role(role);
    wanted.set_uses_left(uses);
    return CreateInvite(wanted, by);
  }
  absl::StatusOr<Invite> CreateInvite(const Invite& wanted,
                                      Participant::Role by = Participant::OWNER) {
    absl::StatusOr<Invite> made = absl::UnknownError("no answer");
    auth_->CreateInvite({.session = main_, .participant = ParticipantId("o"), .role = by}, main_,
                        wanted, [&](auto invite) { made = std::move(invite); });
    return made;
  }
  absl::StatusOr<ExchangeInviteResponse> Exchange(const std::string& secret,
                                                  const std::string& credential = "") {
    absl::StatusOr<ExchangeInviteResponse> answer = absl::UnknownError("no answer");
    ExchangeInviteRequest request;
    request.set_secret(secret);
    request.set_credential(credential);
    request.set_display_name("Ann");
    auth_->ExchangeInvite(request, [&](auto response) { answer = std::move(response); });
    return answer;
  }
  absl::StatusOr<CreateTicketResponse> Ticket(const std::string& credential,
                                              const std::string& session = "",
                                              bool loopback = false) {
    absl::StatusOr<CreateTicketResponse> answer = absl::UnknownError("no answer");
    CreateTicketRequest request;
    request.set_credential(credential);
    request.set_session(session);
    request.set_from_loopback(loopback);
    auth_->CreateTicket(request, [&](auto response) { answer = std::move(response); });
    return answer;
  }
  // Somebody's credential.
  std::string Enter(Participant::Role role) {
    return Exchange(CreateInvite(role)->secret())->credential();
  }

  const SessionId main_{"main"};
  const std::string key_path_ = testing::TempDir() + "/key-" + RandomId();
  ManualLoop loop_;
  FakeStore store_;
  std::unique_ptr<Auth> auth_;
  std::vector<std::string> revoked_;
};

TEST_F(AuthTest, N9AnInviteMakesAMemberOfItsRole) {
  const auto answer = Exchange(CreateInvite(Participant::EDITOR)->secret());
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->participant().role(), Participant::EDITOR);
  EXPECT_EQ(answer->participant().display_name(), "Ann");
  const auto actor = auth_->CheckBearer(Ticket(answer->credential())->access_token());
  ASSERT_TRUE(actor.ok());
  EXPECT_EQ(actor->role, Participant::EDITOR);
  EXPECT_TRUE(actor->MayEnter(main_));
  EXPECT_FALSE(actor->MayEnter(SessionId("other")));
}

TEST_F(AuthTest, N9AnInviteOfTwoUsesLetsTwoInAndNoThird) {
  const std::string secret = CreateInvite(Participant::VIEWER, 2)->secret();
  EXPECT_TRUE(Exchange(secret).ok());
  EXPECT_TRUE(Exchange(secret).ok());
  EXPECT_TRUE(absl::IsUnauthenticated(Exchange(secret).status()));
  EXPECT_EQ(DetailsOf(Exchange(secret).status()).reason, "INVITE_USED_UP");
}

TEST_F(AuthTest, N9AnInviteEnds) {
  Invite wanted;
  wanted.set_role(Participant::VIEWER);
  *wanted.mutable_expire_time() = ToProtoTime(loop_.Now() + absl::Minutes(5));
  const std::string secret = CreateInvite(wanted)->secret();
  loop_.Advance(absl::Minutes(5) - absl::Seconds(1));
  EXPECT_TRUE(Exchange(secret).ok());
  loop_.Advance(absl::Seconds(1));
  EXPECT_TRUE(absl::IsUnauthenticated(Exchange(secret).status()));
  EXPECT_EQ(DetailsOf(Exchange(secret).status()).reason, "INVITE_EXPIRED");
}

TEST_F(AuthTest, N9AnInviteThatWasTakenBackSaysNoMoreThanAWrongOne) {
  const auto invite = *CreateInvite(Participant::EDITOR, 1);
  ASSERT_TRUE(Exchange(invite.secret()).ok());
  ASSERT_TRUE(auth_->DeleteInvite({.role = Participant::OWNER}, invite.name()).ok());
  EXPECT_EQ(DetailsOf(Exchange(invite.secret()).status()).reason, "INVITE_INVALID");
}

TEST_F(AuthTest, N9AUsedUpInviteLetsNobodyInAfterARestart) {
  const std::string secret = CreateInvite(Participant::EDITOR, 1)->secret();
  ASSERT_TRUE(Exchange(secret).ok());
  Make({.service_token = "the-service"});
  EXPECT_EQ(DetailsOf(Exchange(secret).status()).reason, "INVITE_USED_UP");
}

TEST_F(AuthTest, N9WrongSecretsAndSessionsThatAreGoneLookAlike) {
  const absl::Status wrong = Exchange("nonsense").status();
  EXPECT_EQ(Exchange("").status(), wrong);
  Invite wanted;
  wanted.set_role(Participant::OWNER);
  absl::StatusOr<Invite> made;
  auth_->CreateInvite({.kind = Actor::Kind::kService, .role = Participant::OWNER},
                      SessionId("gone"), wanted, [&](auto invite) { made = std::move(invite); });
  EXPECT_EQ(Exchange(made->secret()).status(), wrong);
}

TEST_F(AuthTest, N9AnInviteWithoutARoleOrForTooLongIsRefused) {
  EXPECT_TRUE(absl::IsInvalidArgument(CreateInvite(Participant::ROLE_UNSPECIFIED).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(CreateInvite(Participant::VIEWER, -1).status()));
  for (const absl::Duration life : {absl::Hours(24 * 8), -absl::Seconds(1)}) {
    Invite wanted;
    wanted.set_role(Participant::VIEWER);
    *wanted.mutable_expire_time() = ToProtoTime(loop_.Now() + life);
    EXPECT_EQ(DetailsOf(CreateInvite(wanted).status()).field, "invite.expire_time");
  }
}

TEST_F(AuthTest, S4OnlyOwnersInviteAndRevoke) {
  const std::string name = CreateInvite(Participant::VIEWER)->name();
  for (const auto role : {Participant::VIEWER, Participant::EDITOR}) {
    const Actor actor{.session = main_, .participant = ParticipantId("p"), .role = role};
    EXPECT_TRUE(absl::IsPermissionDenied(CreateInvite(Participant::VIEWER, 0, role).status()));
    EXPECT_TRUE(absl::IsPermissionDenied(auth_->ListInvites(actor, main_).status()));
    EXPECT_TRUE(absl::IsPermissionDenied(auth_->DeleteInvite(actor, name)));
  }
}

TEST_F(AuthTest, S21AnOwnerOfOneSessionRevokesNothingOfAnother) {
  const auto invite = *CreateInvite(Participant::VIEWER);
  const Actor other{.session = SessionId("other"), .role = Participant::OWNER};
  EXPECT_TRUE(auth_->DeleteInvite(other, invite.name()).ok());
  EXPECT_TRUE(Exchange(invite.secret()).ok());
}

TEST_F(AuthTest, ACredentialKeepsItsMember) {
  const std::string secret = CreateInvite(Participant::EDITOR, 2)->secret();
  const auto first = *Exchange(secret);
  const auto again = *Exchange(secret, first.credential());
  EXPECT_EQ(again.participant().name(), first.participant().name());
  EXPECT_TRUE(again.credential().empty());
  EXPECT_TRUE(Exchange(secret).ok()) << "coming back used the invite up";
  // A link that gives more makes somebody new.
  const auto owner = *Exchange(CreateInvite(Participant::OWNER)->secret(), first.credential());
  EXPECT_NE(owner.participant().name(), first.participant().name());
  EXPECT_EQ(owner.participant().role(), Participant::OWNER);
}

TEST_F(AuthTest, N9RevokingAnInviteEvictsWhoeverCameByIt) {
  const auto invite = *CreateInvite(Participant::EDITOR);
  const auto ann = *Exchange(invite.secret());
  const auto bob = *Exchange(invite.secret());
  const std::string other = Enter(Participant::EDITOR);
  const std::string token = Ticket(ann.credential())->access_token();
  ASSERT_TRUE(auth_->CheckBearer(token).ok());
  const Actor owner{.session = main_, .role = Participant::OWNER};
  ASSERT_TRUE(auth_->DeleteInvite(owner, invite.name()).ok());
  EXPECT_EQ(revoked_.size(), 2u);
  EXPECT_EQ(DetailsOf(auth_->CheckBearer(token).status()).reason, "REVOKED");
  EXPECT_FALSE(Ticket(bob.credential()).ok());
  EXPECT_FALSE(Exchange(invite.secret()).ok());
  EXPECT_TRUE(Ticket(other).ok());
  EXPECT_TRUE(auth_->DeleteInvite(owner, invite.name()).ok()) << "it is not idempotent";
}

TEST_F(AuthTest, N9AUsedUpInviteCanStillBeRevoked) {
  const auto invite = *CreateInvite(Participant::EDITOR, 1);
  const std::string credential = Exchange(invite.secret())->credential();
  CreateInvite(Participant::VIEWER).IgnoreError();  // Prunes what has ended.
  ASSERT_TRUE(auth_->DeleteInvite({.role = Participant::OWNER}, invite.name()).ok());
  EXPECT_EQ(revoked_.size(), 1u);
  EXPECT_FALSE(Ticket(credential).ok());
}

TEST_F(AuthTest, S22InvitesThatHaveEndedArePruned) {
  Invite brief;
  brief.set_role(Participant::VIEWER);
  *brief.mutable_expire_time() = ToProtoTime(loop_.Now() + absl::Seconds(1));
  for (size_t i = 0; i < limits::kInvitesPerSession; ++i) ASSERT_TRUE(CreateInvite(brief).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(CreateInvite(Participant::VIEWER).status()));
  loop_.Advance(absl::Seconds(2));
  EXPECT_TRUE(CreateInvite(Participant::VIEWER).ok());
  EXPECT_EQ(store_.records(RecordKind::kInvite).size(), 1u);
}

TEST_F(AuthTest, S2ATicketOpensOneSocket) {
  const std::string ticket = Ticket(Enter(Participant::EDITOR))->ticket();
  EXPECT_TRUE(auth_->CheckJoin(ticket).ok());
  EXPECT_EQ(DetailsOf(auth_->CheckJoin(ticket).status()).reason, "TICKET_USED");
  // While the clock's leeway still lets it pass, and after.
  loop_.Advance(kTicketLife + kClockLeeway - absl::Seconds(1));
  EXPECT_FALSE(auth_->CheckJoin(ticket).ok());
  loop_.Advance(absl::Seconds(3));
  EXPECT_FALSE(auth_->CheckJoin(ticket).ok());
}

TEST_F(AuthTest, S3TokensAreGoodForTheirPurposeAndTimeOnly) {
  const auto bought = *Ticket(Enter(Participant::EDITOR));
  EXPECT_FALSE(auth_->CheckBearer(bought.ticket()).ok()) << "a ticket made a call";
  EXPECT_TRUE(auth_->CheckBearer(bought.access_token()).ok());
  EXPECT_FALSE(auth_->CheckBearer("").ok());
  EXPECT_FALSE(auth_->CheckBearer("a.b.c").ok());
  std::string forged = bought.access_token();
  forged[forged.size() - 10] = forged[forged.size() - 10] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(auth_->CheckBearer(forged).ok());
  loop_.Advance(kAccessLife + kClockLeeway + absl::Seconds(1));
  EXPECT_FALSE(auth_->CheckBearer(bought.access_token()).ok());
}

TEST_F(AuthTest, S3ATokenIsGivenAgainForAMinuteToTheSameMemberInTheSameRole) {
  const std::string ann = Enter(Participant::EDITOR), bob = Enter(Participant::EDITOR);
  const auto first = *Ticket(ann);
  loop_.Advance(limits::kAccessReuse - absl::Seconds(1));
  const auto second = *Ticket(ann);
  EXPECT_EQ(second.access_token(), first.access_token());
  EXPECT_NE(second.ticket(), first.ticket());
  EXPECT_NE(Ticket(bob)->access_token(), first.access_token());
  loop_.Advance(absl::Seconds(2));
  const auto third = *Ticket(ann);
  EXPECT_NE(third.access_token(), first.access_token());
  loop_.Advance(kAccessLife + kClockLeeway - limits::kAccessReuse);
  EXPECT_FALSE(auth_->CheckBearer(first.access_token()).ok());
  EXPECT_TRUE(auth_->CheckBearer(third.access_token()).ok());
  const auto actor = *auth_->CheckBearer(third.access_token());
  Actor owner = actor;
  owner.role = Participant::OWNER;
  EXPECT_NE(auth_->MintAccess(owner).token(), auth_->MintAccess(actor).token());
}

TEST_F(AuthTest, S3TheRoleIsTheMembersNotTheTokens) {
  const auto answer = *Exchange(CreateInvite(Participant::VIEWER)->secret());
  const std::string name = answer.participant().name();
  const Actor forged{.session = main_,
                     .participant = ParticipantId(name.substr(name.rfind('/') + 1)),
                     .role = Participant::OWNER};
  EXPECT_EQ(auth_->CheckBearer(auth_->MintAccess(forged).token())->role, Participant::VIEWER);
}

TEST_F(AuthTest, X2TheServiceTokenIsEverySessionsOwner) {
  const auto actor = auth_->CheckBearer("the-service");
  ASSERT_TRUE(actor.ok());
  EXPECT_EQ(actor->kind, Actor::Kind::kService);
  EXPECT_TRUE(actor->MayEnter(SessionId("any")));
  EXPECT_FALSE(auth_->CheckBearer("the-servicE").ok());
  Make({});
  EXPECT_FALSE(auth_->CheckBearer("").ok()) << "an unset service token let somebody in";
}

TEST_F(AuthTest, T4OnlyNoAuthLetsStrangersIn) {
  EXPECT_TRUE(absl::IsUnauthenticated(Ticket("", "", true).status()));
  Make({.no_auth = true});
  EXPECT_TRUE(auth_->CheckBearer("").ok());
  const auto stranger = Ticket("");
  ASSERT_TRUE(stranger.ok());
  EXPECT_FALSE(stranger->credential().empty());
  EXPECT_EQ(auth_->CheckJoin(stranger->ticket())->role, Participant::OWNER);
  EXPECT_TRUE(absl::IsNotFound(Ticket("", "sessions/gone").status()));
}

TEST_F(AuthTest, T4TrustLocalhostTrustsOnlyThat) {
  Make({.trust_localhost = true});
  EXPECT_TRUE(absl::IsUnauthenticated(Ticket("", "", false).status()));
  EXPECT_FALSE(auth_->CheckBearer("").ok());
  const auto near = Ticket("", "", true);
  ASSERT_TRUE(near.ok());
  EXPECT_TRUE(Ticket(near->credential()).ok()) << "its credential does not hold from elsewhere";
}

TEST_F(AuthTest, S21ACredentialBuysNoTicketForAnotherSession) {
  const std::string credential = Enter(Participant::OWNER);
  EXPECT_TRUE(Ticket(credential, "sessions/main").ok());
  EXPECT_TRUE(absl::IsUnauthenticated(Ticket(credential, "sessions/other").status()));
}

TEST_F(AuthTest, ACredentialEndsAfterItsLifeAndWhenItIsGivenBack) {
  const std::string first = Enter(Participant::EDITOR), second = Enter(Participant::EDITOR);
  ASSERT_TRUE(auth_->DeleteCredential(first).ok());
  EXPECT_EQ(revoked_.size(), 1u);
  EXPECT_FALSE(Ticket(first).ok());
  EXPECT_FALSE(auth_->DeleteCredential(first).ok());
  loop_.Advance(limits::kCredentialLife);
  EXPECT_FALSE(Ticket(second).ok());
}

TEST_F(AuthTest, R4R34MembersAndInvitesSurviveARestart) {
  const auto invite = *CreateInvite(Participant::EDITOR, 2);
  const std::string credential = Exchange(invite.secret())->credential();
  Make({});
  EXPECT_TRUE(Ticket(credential).ok());
  EXPECT_TRUE(Exchange(invite.secret()).ok());
  EXPECT_FALSE(Exchange(invite.secret()).ok()) << "the uses began anew";
}

TEST_F(AuthTest, R20WhoCouldNotBeStoredIsNotLetIn) {
  const std::string secret = CreateInvite(Participant::EDITOR)->secret();
  store_.Fail(absl::InternalError("disk"));
  EXPECT_FALSE(Exchange(secret).ok());
}

TEST_F(AuthTest, SecretsAreNotStored) {
  const auto invite = *CreateInvite(Participant::EDITOR);
  const std::string credential = Exchange(invite.secret())->credential();
  for (const auto kind : {RecordKind::kInvite, RecordKind::kMember}) {
    for (const auto& [key, value] : store_.records(kind)) {
      EXPECT_EQ(value.find(invite.secret()), std::string::npos);
      EXPECT_EQ(value.find(credential), std::string::npos);
    }
  }
}

TEST_F(AuthTest, ForgettingASessionLeavesNothingOfIt) {
  const std::string credential = Enter(Participant::OWNER);
  auth_->ForgetSession(main_);
  EXPECT_FALSE(Ticket(credential).ok());
  EXPECT_TRUE(store_.records(RecordKind::kInvite).empty());
  EXPECT_TRUE(store_.records(RecordKind::kMember).empty());
}

}  // namespace
}  // namespace atrium::control
