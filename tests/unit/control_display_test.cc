// The machine's own display, and viewers that answer.
#include <string>

#include "tests/support/capture_test.h"

namespace atrium::control {
namespace {

using atrium::media::v1::DriveResponse;
using atrium::v1::Capture;
using atrium::v1::PeerSignal;

class DisplayTest : public CaptureTest {
 protected:
  using CaptureTest::Start;
  DisplayTest() { TellDisplay(true); }
  Actor Owner(const std::string& id) const { return Person(id, Participant::OWNER); }
};

TEST_F(DisplayTest, L11TheDisplayIsShownByOwnersAloneAndOnlyWhereThereIsOne) {
  FakePage ann, bob;
  ASSERT_TRUE(Join(&ann, "ann", Participant::OWNER).ok());
  ASSERT_TRUE(Join(&bob, "bob").ok());
  EXPECT_TRUE(session_->snapshot().session().has_display());
  EXPECT_TRUE(absl::IsPermissionDenied(ShowDisplay(Person("bob")).status()));
  TellDisplay(false);
  EXPECT_FALSE(session_->snapshot().session().has_display());
  EXPECT_EQ(DetailsOf(ShowDisplay(Owner("ann")).status()).reason, "NO_DISPLAY");
  TellDisplay(true);
  const auto shown = ShowDisplay(Owner("ann"));
  ASSERT_TRUE(shown.ok()) << shown.status();
  EXPECT_EQ(shown->source(), Capture::DISPLAY);
  EXPECT_EQ(shown->participant(), "sessions/main/participants/ann");
  EXPECT_TRUE(Planned().display());
  EXPECT_EQ(Planned().page(), "");
  EXPECT_EQ(ann.Last(JoinResponse::kCaptureReady), nullptr) << "media shows it, no page";
  EXPECT_EQ(DetailsOf(ShowDisplay(Owner("ann")).status()).reason, "DISPLAY_SHOWN");
  TellPeer(shown->name(), Planned().epoch(), DriveResponse::PeerStatus::CONNECTED);
  EXPECT_EQ(ShownCapture(shown->name())->state(), Capture::SHOWN);
}

TEST_F(DisplayTest, S19TheDisplayEndsWithWhoeverShowsIt) {
  FakePage ann, bob;
  ASSERT_TRUE(Join(&ann, "ann", Participant::OWNER).ok());
  ASSERT_TRUE(Join(&bob, "bob", Participant::OWNER).ok());
  const std::string name = ShowDisplay(Owner("ann"))->name();
  session_->Leave(PageOf("ann"), &ann);
  loop_.Advance(absl::Seconds(9));
  EXPECT_NE(ShownCapture(name), nullptr) << "ann may come back";
  loop_.Advance(absl::Seconds(2));
  EXPECT_EQ(ShownCapture(name), nullptr);
  EXPECT_EQ(Planned().name(), "");
  EXPECT_EQ(DetailsOf(ShowDisplay(Owner("ann")).status()).reason, "NOT_JOINED")
      << "with whom would it end?";
  const std::string by_service = ShowDisplay(Service())->name();
  session_->Leave(PageOf("bob"), &bob);
  loop_.Advance(absl::Minutes(1));
  EXPECT_NE(ShownCapture(by_service), nullptr) << "a service stops it";
  EXPECT_TRUE(session_->StopCapture(Service(), by_service).ok());
}

TEST_F(DisplayTest, R4ARestartOfControlKeepsTheDisplayIfItsParticipantComesBack) {
  FakePage ann;
  ASSERT_TRUE(Join(&ann, "ann", Participant::OWNER).ok());
  const std::string name = ShowDisplay(Owner("ann"))->name();
  SessionTest::Start();
  FakePage again;
  ASSERT_TRUE(Join(&again, "ann", Participant::OWNER).ok());
  loop_.Advance(absl::Seconds(20));
  ASSERT_NE(ShownCapture(name), nullptr);
  EXPECT_EQ(ShownCapture(name)->source(), Capture::DISPLAY);
  EXPECT_TRUE(Planned().display());
  SessionTest::Start();
  loop_.Advance(absl::Seconds(20));
  EXPECT_EQ(ShownCapture(name), nullptr) << "ann did not come back";
}

TEST_F(DisplayTest, N4ADisplayThatFailsIsTriedAgainByMediaAlone) {
  FakePage ann;
  ASSERT_TRUE(Join(&ann, "ann", Participant::OWNER).ok());
  const std::string name = ShowDisplay(Owner("ann"))->name();
  const int64_t epoch = Planned().epoch();
  TellPeer(name, epoch, DriveResponse::PeerStatus::FAILED);
  loop_.Advance(absl::Seconds(1));
  EXPECT_GT(Planned().epoch(), epoch);
  EXPECT_EQ(ShownCapture(name)->state(), Capture::STARTING);
}

TEST_F(DisplayTest, L11WhatTheDeploymentForbidsIsRefusedWithAReason) {
  FakePage ann;
  ASSERT_TRUE(Join(&ann, "ann", Participant::OWNER).ok());
  context_.allowed = {.calls = false, .screens = false};
  EXPECT_EQ(DetailsOf(Start("ann").status()).reason, "FORBIDDEN_HERE");
  EXPECT_EQ(DetailsOf(ShowDisplay(Owner("ann")).status()).reason, "FORBIDDEN_HERE");
  absl::Status live;
  session_->GoLive(Person("ann"), PageOf("ann"), [&](absl::Status s) { live = s; });
  EXPECT_EQ(DetailsOf(live).reason, "FORBIDDEN_HERE");
  // Nor by the claim that it was in the call before.
  session_->Leave(PageOf("ann"), &ann);
  FakePage again;
  ASSERT_TRUE(Join(&again, "ann", Participant::OWNER, /*live_epoch=*/77).ok());
  EXPECT_EQ(again.Last(JoinResponse::kLiveReady), nullptr);
  EXPECT_FALSE(Shown("ann")->live());
}

TEST_F(DisplayTest, X8AViewerThatAnswersGetsTheOfferAndSendsNone) {
  FakePage ann, bob;
  ASSERT_TRUE(Join(&ann, "ann").ok());
  ASSERT_TRUE(Join(&bob, "bob", Participant::VIEWER).ok());
  const std::string name = Start("ann")->name();
  ASSERT_TRUE(Watch("bob", name, /*answers=*/true).ok());
  EXPECT_TRUE(bob.Last(JoinResponse::kCaptureReady)->capture_ready().answers());
  EXPECT_TRUE(Planned().viewers(0).answers());
  PeerSignal signal;
  signal.set_capture(name);
  signal.set_epoch(EpochTold(bob));
  signal.set_offer_sdp("v=0");
  EXPECT_TRUE(absl::IsInvalidArgument(session_->Signal(PageOf("bob"), signal)));
  signal.set_answer_sdp(std::string(limits::kSdpBytes + 1, 'a'));
  EXPECT_EQ(DetailsOf(session_->Signal(PageOf("bob"), signal)).field, "signal.answer_sdp");
  signal.set_answer_sdp("v=0");
  EXPECT_TRUE(session_->Signal(PageOf("bob"), signal).ok());
  ASSERT_EQ(media_.signals.size(), 1u);
  EXPECT_EQ(media_.signals[0].peer(), ViewerOf(name, "bob"));
  signal.set_epoch(EpochTold(ann));
  EXPECT_TRUE(absl::IsInvalidArgument(session_->Signal(PageOf("ann"), signal))) << "it offers";
}

TEST_F(DisplayTest, R4AViewerThatAnsweredStillAnswersAfterARestart) {
  FakePage ann, bob;
  ASSERT_TRUE(Join(&ann, "ann").ok());
  ASSERT_TRUE(Join(&bob, "bob").ok());
  const std::string name = Start("ann")->name();
  ASSERT_TRUE(Watch("bob", name, /*answers=*/true).ok());
  DriveResponse::Inventory inventory;
  inventory.add_rooms()->set_session("sessions/main");
  *inventory.mutable_rooms(0)->add_captures() = Planned();
  SessionTest::Start();
  FakePage again, bob_again;
  ASSERT_TRUE(Join(&again, "ann").ok());
  ASSERT_TRUE(Join(&bob_again, "bob").ok());
  registry_->OnMediaInventory(inventory, /*fresh=*/false);
  EXPECT_TRUE(Planned().viewers(0).answers());
  // Another run of media: anew, and the same way round.
  registry_->OnMediaInventory({}, /*fresh=*/true);
  EXPECT_TRUE(bob_again.Last(JoinResponse::kCaptureReady)->capture_ready().answers());
}

}  // namespace
}  // namespace atrium::control
