// A session's call.
#include <algorithm>
#include <limits>
#include <optional>

#include "tests/support/session_test.h"

namespace atrium::control {
namespace {

using atrium::media::v1::DriveResponse;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class LiveTest : public SessionTest {
 protected:
  void GoLive(const std::string& id, Participant::Role role = Participant::EDITOR) {
    session_->GoLive(Person(id, role), PageOf(id), [this](absl::Status s) { live_.push_back(s); });
  }
  absl::Status Unmute(const std::string& id) {
    atrium::v1::UpdateSelf update;
    update.set_muted(false);
    return session_->UpdateSelf(Person(id), PageOf(id), update);
  }
  // What media shall do with who entered the call first, second ...
  atrium::media::v1::Plan::Peer Planned(int place) {
    return registry_->MakeMediaPlan().rooms(0).peers(place);
  }
  absl::StatusOr<Participant> SetVolume(const Actor& actor, const std::string& id,
                                        std::optional<int> percent) {
    atrium::v1::SetParticipantVolumeRequest request;
    request.set_name("sessions/main/participants/" + id);
    if (percent) request.set_volume_percent(*percent);
    return session_->SetParticipantVolume(actor, request);
  }
  absl::Status LetCall(atrium::v1::UsePolicy::Users users, const Actor& actor = Service()) {
    atrium::v1::UpdateSessionRequest request;
    request.mutable_session()->mutable_use_policy()->set_calls(users);
    request.mutable_session()->mutable_use_policy()->set_screens(atrium::v1::UsePolicy::EDITORS);
    request.mutable_update_mask()->add_paths("use_policy");
    Answers<atrium::v1::Session> answers;
    session_->UpdateSession(actor, request, Into(&answers));
    return answers.at(0).status();
  }
  static int64_t EpochTold(const FakePage& page) {
    const auto* ready = page.Last(JoinResponse::kLiveReady);
    return ready == nullptr ? 0 : ready->live_ready().epoch();
  }
  // Joins and goes live.
  int64_t Enter(FakePage* page, const std::string& id) {
    EXPECT_TRUE(Join(page, id).ok());
    GoLive(id);
    return EpochTold(*page);
  }

  std::vector<absl::Status> live_;
};

TEST_F(LiveTest, V3TheProviderComesFirstThenTheOffer) {
  WithAgent();
  FakePage page;
  ASSERT_TRUE(Join(&page, "ann").ok());
  GoLive("ann");
  EXPECT_EQ(EpochTold(page), 0);
  EXPECT_TRUE(live_.empty());
  EXPECT_EQ(registry_->MakeMediaPlan().rooms_size(), 0);
  providers_.listener->OnReady(std::nullopt);
  EXPECT_NE(EpochTold(page), 0);
  EXPECT_TRUE(live_.at(0).ok());
  EXPECT_EQ(registry_->MakeMediaPlan().rooms(0).peers(0).epoch(), EpochTold(page));
  EXPECT_TRUE(media_.audio_open);
}

TEST_F(LiveTest, V3AProviderThatCannotBeReachedIsAnError) {
  WithAgent();
  FakePage page;
  ASSERT_TRUE(Join(&page, "ann").ok());
  GoLive("ann");
  providers_.listener->OnLost(absl::UnavailableError("no route"), false);
  ASSERT_EQ(live_.size(), 1u);
  EXPECT_THAT(std::string(live_[0].message()), HasSubstr("no route"));
  EXPECT_EQ(EpochTold(page), 0);
  EXPECT_FALSE(Shown("ann")->live());
}

TEST_F(LiveTest, V3WithoutAnAgentPeopleTalkAmongThemselves) {
  FakePage page;
  EXPECT_NE(Enter(&page, "ann"), 0);
  media_.is_connected = false;
  FakePage bob;
  EXPECT_EQ(Enter(&bob, "bob"), 0);
  EXPECT_TRUE(absl::IsUnavailable(live_.at(1)));
}

TEST_F(LiveTest, R11WhileTheProviderIsAwayPeopleStillJoinTheCall) {
  WithAgent();
  FakePage ann, bob;
  ASSERT_TRUE(Join(&ann, "ann").ok());
  GoLive("ann");
  providers_.listener->OnReady(std::nullopt);
  providers_.listener->OnLost(absl::UnavailableError("reset"), false);
  EXPECT_NE(Enter(&bob, "bob"), 0);
  ASSERT_EQ(live_.size(), 2u);
  EXPECT_TRUE(live_[1].ok());
  EXPECT_EQ(registry_->MakeMediaPlan().rooms(0).peers_size(), 2);
}

TEST_F(LiveTest, V8AnOwnerMutesAndTheMutedOneSeesWhoAndUnmutes) {
  FakePage ann, bob;
  Enter(&ann, "ann");
  Enter(&bob, "bob");
  const std::string name = Shown("bob")->name();
  const auto muted = session_->MuteParticipant(Person("ann", Participant::OWNER), name);
  ASSERT_TRUE(muted.ok());
  EXPECT_TRUE(muted->muted());
  EXPECT_EQ(muted->muted_by(), Shown("ann")->name());
  EXPECT_TRUE(Shown("bob")->muted());
  EXPECT_EQ(Shown("bob")->muted_by(), Shown("ann")->name());
  EXPECT_TRUE(registry_->MakeMediaPlan().rooms(0).peers(1).muted());
  EXPECT_FALSE(registry_->MakeMediaPlan().rooms(0).peers(0).muted());
  // The page follows: that is not a second act.
  atrium::v1::UpdateSelf update;
  update.set_muted(true);
  ASSERT_TRUE(session_->UpdateSelf(Person("bob"), PageOf("bob"), update).ok());
  EXPECT_EQ(Shown("bob")->muted_by(), Shown("ann")->name());
  update.set_muted(false);
  ASSERT_TRUE(session_->UpdateSelf(Person("bob"), PageOf("bob"), update).ok());
  EXPECT_FALSE(Shown("bob")->muted());
  EXPECT_EQ(Shown("bob")->muted_by(), "");
  EXPECT_FALSE(registry_->MakeMediaPlan().rooms(0).peers(1).muted());
}

TEST_F(LiveTest, V8MutingTakesNothingBackAndBlamesNobodyForAnothersMute) {
  FakePage ann, bob;
  Enter(&ann, "ann");
  Enter(&bob, "bob");
  atrium::v1::UpdateSelf update;
  update.set_muted(true);
  ASSERT_TRUE(session_->UpdateSelf(Person("bob"), PageOf("bob"), update).ok());
  const Actor owner = Person("ann", Participant::OWNER);
  ASSERT_TRUE(session_->MuteParticipant(owner, Shown("bob")->name()).ok());
  EXPECT_TRUE(Shown("bob")->muted()) << "it toggles";
  EXPECT_EQ(Shown("bob")->muted_by(), "");
  ASSERT_TRUE(session_->MuteParticipant(owner, Shown("ann")->name()).ok());
  EXPECT_TRUE(Shown("ann")->muted());
  EXPECT_EQ(Shown("ann")->muted_by(), "");
}

TEST_F(LiveTest, V8AMutedOneStaysMutedWhenThePageComesBackSayingItIsNot) {
  FakePage ann, bob, again;
  Enter(&ann, "ann");
  Enter(&bob, "bob");
  const std::string name = Shown("bob")->name();
  ASSERT_TRUE(session_->MuteParticipant(Person("ann", Participant::OWNER), name).ok());
  ASSERT_TRUE(Join(&again, "bob", Participant::EDITOR, EpochTold(bob)).ok());
  EXPECT_TRUE(Shown("bob")->muted());
  EXPECT_TRUE(registry_->MakeMediaPlan().rooms(0).peers(1).muted());
}

TEST_F(LiveTest, S4S21OnlyOwnersMuteAndOnlyWhoIsInTheirCall) {
  FakePage ann, bob, cy;
  Enter(&ann, "ann");
  Enter(&bob, "bob");
  ASSERT_TRUE(Join(&cy, "cy").ok());
  const std::string name = Shown("bob")->name();
  for (const auto role : {Participant::ROLE_UNSPECIFIED, Participant::VIEWER, Participant::EDITOR}) {
    EXPECT_TRUE(absl::IsPermissionDenied(session_->MuteParticipant(Person("ann", role), name).status()));
  }
  EXPECT_TRUE(absl::IsPermissionDenied(session_->MuteParticipant(Agent(), name).status()));
  EXPECT_FALSE(Shown("bob")->muted());
  const Actor owner = Person("ann", Participant::OWNER);
  for (const char* absent : {"", "bob", "sessions/main/participants/nobody", "sessions/main",
                             "sessions/other/participants/bob", "sessions/main/participants/bob/x"}) {
    EXPECT_TRUE(absl::IsNotFound(session_->MuteParticipant(owner, absent).status())) << absent;
  }
  const absl::Status idle = session_->MuteParticipant(owner, Shown("cy")->name()).status();
  EXPECT_EQ(DetailsOf(idle).reason, "NOT_IN_CALL");
  EXPECT_FALSE(Shown("cy")->muted());
  EXPECT_TRUE(session_->MuteParticipant(Service(), name).ok());
  EXPECT_EQ(Shown("bob")->muted_by(), "sessions/main/participants/service");
}

TEST_F(LiveTest, V6AVolumeIsSeenByAllAndToldToMediaAndAHundredIsNone) {
  FakePage ann, bob;
  Enter(&ann, "ann");
  Enter(&bob, "bob");
  const Actor owner = Person("ann", Participant::OWNER);
  EXPECT_FALSE(Shown("bob")->has_volume_percent());
  EXPECT_FALSE(Planned(1).has_volume_percent());
  const auto quiet = SetVolume(owner, "bob", 0);
  ASSERT_TRUE(quiet.ok());
  EXPECT_TRUE(quiet->has_volume_percent());
  EXPECT_TRUE(Shown("bob")->has_volume_percent());
  EXPECT_EQ(Shown("bob")->volume_percent(), 0);
  EXPECT_TRUE(Planned(1).has_volume_percent());
  EXPECT_EQ(Planned(1).volume_percent(), 0);
  EXPECT_FALSE(Planned(1).muted());
  EXPECT_FALSE(Planned(0).has_volume_percent());
  // An editor's own.
  ASSERT_TRUE(SetVolume(Person("bob"), "bob", 200).ok());
  EXPECT_EQ(Planned(1).volume_percent(), 200);
  ASSERT_TRUE(SetVolume(owner, "bob", 100).ok());
  EXPECT_FALSE(Shown("bob")->has_volume_percent());
  EXPECT_FALSE(Planned(1).has_volume_percent());
}

TEST_F(LiveTest, S4S21OnlyOwnersSetTheVolumeOfOthersAndNobodyOutOfRange) {
  FakePage ann, bob, cy;
  Enter(&ann, "ann");
  Enter(&bob, "bob");
  ASSERT_TRUE(Join(&cy, "cy").ok());
  for (const auto role :
       {Participant::ROLE_UNSPECIFIED, Participant::VIEWER, Participant::EDITOR}) {
    EXPECT_TRUE(absl::IsPermissionDenied(SetVolume(Person("ann", role), "bob", 50).status()));
  }
  EXPECT_TRUE(absl::IsPermissionDenied(SetVolume(Agent(), "bob", 50).status()));
  EXPECT_TRUE(
      absl::IsPermissionDenied(SetVolume(Person("bob", Participant::VIEWER), "bob", 50).status()));
  const Actor owner = Person("ann", Participant::OWNER);
  for (const int percent :
       {-1, 201, std::numeric_limits<int>::min(), std::numeric_limits<int>::max()}) {
    const absl::Status refused = SetVolume(owner, "bob", percent).status();
    EXPECT_TRUE(absl::IsInvalidArgument(refused)) << percent;
    EXPECT_EQ(DetailsOf(refused).field, "volume_percent");
  }
  EXPECT_TRUE(absl::IsInvalidArgument(SetVolume(owner, "bob", std::nullopt).status()));
  EXPECT_TRUE(absl::IsNotFound(SetVolume(owner, "nobody", 50).status()));
  EXPECT_EQ(DetailsOf(SetVolume(owner, "cy", 50).status()).reason, "NOT_IN_CALL");
  EXPECT_FALSE(Shown("bob")->has_volume_percent());
  EXPECT_TRUE(SetVolume(Service(), "bob", 50).ok());
}

TEST_F(LiveTest, V6N4AVolumeIsKeptOverARestartOfControl) {
  FakePage ann, bob, carl, ann_again, bob_again;
  const int64_t anns = Enter(&ann, "ann"), bobs = Enter(&bob, "bob");
  const Actor owner = Person("ann", Participant::OWNER);
  ASSERT_TRUE(SetVolume(owner, "ann", 120).ok());
  ASSERT_TRUE(SetVolume(owner, "bob", 0).ok());
  DriveResponse::Inventory inventory;
  *inventory.add_rooms() = registry_->MakeMediaPlan().rooms(0);
  media_.is_connected = false;
  Start();
  // One page is back before media, the other one after it.
  ASSERT_TRUE(Join(&ann_again, "ann", Participant::EDITOR, anns).ok());
  media_.is_connected = true;
  registry_->OnMediaInventory(inventory, /*fresh=*/false);
  ASSERT_TRUE(Join(&bob_again, "bob", Participant::EDITOR, bobs).ok());
  EXPECT_EQ(Shown("ann")->volume_percent(), 120);
  EXPECT_TRUE(Shown("bob")->has_volume_percent());
  EXPECT_EQ(Shown("bob")->volume_percent(), 0);
  EXPECT_EQ(Planned(0).volume_percent(), 120);
  EXPECT_TRUE(Planned(1).has_volume_percent());
}

TEST_F(LiveTest, R1AnotherRunOfMediaMakesEverybodyConnectAnew) {
  FakePage ann, bob;
  const int64_t first = Enter(&ann, "ann"), second = Enter(&bob, "bob");
  DriveResponse::Inventory inventory;
  inventory.set_incarnation("next");
  registry_->OnMediaInventory(inventory, /*fresh=*/true);
  EXPECT_GT(EpochTold(ann), std::max(first, second));
  EXPECT_GT(EpochTold(bob), std::max(first, second));
  EXPECT_NE(EpochTold(ann), EpochTold(bob));
  EXPECT_EQ(registry_->MakeMediaPlan().rooms(0).peers_size(), 2);
}

TEST_F(LiveTest, L11CallsThatWereForbiddenSinceAreNotTakenUpAgain) {
  FakePage before;
  const int64_t epoch = Enter(&before, "ann");
  Start();
  context_.allowed.calls = false;
  DriveResponse::Inventory inventory;
  auto* room = inventory.add_rooms();
  room->set_session("sessions/main");
  auto* peer = room->add_peers();
  peer->set_participant("sessions/main/participants/ann");
  peer->set_epoch(epoch);
  registry_->OnMediaInventory(inventory, /*fresh=*/false);
  EXPECT_EQ(registry_->MakeMediaPlan().rooms_size(), 0);
}

TEST_F(LiveTest, L11OwnersDecideWhoMayBeInTheCallAndWhoMayNotAnyMoreLeavesIt) {
  FakePage ann, bob, vera;
  Enter(&ann, "ann");
  Enter(&bob, "bob");
  ASSERT_TRUE(Join(&vera, "vera", Participant::VIEWER).ok());
  GoLive("vera", Participant::VIEWER);
  using atrium::v1::UsePolicy;
  for (const auto role : {Participant::VIEWER, Participant::EDITOR}) {
    EXPECT_TRUE(absl::IsPermissionDenied(LetCall(UsePolicy::NOBODY, Person("bob", role))));
  }
  ASSERT_TRUE(LetCall(UsePolicy::EDITORS).ok());
  EXPECT_FALSE(Shown("vera")->live());
  EXPECT_EQ(vera.Last(JoinResponse::kLiveEnded)->live_ended().reason(), "FORBIDDEN_IN_SESSION");
  EXPECT_TRUE(Shown("bob")->live());
  GoLive("vera", Participant::VIEWER);
  EXPECT_EQ(DetailsOf(live_.back()).reason, "FORBIDDEN_IN_SESSION");
  EXPECT_THAT(std::string(live_.back().message()), HasSubstr("only editors and owners"));
  ASSERT_TRUE(LetCall(UsePolicy::OWNERS).ok());
  EXPECT_FALSE(Shown("ann")->live()) << "she came as an editor";
  EXPECT_EQ(registry_->MakeMediaPlan().rooms_size(), 0);
  FakePage owner;
  ASSERT_TRUE(Join(&owner, "olga", Participant::OWNER).ok());
  GoLive("olga", Participant::OWNER);
  EXPECT_TRUE(live_.back().ok());
  // Lowered in mid-call, she may not either.
  FakePage lowered;
  ASSERT_TRUE(Join(&lowered, "olga", Participant::EDITOR, EpochTold(owner)).ok());
  EXPECT_FALSE(Shown("olga")->live());
  ASSERT_TRUE(LetCall(UsePolicy::EVERYBODY).ok());
  GoLive("vera", Participant::VIEWER);
  EXPECT_TRUE(live_.back().ok());
  EXPECT_TRUE(absl::IsInvalidArgument(LetCall(static_cast<UsePolicy::Users>(9))));
}

// Media says who is in the call before their pages say what they may do.
TEST_F(LiveTest, N4_L8APageThatComesBackIsToldItsRoleBeforeAnythingElse) {
  FakePage before, after;
  const int64_t epoch = Enter(&before, "ann");
  DriveResponse::Inventory inventory;
  *inventory.add_rooms() = registry_->MakeMediaPlan().rooms(0);
  Start();
  registry_->OnMediaInventory(inventory, /*fresh=*/false);
  ASSERT_TRUE(Join(&after, "ann", Participant::EDITOR, epoch).ok());
  const auto& told = after.Last(atrium::v1::JoinResponse::kSnapshot)->snapshot();
  ASSERT_EQ(told.participants_size(), 1);
  EXPECT_EQ(told.participants(0).role(), Participant::EDITOR);
  EXPECT_EQ(told.participants(0).presence(), Participant::PRESENT);
}

TEST_F(LiveTest, L11WhatASessionForbidsHoldsOverARestart) {
  FakePage ann, bob, carl, ann_again, bob_again;
  const int64_t anns = Enter(&ann, "ann"), bobs = Enter(&bob, "bob");
  Answers<atrium::v1::Capture> screen;
  session_->StartCapture(Person("ann"), PageOf("ann"), {}, Into(&screen));
  DriveResponse::Inventory inventory;
  *inventory.add_rooms() = registry_->MakeMediaPlan().rooms(0);
  ASSERT_EQ(inventory.rooms(0).captures_size(), 1);
  ASSERT_TRUE(LetCall(atrium::v1::UsePolicy::OWNERS).ok());
  Start();
  registry_->OnMediaInventory(inventory, /*fresh=*/false);
  ASSERT_TRUE(Join(&carl, "carl").ok());
  EXPECT_EQ(session_->snapshot().captures_size(), 1) << "a screen that is allowed was ended";
  ASSERT_TRUE(Join(&ann_again, "ann", Participant::OWNER, anns).ok());
  ASSERT_TRUE(Join(&bob_again, "bob", Participant::EDITOR, bobs).ok());
  EXPECT_TRUE(Shown("ann")->live()) << "whose role was not known yet was thrown out";
  EXPECT_FALSE(Shown("bob")->live());
  ASSERT_TRUE(LetCall(atrium::v1::UsePolicy::NOBODY).ok());
  Start();
  registry_->OnMediaInventory(inventory, /*fresh=*/false);
  EXPECT_EQ(registry_->MakeMediaPlan().rooms(0).peers_size(), 0);
}

TEST_F(LiveTest, L11WhoeverIsBackBeforeMediaAndMayNotCallAnyMoreIsNotTakenUpAgain) {
  FakePage before, after;
  const int64_t epoch = Enter(&before, "bob");
  DriveResponse::Inventory inventory;
  *inventory.add_rooms() = registry_->MakeMediaPlan().rooms(0);
  ASSERT_TRUE(LetCall(atrium::v1::UsePolicy::OWNERS).ok());
  Start();
  media_.is_connected = false;
  ASSERT_TRUE(Join(&after, "bob", Participant::EDITOR, epoch).ok());
  media_.is_connected = true;
  registry_->OnMediaInventory(inventory, /*fresh=*/false);
  EXPECT_FALSE(Shown("bob")->live());
  EXPECT_EQ(registry_->MakeMediaPlan().rooms_size(), 0) << "media keeps the connection";
}

TEST_F(LiveTest, L11WhatWasForbiddenWhileTheProviderWasReachedIsRefused) {
  WithAgent();
  FakePage page;
  ASSERT_TRUE(Join(&page, "ann").ok());
  GoLive("ann");
  ASSERT_TRUE(LetCall(atrium::v1::UsePolicy::NOBODY).ok());
  providers_.listener->OnReady(std::nullopt);
  EXPECT_EQ(DetailsOf(live_.at(0)).reason, "FORBIDDEN_IN_SESSION");
  EXPECT_FALSE(Shown("ann")->live());
}

TEST_F(LiveTest, N4TheSameRunOfMediaKeepsItsPeersOverARestartOfControl) {
  FakePage before, after;
  const int64_t epoch = Enter(&before, "ann");
  Start();
  DriveResponse::Inventory inventory;
  auto* room = inventory.add_rooms();
  room->set_session("sessions/main");
  auto* peer = room->add_peers();
  peer->set_participant("sessions/main/participants/ann");
  peer->set_epoch(epoch);
  peer->set_muted(true);
  registry_->OnMediaInventory(inventory, /*fresh=*/false);
  EXPECT_EQ(registry_->MakeMediaPlan().rooms(0).peers(0).epoch(), epoch);
  ASSERT_TRUE(Join(&after, "ann", Participant::EDITOR, epoch).ok());
  EXPECT_EQ(EpochTold(after), 0) << "a call that goes on was made anew";
  EXPECT_TRUE(Shown("ann")->live());
  EXPECT_TRUE(Shown("ann")->muted());
  loop_.Advance(absl::Minutes(1));
  EXPECT_TRUE(Shown("ann")->live());
  EXPECT_TRUE(session_->HangUp(PageOf("ann")).ok());
}

TEST_F(LiveTest, N4APeerWhosePageDoesNotComeBackEnds) {
  DriveResponse::Inventory inventory;
  auto* room = inventory.add_rooms();
  room->set_session("sessions/main");
  room->add_peers()->set_participant("sessions/main/participants/ann");
  room->mutable_peers(0)->set_epoch(5);
  registry_->OnMediaInventory(inventory, /*fresh=*/false);
  EXPECT_NE(Shown("ann"), nullptr);
  loop_.Advance(absl::Seconds(10));
  EXPECT_EQ(Shown("ann"), nullptr);
  EXPECT_EQ(registry_->MakeMediaPlan().rooms_size(), 0);
}

TEST_F(LiveTest, N4ACallThatMediaDoesNotKnowIsMadeAnew) {
  FakePage page;
  ASSERT_TRUE(Join(&page, "ann", Participant::EDITOR, 12345).ok());
  EXPECT_GT(EpochTold(page), 12345);
  EXPECT_TRUE(Shown("ann")->live());
}

TEST_F(LiveTest, N4APageThatIsBackBeforeMediaKeepsItsConnectionIfMediaHasIt) {
  FakePage ann, bob;
  media_.is_connected = false;
  ASSERT_TRUE(Join(&ann, "ann", Participant::EDITOR, 12345).ok());
  ASSERT_TRUE(Join(&bob, "bob", Participant::EDITOR, 12346).ok());
  media_.is_connected = true;
  DriveResponse::Inventory inventory;
  auto* room = inventory.add_rooms();
  room->set_session("sessions/main");
  room->add_peers()->set_participant("sessions/main/participants/ann");
  room->mutable_peers(0)->set_epoch(12345);
  registry_->OnMediaInventory(inventory, /*fresh=*/false);
  EXPECT_EQ(EpochTold(ann), 0) << "a call that goes on was made anew";
  EXPECT_TRUE(Shown("ann")->live());
  EXPECT_GT(EpochTold(bob), 12346);
}

TEST_F(LiveTest, S4V8AViewerHearsTheCallAndIsNeverHeard) {
  FakePage ann, vera;
  Enter(&ann, "ann");
  ASSERT_TRUE(Join(&vera, "vera", Participant::VIEWER).ok());
  GoLive("vera", Participant::VIEWER);
  EXPECT_TRUE(live_.back().ok());
  EXPECT_NE(EpochTold(vera), 0);
  EXPECT_TRUE(Shown("vera")->live());
  EXPECT_TRUE(Shown("vera")->muted());
  EXPECT_TRUE(Planned(1).muted()) << "media drops whatever its page sends";
  EXPECT_FALSE(Planned(0).muted());
  const absl::Status refused = Unmute("vera");
  EXPECT_TRUE(absl::IsPermissionDenied(refused));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("must be an editor"));
  EXPECT_TRUE(Planned(1).muted());
  // Deafening, and a second offer, change nothing of that.
  atrium::v1::UpdateSelf update;
  update.set_deafened(true);
  ASSERT_TRUE(session_->UpdateSelf(Person("vera"), PageOf("vera"), update).ok());
  GoLive("vera", Participant::VIEWER);
  EXPECT_TRUE(Planned(1).muted());
  EXPECT_TRUE(Planned(1).deafened());
}

TEST_F(LiveTest, V3AViewerWhoListensStartsNoProvider) {
  WithAgent();
  FakePage ann, vera;
  ASSERT_TRUE(Join(&vera, "vera", Participant::VIEWER).ok());
  GoLive("vera", Participant::VIEWER);
  EXPECT_TRUE(live_.at(0).ok());
  EXPECT_EQ(providers_.listener, nullptr) << "it costs, and only editors start it";
  ASSERT_TRUE(Join(&ann, "ann").ok());
  GoLive("ann");
  providers_.listener->OnReady(std::nullopt);
  EXPECT_EQ(registry_->MakeMediaPlan().rooms(0).peers_size(), 2);
}

TEST_F(LiveTest, V2AListeningViewerAloneKeepsNoProviderThatBillsByTheMinute) {
  WithAgent();
  providers_.can.bills_by_minute = true;
  FakePage ann, vera, lowered;
  ASSERT_TRUE(Join(&ann, "ann").ok());
  GoLive("ann");
  providers_.listener->OnReady(std::nullopt);
  ASSERT_TRUE(Join(&vera, "vera", Participant::VIEWER).ok());
  GoLive("vera", Participant::VIEWER);
  loop_.Advance(absl::Minutes(10));
  const auto state = [this] { return session_->snapshot().conversation().state(); };
  EXPECT_EQ(state(), atrium::v1::Conversation::ACTIVE);
  // Lowered in mid-call, she only listens too.
  ASSERT_TRUE(Join(&lowered, "ann", Participant::VIEWER, EpochTold(ann)).ok());
  EXPECT_TRUE(Shown("ann")->live());
  loop_.Advance(absl::Minutes(6));
  EXPECT_EQ(state(), atrium::v1::Conversation::STOPPED);
  EXPECT_TRUE(Shown("vera")->live()) << "people hear one another as before";
}

TEST_F(LiveTest, S4AnotherRoleIsAnotherVoice) {
  FakePage page, lowered, raised;
  const int64_t epoch = Enter(&page, "ann");
  EXPECT_FALSE(Planned(0).muted());
  // Lowered, with its microphone on: it goes on listening.
  ASSERT_TRUE(Join(&lowered, "ann", Participant::VIEWER, epoch).ok());
  EXPECT_EQ(EpochTold(lowered), 0);
  EXPECT_TRUE(Shown("ann")->live());
  EXPECT_TRUE(Planned(0).muted());
  EXPECT_FALSE(Unmute("ann").ok());
  // Raised: nobody's microphone is turned on but by themselves.
  ASSERT_TRUE(Join(&raised, "ann", Participant::EDITOR, epoch).ok());
  EXPECT_TRUE(Planned(0).muted());
  GoLive("ann");
  EXPECT_GT(EpochTold(raised), epoch);
  EXPECT_TRUE(Unmute("ann").ok());
  EXPECT_FALSE(Planned(0).muted());
  // Whoever left the call as a viewer enters it as an editor like any other.
  FakePage vera, again;
  ASSERT_TRUE(Join(&vera, "vera", Participant::VIEWER).ok());
  GoLive("vera", Participant::VIEWER);
  ASSERT_TRUE(session_->HangUp(PageOf("vera")).ok());
  EXPECT_FALSE(Shown("vera")->muted());
  Enter(&again, "vera");
  EXPECT_FALSE(Planned(1).muted());
}

TEST_F(LiveTest, S4AViewerWhoClaimsACallOnlyListensInIt) {
  FakePage vera, page;
  ASSERT_TRUE(Join(&vera, "vera", Participant::VIEWER, 12345).ok());
  EXPECT_GT(EpochTold(vera), 12345);
  EXPECT_TRUE(Planned(0).muted());
  // Nor does one who is back before media, which believes it to speak.
  Start();
  media_.is_connected = false;
  ASSERT_TRUE(Join(&page, "vera", Participant::VIEWER, 12345).ok());
  media_.is_connected = true;
  DriveResponse::Inventory inventory;
  auto* room = inventory.add_rooms();
  room->set_session("sessions/main");
  room->add_peers()->set_participant("sessions/main/participants/vera");
  room->mutable_peers(0)->set_epoch(12345);
  registry_->OnMediaInventory(inventory, /*fresh=*/false);
  EXPECT_EQ(EpochTold(page), 0);
  EXPECT_TRUE(Planned(0).muted());
}

TEST_F(LiveTest, V8N4WhoMutedSomebodyIsKnownOverARestartOfControl) {
  FakePage ann, bob;
  Enter(&ann, "ann");
  const int64_t epoch = Enter(&bob, "bob");
  const std::string owner = Shown("ann")->name();
  const Actor actor = Person("ann", Participant::OWNER);
  ASSERT_TRUE(session_->MuteParticipant(actor, Shown("bob")->name()).ok());
  DriveResponse::Inventory inventory;
  *inventory.add_rooms() = registry_->MakeMediaPlan().rooms(0);
  EXPECT_EQ(inventory.rooms(0).peers(1).muted_by(), owner);
  for (const bool media_first : {true, false}) {
    FakePage back;
    Start();
    media_.is_connected = media_first;
    if (media_first) registry_->OnMediaInventory(inventory, /*fresh=*/false);
    ASSERT_TRUE(Join(&back, "bob", Participant::EDITOR, epoch).ok());
    media_.is_connected = true;
    if (!media_first) registry_->OnMediaInventory(inventory, /*fresh=*/false);
    EXPECT_EQ(EpochTold(back), 0) << "a call that goes on was made anew";
    EXPECT_TRUE(Shown("bob")->muted());
    EXPECT_EQ(Shown("bob")->muted_by(), owner);
    EXPECT_TRUE(Unmute("bob").ok());
    // What media tells again is older than that.
    registry_->OnMediaInventory(inventory, /*fresh=*/false);
    EXPECT_FALSE(Shown("bob")->muted());
    EXPECT_EQ(Shown("bob")->muted_by(), "");
  }
}

TEST_F(LiveTest, R24S18AnEpochThatNobodyWasToldMakesNoOthers) {
  for (const int64_t claimed :
       {std::numeric_limits<int64_t>::max() - 9, std::numeric_limits<int64_t>::min(), int64_t{-1}}) {
    FakePage page;
    Start();
    media_.is_connected = false;
    ASSERT_TRUE(Join(&page, "ann", Participant::EDITOR, claimed).ok());
    media_.is_connected = true;
    registry_->OnMediaInventory({}, /*fresh=*/false);
    EXPECT_GT(EpochTold(page), 0);
    EXPECT_LE(EpochTold(page), absl::ToUnixMillis(loop_.Now()) + 10);
  }
}

TEST_F(LiveTest, R24EpochsGrowWhateverTheClockDoes) {
  FakePage page;
  const int64_t epoch = Enter(&page, "ann");
  DriveResponse::PeerStatus silent;
  silent.set_peer("sessions/main/participants/ann");
  silent.set_epoch(epoch);
  silent.set_state(DriveResponse::PeerStatus::SILENT);
  registry_->OnMediaPeer(silent);
  EXPECT_GT(EpochTold(page), epoch);
  const int64_t next = EpochTold(page);
  registry_->OnMediaPeer(silent);  // Of the old one.
  EXPECT_EQ(EpochTold(page), next);
}

TEST_F(LiveTest, V5AFailedPeerEndsThatCallOnly) {
  FakePage ann, bob;
  const int64_t epoch = Enter(&ann, "ann");
  Enter(&bob, "bob");
  DriveResponse::PeerStatus failed;
  failed.set_peer("sessions/main/participants/ann");
  failed.set_epoch(epoch);
  failed.set_state(DriveResponse::PeerStatus::FAILED);
  registry_->OnMediaPeer(failed);
  EXPECT_EQ(ann.Last(JoinResponse::kLiveEnded)->live_ended().reason(), "PEER_FAILED");
  EXPECT_EQ(bob.Last(JoinResponse::kLiveEnded), nullptr);
  EXPECT_FALSE(Shown("ann")->live());
  EXPECT_TRUE(Shown("bob")->live());
}

TEST_F(LiveTest, L12WhoHangsUpOrLeavesIsOutOfThePlan) {
  FakePage ann, bob;
  Enter(&ann, "ann");
  Enter(&bob, "bob");
  EXPECT_TRUE(session_->HangUp(PageOf("ann")).ok());
  EXPECT_FALSE(session_->HangUp(PageOf("ann")).ok());
  EXPECT_EQ(registry_->MakeMediaPlan().rooms(0).peers_size(), 1);
  session_->Leave(PageOf("bob"), &bob);
  EXPECT_EQ(registry_->MakeMediaPlan().rooms_size(), 1) << "a reload hangs up";
  loop_.Advance(absl::Seconds(10));
  EXPECT_EQ(registry_->MakeMediaPlan().rooms_size(), 0);
}

TEST_F(LiveTest, L8TheCallMovesToTheOtherWindow) {
  FakePage first, second;
  Enter(&first, "ann");
  ASSERT_TRUE(Join(&second, Person("ann"), PageOf("ann2")).ok());
  session_->GoLive(Person("ann"), PageOf("ann2"), [](absl::Status) {});
  EXPECT_EQ(first.Last(JoinResponse::kLiveEnded)->live_ended().reason(), "MOVED");
  EXPECT_NE(EpochTold(second), 0);
  EXPECT_EQ(registry_->MakeMediaPlan().rooms(0).peers_size(), 1);
}

TEST_F(LiveTest, S18SignalsAreBoundedAndOnlyOfThePresentCall) {
  FakePage page;
  atrium::v1::PeerSignal offer;
  offer.set_offer_sdp("v=0");
  ASSERT_TRUE(Join(&page, "ann").ok());
  EXPECT_FALSE(session_->Signal(PageOf("ann"), offer).ok()) << "not in the call";
  GoLive("ann");
  EXPECT_TRUE(session_->Signal(PageOf("ann"), offer).ok());
  EXPECT_TRUE(media_.signals.empty()) << "it is of another epoch";
  offer.set_epoch(EpochTold(page));
  EXPECT_TRUE(session_->Signal(PageOf("ann"), offer).ok());
  EXPECT_EQ(media_.signals.size(), 1u);
  offer.set_offer_sdp(std::string(limits::kSdpBytes + 1, 'x'));
  EXPECT_TRUE(absl::IsInvalidArgument(session_->Signal(PageOf("ann"), offer)));
  offer.set_answer_sdp("v=0");
  EXPECT_TRUE(absl::IsInvalidArgument(session_->Signal(PageOf("ann"), offer)));
  EXPECT_EQ(media_.signals.size(), 1u);
}

TEST_F(LiveTest, V8MuteAndDeafenAreSeenByAllAndToldToMedia) {
  FakePage ann, bob;
  Enter(&ann, "ann");
  ASSERT_TRUE(Join(&bob, "bob").ok());
  const int plans = media_.plans;
  atrium::v1::UpdateSelf update;
  update.set_muted(true);
  EXPECT_TRUE(session_->UpdateSelf(Person("ann"), PageOf("ann"), update).ok());
  EXPECT_TRUE(bob.Last(JoinResponse::kChange)->change().participant().muted());
  EXPECT_FALSE(bob.Last(JoinResponse::kChange)->change().participant().deafened());
  EXPECT_TRUE(registry_->MakeMediaPlan().rooms(0).peers(0).muted());
  EXPECT_GT(media_.plans, plans);
}

TEST_F(LiveTest, V2TheLastToLeaveTheCallLeavesTheProviderConnected) {
  WithAgent();
  FakePage page;
  ASSERT_TRUE(Join(&page, "ann").ok());
  GoLive("ann");
  providers_.listener->OnReady(std::nullopt);
  ASSERT_TRUE(session_->HangUp(PageOf("ann")).ok());
  loop_.RunPosted();
  EXPECT_FALSE(media_.audio_open);
  EXPECT_TRUE(providers_.latest().open);
}

class FloorPlanTest : public LiveTest {
 protected:
  FloorPlanTest() {
    WithAgent();
    Enter(&ann_, "ann");
    providers_.listener->OnReady(std::nullopt);
    Enter(&bob_, "bob");
  }
  void SetFloor(atrium::v1::FloorPolicy::Mode mode) {
    atrium::v1::UpdateSessionRequest request;
    request.mutable_session()->mutable_floor_policy()->set_mode(mode);
    request.mutable_update_mask()->add_paths("floor_policy");
    session_->UpdateSession(Service(), request, [](auto) {});
  }
  void Talk(const std::string& id, bool talking) {
    atrium::v1::UpdateSelf update;
    update.set_talking(talking);
    ASSERT_TRUE(session_->UpdateSelf(Person(id), PageOf(id), update).ok());
  }
  // Whose voices media leaves out of what the agent hears.
  std::vector<std::string> Withheld() {
    std::vector<std::string> withheld;
    const atrium::media::v1::Plan plan = registry_->MakeMediaPlan();
    for (const auto& peer : plan.rooms(0).peers()) {
      if (peer.withheld()) withheld.push_back(peer.participant().substr(27));
    }
    return withheld;
  }

