// Who is heard in a session's call, and how loud.
#include <limits>
#include <optional>

#include "tests/support/live_test.h"

namespace atrium::control {
namespace {

using atrium::media::v1::DriveResponse;
using testing::HasSubstr;

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
  for (const auto role :
       {Participant::ROLE_UNSPECIFIED, Participant::VIEWER, Participant::EDITOR}) {
    EXPECT_TRUE(
        absl::IsPermissionDenied(session_->MuteParticipant(Person("ann", role), name).status()));
  }
  EXPECT_TRUE(absl::IsPermissionDenied(session_->MuteParticipant(Agent(), name).status()));
  EXPECT_FALSE(Shown("bob")->muted());
  const Actor owner = Person("ann", Participant::OWNER);
  for (const char* absent :
       {"", "bob", "sessions/main/participants/nobody", "sessions/main",
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

}  // namespace
}  // namespace atrium::control
