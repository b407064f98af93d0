// A session's call.
#include <algorithm>
#include <limits>

#include "common/proto_time.h"
#include "tests/support/live_test.h"

namespace atrium::control {
namespace {

using atrium::media::v1::DriveResponse;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

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

TEST_F(LiveTest, V3_L8ACallThatGoesOnWaitsForNoProvider) {
  WithAgent();
  FakePage ann, bob, eve;
  ASSERT_TRUE(Join(&ann, "ann").ok());
  GoLive("ann");
  providers_.listener->OnReady(std::nullopt);
  providers_.listener->OnLost(absl::ResourceExhaustedError("no quota"), true);
  loop_.RunPosted();
  ASSERT_EQ(session_->snapshot().conversation().state(), atrium::v1::Conversation::FAILED);
  EXPECT_NE(Enter(&bob, "bob"), 0) << "somebody else";
  const int64_t before = EpochTold(ann);
  GoLive("ann");
  EXPECT_GT(EpochTold(ann), before) << "whoever reloaded the page";
  for (const absl::Status& status : live_) EXPECT_TRUE(status.ok()) << status;
  ASSERT_TRUE(session_->HangUp(PageOf("ann")).ok());
  ASSERT_TRUE(session_->HangUp(PageOf("bob")).ok());
  EXPECT_EQ(Enter(&eve, "eve"), 0) << "the first of a call begins it with the agent, or not";
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

TEST_F(LiveTest, P5_L14WhoeverSpeaksUsesTheSessionAndTheirWordsHaveTheTimeThatTheyBegan) {
  WithAgent();
  FakePage page;
  ASSERT_TRUE(Join(&page, "ann").ok());
  GoLive("ann");
  providers_.listener->OnReady(std::nullopt);
  loop_.Advance(absl::Minutes(6));
  EXPECT_EQ(session_->snapshot().session().state(), atrium::v1::Session::IDLE);
  providers_.listener->OnSpeechStarted("u1", 0);
  const absl::Time began = loop_.Now();
  loop_.Advance(absl::Seconds(4));
  providers_.listener->OnHeard("u1", "Hello.", true);
  loop_.RunPosted();
  EXPECT_EQ(session_->snapshot().session().state(), atrium::v1::Session::ACTIVE);
  const auto& entry = *session_->snapshot().entries().rbegin();
  EXPECT_EQ(entry.text(), "Hello.");
  EXPECT_EQ(FromProtoTime(entry.create_time()), began);
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

TEST_F(FloorPlanTest, V8_L8WhosePageGoesWhileTheTalkKeyIsHeldIsMutedAsIfItWereLetGo) {
  FakePage other;
  ASSERT_TRUE(Join(&other, Person("bob"), PageOf("bob2")).ok());
  ASSERT_TRUE(Unmute("bob").ok());
  Talk("bob", true);
  session_->Leave(PageOf("bob2"), &other);
  EXPECT_TRUE(Shown("bob")->talking()) << "another page is not the call's";
  EXPECT_FALSE(Shown("bob")->muted());
  session_->Leave(PageOf("bob"), &bob_);
  EXPECT_FALSE(Shown("bob")->talking());
  EXPECT_TRUE(Shown("bob")->muted());
  EXPECT_TRUE(Planned(1).muted());
  session_->Leave(PageOf("ann"), &ann_);
  EXPECT_FALSE(Shown("ann")->muted()) << "she held no key";
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