  FakePage ann_, bob_;
};

TEST_F(FloorPlanTest, N5WhoeverHoldsTheTalkKeyIsHeardAloneWhoeverElseIsAudible) {
  EXPECT_THAT(Withheld(), IsEmpty());
  SetFloor(atrium::v1::FloorPolicy::PUSH_TO_TALK);
  EXPECT_THAT(Withheld(), ElementsAre("ann", "bob"));
  const int plans = media_.plans;
  Talk("bob", true);
  EXPECT_GT(media_.plans, plans) << "media must know at once";
  EXPECT_THAT(Withheld(), ElementsAre("ann"));
  session_->Leave(PageOf("bob"), &bob_);
  EXPECT_THAT(Withheld(), ElementsAre("ann", "bob")) << "the key ends with the page";
  SetFloor(atrium::v1::FloorPolicy::ADDRESSED);
  EXPECT_THAT(Withheld(), IsEmpty()) << "it must hear its name";
}

TEST_F(FloorPlanTest, N5TheOwnersAreHeardAndWhoeverBecomesOne) {
  SetFloor(atrium::v1::FloorPolicy::HOST_ONLY);
  EXPECT_THAT(Withheld(), ElementsAre("ann", "bob"));
  const int plans = media_.plans;
  FakePage again;
  ASSERT_TRUE(Join(&again, "bob", Participant::OWNER).ok());
  EXPECT_GT(media_.plans, plans);
  EXPECT_THAT(Withheld(), ElementsAre("ann"));
}

TEST_F(LiveTest, N5WithoutAnAgentNobodyIsWithheld) {
  FakePage ann;
  Enter(&ann, "ann");
  EXPECT_FALSE(registry_->MakeMediaPlan().rooms(0).peers(0).withheld());
}

}  // namespace
}  // namespace atrium::control
