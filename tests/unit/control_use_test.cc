// What may be used in a session, and by whom.
#include "tests/support/live_test.h"

namespace atrium::control {
namespace {

using atrium::media::v1::DriveResponse;
using testing::HasSubstr;

TEST_F(LiveTest, L11_L20WhatTheDeploymentForbidsIsInTheFirstSnapshotInTheWordsOfItsRefusal) {
  using atrium::v1::ForbiddenAct;
  allowed_ = {.calls = false, .screens = false, .agent_sight = false};
  Start();
  FakePage page, again;
  ASSERT_TRUE(Join(&page, "ann").ok());
  const auto told = page.Last(JoinResponse::kSnapshot)->snapshot().session().forbidden_acts();
  ASSERT_EQ(told.size(), 3);
  EXPECT_EQ(told[0].act(), ForbiddenAct::CALL);
  EXPECT_EQ(told[1].act(), ForbiddenAct::SHOW_SCREENS);
  EXPECT_EQ(told[2].act(), ForbiddenAct::SHOW_TO_AGENT);
  GoLive("ann");
  EXPECT_EQ(told[0].message(), live_.back().message());
  Answers<atrium::v1::Capture> screen;
  session_->StartCapture(Person("ann"), PageOf("ann"), {}, Into(&screen));
  EXPECT_EQ(told[1].message(), screen.at(0).status().message());
  EXPECT_THAT(told[2].message(), HasSubstr("show screens to the agent"));
  // It is said with whatever else changes of the session, too.
  ASSERT_TRUE(LetCall(atrium::v1::UsePolicy::NOBODY).ok());
  const auto& changed = page.Last(JoinResponse::kChange)->change().session();
  EXPECT_EQ(changed.forbidden_acts_size(), 3);
  allowed_ = {};
  Start();
  ASSERT_TRUE(Join(&again, "ann").ok());
  EXPECT_EQ(session_->snapshot().session().forbidden_acts_size(), 0) << "it was stored";
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

}  // namespace
}  // namespace atrium::control
