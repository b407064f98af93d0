// Screens that are shown: who may, who is told, what a restart keeps.
#include <string>

#include "control/limits.h"
#include "tests/support/capture_test.h"

namespace atrium::control {
namespace {

using atrium::media::v1::DriveResponse;
using atrium::v1::Capture;
using atrium::v1::PeerSignal;
using testing::HasSubstr;

TEST_F(CaptureTest, L6WhatIsShownIsSeenByAllAndPlanned) {
  FakePage ann, bob;
  ASSERT_TRUE(Join(&ann, "ann").ok());
  ASSERT_TRUE(Join(&bob, "bob", Participant::VIEWER).ok());
  const auto capture = Start("ann", Participant::EDITOR, "Win\x1b[31mdow");
  ASSERT_TRUE(capture.ok()) << capture.status();
  EXPECT_EQ(capture->title(), "Win[31mdow");
  EXPECT_EQ(bob.Last(JoinResponse::kChange)->change().entry().text(),
            session_->snapshot().entries().rbegin()->text());
  EXPECT_EQ(ShownCapture(capture->name())->participant(), "sessions/main/participants/ann");
  const auto ready = ann.Last(JoinResponse::kCaptureReady)->capture_ready();
  EXPECT_TRUE(ready.shows());
  EXPECT_EQ(ready.capture(), capture->name());
  EXPECT_EQ(Planned().epoch(), ready.epoch());
  EXPECT_EQ(bob.Last(JoinResponse::kCaptureReady), nullptr);
  TellPeer(capture->name(), ready.epoch(), DriveResponse::PeerStatus::CONNECTED);
  EXPECT_EQ(ShownCapture(capture->name())->state(), Capture::SHOWN);
}

TEST_F(CaptureTest, L6WhoeverWatchesGetsAConnectionOfTheirOwn) {
  FakePage ann, bob;
  ASSERT_TRUE(Join(&ann, "ann").ok());
  ASSERT_TRUE(Join(&bob, "bob", Participant::VIEWER).ok());
  const std::string name = Start("ann")->name();
  ASSERT_TRUE(Watch("bob", name).ok());
  const int64_t first = EpochTold(bob);
  EXPECT_FALSE(bob.Last(JoinResponse::kCaptureReady)->capture_ready().shows());
  EXPECT_EQ(ShownCapture(name)->viewer_count(), 1);
  ASSERT_EQ(Planned().viewers_size(), 1);
  EXPECT_EQ(Planned().viewers(0).epoch(), first);
  // Asked again: another one.
  ASSERT_TRUE(Watch("bob", name).ok());
  EXPECT_GT(EpochTold(bob), first);
  EXPECT_EQ(ShownCapture(name)->viewer_count(), 1);
  ASSERT_TRUE(session_->LeaveCapture(PageOf("bob"), name).ok());
  EXPECT_EQ(ShownCapture(name)->viewer_count(), 0);
  EXPECT_EQ(Planned().viewers_size(), 0);
  EXPECT_FALSE(Watch("ann", name).ok()) << "its own page";
  EXPECT_TRUE(absl::IsNotFound(Watch("bob", name + "x")));
}

TEST_F(CaptureTest, L11ViewersShowNothingAndScreensAreCapped) {
  FakePage ann, eve;
  ASSERT_TRUE(Join(&ann, "ann").ok());
  ASSERT_TRUE(Join(&eve, "eve", Participant::VIEWER).ok());
  EXPECT_TRUE(absl::IsPermissionDenied(Start("eve", Participant::VIEWER).status()));
  for (size_t i = 0; i < limits::kCaptures; ++i) EXPECT_TRUE(Start("ann").ok());
  EXPECT_TRUE(absl::IsResourceExhausted(Start("ann").status()));
  media_.is_connected = false;
  ASSERT_TRUE(session_->StopCapture(Person("ann"), session_->snapshot().captures(0).name()).ok());
  EXPECT_TRUE(absl::IsUnavailable(Start("ann").status()));
}

TEST_F(CaptureTest, S19ItsParticipantAndOwnersStopItNobodyElse) {
  FakePage ann, bob;
  ASSERT_TRUE(Join(&ann, "ann").ok());
  ASSERT_TRUE(Join(&bob, "bob").ok());
  const std::string name = Start("ann")->name();
  EXPECT_TRUE(absl::IsPermissionDenied(session_->StopCapture(Person("bob"), name)));
  EXPECT_NE(ShownCapture(name), nullptr);
  ASSERT_TRUE(session_->StopCapture(Person("bob", Participant::OWNER), name).ok());
  EXPECT_EQ(ShownCapture(name), nullptr);
  EXPECT_EQ(Planned().name(), "");
  EXPECT_THAT(session_->snapshot().entries().rbegin()->text(), HasSubstr("stopped by"));
  const std::string next = Start("ann")->name();
  EXPECT_TRUE(session_->StopCapture(Person("ann"), next).ok());
  EXPECT_TRUE(absl::IsNotFound(session_->StopCapture(Person("ann"), next)));
}

TEST_F(CaptureTest, S19APageThatIsGoneShowsAndWatchesNothing) {
  FakePage ann, bob;
  ASSERT_TRUE(Join(&ann, "ann").ok());
  ASSERT_TRUE(Join(&bob, "bob").ok());
  const std::string name = Start("ann")->name();
  ASSERT_TRUE(Watch("bob", name).ok());
  session_->Leave(PageOf("bob"), &bob);
  EXPECT_EQ(ShownCapture(name)->viewer_count(), 1) << "it may come back";
  loop_.Advance(absl::Seconds(10));
  EXPECT_EQ(ShownCapture(name)->viewer_count(), 0);
  session_->Leave(PageOf("ann"), &ann);
  loop_.Advance(absl::Seconds(9));
  EXPECT_NE(ShownCapture(name), nullptr);
  loop_.Advance(absl::Seconds(2));
  EXPECT_EQ(ShownCapture(name), nullptr);
}

TEST_F(CaptureTest, S18SignalsGoToOnesOwnConnectionOnly) {
  FakePage ann, bob, eve;
  ASSERT_TRUE(Join(&ann, "ann").ok());
  ASSERT_TRUE(Join(&bob, "bob").ok());
  ASSERT_TRUE(Join(&eve, "eve").ok());
  const std::string name = Start("ann")->name();
  ASSERT_TRUE(Watch("bob", name).ok());
  PeerSignal offer;
  offer.set_capture(name);
  offer.set_offer_sdp("v=0");
  offer.set_epoch(EpochTold(ann));
  ASSERT_TRUE(session_->Signal(PageOf("ann"), offer).ok());
  EXPECT_EQ(media_.signals.back().peer(), name);
  EXPECT_TRUE(session_->Signal(PageOf("eve"), offer).ok());
  EXPECT_EQ(media_.signals.size(), 1u) << "it neither shows nor watches";
  offer.set_epoch(EpochTold(bob));
  ASSERT_TRUE(session_->Signal(PageOf("bob"), offer).ok());
  EXPECT_EQ(media_.signals.back().peer(), ViewerOf(name, "bob"));
  offer.set_epoch(EpochTold(bob) - 1);
  ASSERT_TRUE(session_->Signal(PageOf("bob"), offer).ok());
  EXPECT_EQ(media_.signals.size(), 2u) << "of an old connection";
  atrium::media::v1::Signal answer;
  answer.set_peer(ViewerOf(name, "bob"));
  answer.mutable_signal()->set_epoch(EpochTold(bob));
  answer.mutable_signal()->set_answer_sdp("v=0");
  registry_->OnMediaSignal(answer);
  EXPECT_EQ(bob.Last(JoinResponse::kSignal)->signal().capture(), name);
  EXPECT_EQ(ann.Last(JoinResponse::kSignal), nullptr);
}

TEST_F(CaptureTest, L13ThePageThatShowsIsToldHowMuchToSendAndNobodyElse) {
  FakePage ann, bob;
  ASSERT_TRUE(Join(&ann, "ann").ok());
  ASSERT_TRUE(Join(&bob, "bob").ok());
  const std::string name = Start("ann")->name();
  ASSERT_TRUE(session_->WatchCapture(PageOf("bob"), Watching(name)).ok());
  DriveResponse::CaptureBitrate bitrate;
  bitrate.set_capture(name);
  bitrate.set_max_bps(700'000);
  registry_->OnMediaBitrate(bitrate);
  ASSERT_NE(ann.Last(JoinResponse::kCaptureBitrate), nullptr);
  EXPECT_EQ(ann.Last(JoinResponse::kCaptureBitrate)->capture_bitrate().capture(), name);
  EXPECT_EQ(ann.Last(JoinResponse::kCaptureBitrate)->capture_bitrate().max_bps(), 700'000);
  EXPECT_EQ(bob.Last(JoinResponse::kCaptureBitrate), nullptr);
  // Of one that is gone, to nobody.
  session_->Leave(PageOf("ann"), &ann);
  registry_->OnMediaBitrate(bitrate);
  bitrate.set_capture(name + "x");
  registry_->OnMediaBitrate(bitrate);
  EXPECT_EQ(bob.Last(JoinResponse::kCaptureBitrate), nullptr);
}

TEST_F(CaptureTest, R1AnotherRunOfMediaConnectsAllScreensAnewAndAsksNobody) {
  FakePage ann, bob;
  ASSERT_TRUE(Join(&ann, "ann").ok());
  ASSERT_TRUE(Join(&bob, "bob").ok());
  const std::string name = Start("ann")->name();
  ASSERT_TRUE(Watch("bob", name).ok());
  const int64_t shown = EpochTold(ann), watched = EpochTold(bob);
  TellPeer(name, shown, DriveResponse::PeerStatus::CONNECTED);
  DriveResponse::Inventory inventory;
  inventory.set_incarnation("next");
  registry_->OnMediaInventory(inventory, /*fresh=*/true);
  EXPECT_GT(EpochTold(ann), shown);
  EXPECT_GT(EpochTold(bob), watched);
  EXPECT_EQ(ShownCapture(name)->state(), Capture::STARTING);
  EXPECT_EQ(Planned().epoch(), EpochTold(ann));
  TellPeer(name, shown, DriveResponse::PeerStatus::CONNECTED);
  EXPECT_EQ(ShownCapture(name)->state(), Capture::STARTING) << "that was the old one";
}

TEST_F(CaptureTest, R4ARestartOfControlKeepsWhatIsShownAndWatched) {
  FakePage ann, bob;
  ASSERT_TRUE(Join(&ann, "ann").ok());
  ASSERT_TRUE(Join(&bob, "bob").ok());
  const std::string name = Start("ann")->name();
  ASSERT_TRUE(Watch("bob", name).ok());
  const auto before = Planned();
  SessionTest::Start();
  FakePage again, bob_again;
  ASSERT_TRUE(Join(&again, "ann").ok());
  ASSERT_TRUE(Join(&bob_again, "bob").ok());
  ASSERT_EQ(again.Last(JoinResponse::kSnapshot)->snapshot().captures_size(), 1);
  DriveResponse::Inventory inventory;
  auto* room = inventory.add_rooms();
  room->set_session("sessions/main");
  *room->add_captures() = before;
  registry_->OnMediaInventory(inventory, /*fresh=*/false);
  EXPECT_EQ(EpochTold(again), before.epoch()) << "it goes on as it is";
  EXPECT_EQ(bob_again.Count(JoinResponse::kCaptureReady), 0);
  EXPECT_EQ(Planned().SerializeAsString(), before.SerializeAsString());
  EXPECT_EQ(ShownCapture(name)->viewer_count(), 1);
  EXPECT_EQ(ShownCapture(name)->state(), Capture::SHOWN);
  loop_.Advance(absl::Minutes(1));
  EXPECT_NE(ShownCapture(name), nullptr);
}

TEST_F(CaptureTest, R4AScreenWhosePageDoesNotComeBackEnds) {
  FakePage ann;
  ASSERT_TRUE(Join(&ann, "ann").ok());
  const std::string name = Start("ann")->name();
  SessionTest::Start();
  EXPECT_NE(ShownCapture(name), nullptr);
  loop_.Advance(absl::Seconds(10));
  EXPECT_EQ(ShownCapture(name), nullptr);
  EXPECT_EQ(Planned().name(), "");
}

TEST_F(CaptureTest, V5AConnectionThatFailsEndsThatScreenOrThatViewerOnly) {
  FakePage ann, bob, eve;
  ASSERT_TRUE(Join(&ann, "ann").ok());
  ASSERT_TRUE(Join(&bob, "bob").ok());
  ASSERT_TRUE(Join(&eve, "eve").ok());
  const std::string one = Start("ann")->name();
  const int64_t epoch = EpochTold(ann);
  const std::string other = Start("ann")->name();
  ASSERT_TRUE(Watch("bob", one).ok());
  ASSERT_TRUE(Watch("eve", one).ok());
  TellPeer(ViewerOf(one, "bob"), EpochTold(bob), DriveResponse::PeerStatus::FAILED);
  EXPECT_EQ(ShownCapture(one)->viewer_count(), 1);
  EXPECT_EQ(bob.Count(JoinResponse::kCaptureEnded), 1) << "it may ask again";
  EXPECT_EQ(eve.Count(JoinResponse::kCaptureEnded), 0);
  TellPeer(ViewerOf(one, "eve"), EpochTold(eve), DriveResponse::PeerStatus::SILENT);
  EXPECT_EQ(ShownCapture(one)->viewer_count(), 1);
  EXPECT_EQ(eve.Count(JoinResponse::kCaptureReady), 2) << "it connects anew";
  TellPeer(one, epoch, DriveResponse::PeerStatus::FAILED);
  EXPECT_EQ(ShownCapture(one)->state(), Capture::STARTING);
  EXPECT_NE(ShownCapture(other), nullptr);
}

TEST_F(CaptureTest, N4AConnectionThatFailsIsMadeAnewSomeTimesBeforeTheScreenEnds) {
  FakePage ann;
  ASSERT_TRUE(Join(&ann, "ann").ok());
  const std::string name = Start("ann")->name();
  int64_t epoch = EpochTold(ann);
  for (int i = 0; i < limits::kCaptureTries; ++i) {
    TellPeer(name, epoch, DriveResponse::PeerStatus::FAILED);
    TellPeer(name, epoch - 1, DriveResponse::PeerStatus::FAILED);  // Of an older one.
    EXPECT_EQ(EpochTold(ann), epoch) << "not at once";
    loop_.Advance(limits::kCaptureRetry * (1 << i));
    EXPECT_GT(EpochTold(ann), epoch);
    epoch = EpochTold(ann);
  }
  TellPeer(name, epoch, DriveResponse::PeerStatus::CONNECTED);
  TellPeer(name, epoch, DriveResponse::PeerStatus::FAILED);
  EXPECT_NE(ShownCapture(name), nullptr) << "it was well in between";
  for (int i = 0; i <= limits::kCaptureTries; ++i) {
    loop_.Advance(absl::Minutes(1));
    TellPeer(name, EpochTold(ann), DriveResponse::PeerStatus::FAILED);
  }
  EXPECT_EQ(ShownCapture(name), nullptr);
  EXPECT_THAT(session_->snapshot().entries().rbegin()->text(), HasSubstr("no route"));
  loop_.Advance(absl::Minutes(1));
}

TEST_F(CaptureTest, N4APageThatComesBackIsToldOfConnectionsThatWereMadeAnewMeanwhile) {
  FakePage ann, bob;
  ASSERT_TRUE(Join(&ann, "ann").ok());
  ASSERT_TRUE(Join(&bob, "bob").ok());
  const std::string name = Start("ann")->name();
  ASSERT_TRUE(Watch("bob", name).ok());
  const int64_t shown = EpochTold(ann), watched = EpochTold(bob);
  session_->Leave(PageOf("ann"), &ann);
  session_->Leave(PageOf("bob"), &bob);
  DriveResponse::Inventory inventory;
  inventory.set_incarnation("next");
  registry_->OnMediaInventory(inventory, /*fresh=*/true);
  FakePage again, bob_again;
  ASSERT_TRUE(Join(&again, "ann").ok());
  ASSERT_TRUE(Join(&bob_again, "bob").ok());
  EXPECT_GT(EpochTold(again), shown);
  EXPECT_GT(EpochTold(bob_again), watched);
}

TEST_F(CaptureTest, S4WhoWasSentAwayIsNotAdoptedAgain) {
  FakePage ann, eve;
  ASSERT_TRUE(Join(&ann, "ann").ok());
  ASSERT_TRUE(Join(&eve, "eve", Participant::VIEWER).ok());
  const std::string name = Start("ann")->name();
  ASSERT_TRUE(Watch("eve", name).ok());
  DriveResponse::Inventory inventory;
  auto* room = inventory.add_rooms();
  room->set_session("sessions/main");
  *room->add_captures() = Planned();
  session_->Evict(ParticipantId("eve"));
  registry_->OnMediaInventory(inventory, /*fresh=*/false);
  EXPECT_EQ(Planned().viewers_size(), 0);
  EXPECT_EQ(ShownCapture(name)->viewer_count(), 0);
}

TEST_F(CaptureTest, S22NobodyTakesAllConnections) {
  FakePage ann;
  ASSERT_TRUE(Join(&ann, "ann").ok());
  std::vector<std::string> names;
  for (size_t i = 0; i < limits::kCaptures; ++i) names.push_back(Start("ann")->name());
  std::vector<FakePage> pages(limits::kWatchingPerParticipant / limits::kCaptures + 1);
  size_t watching = 0;
  absl::Status last;
  for (size_t i = 0; i < pages.size(); ++i) {
    const PageId page("page-of-eve-00000000" + std::to_string(i));
    ASSERT_TRUE(SessionTest::Join(&pages[i], Person("eve", Participant::VIEWER), page).ok());
    for (const std::string& name : names) {
      last = session_->WatchCapture(page, Watching(name));
      watching += last.ok() ? 1 : 0;
    }
  }
  EXPECT_EQ(watching, limits::kWatchingPerParticipant);
  EXPECT_TRUE(absl::IsResourceExhausted(last));
}

TEST_F(CaptureTest, AScreenThatCannotBeStoredIsNotShown) {
  FakePage ann;
  ASSERT_TRUE(Join(&ann, "ann").ok());
  store_.Fail(absl::UnavailableError("disk full"));
  EXPECT_FALSE(Start("ann").ok());
  EXPECT_EQ(Planned().name(), "");
  EXPECT_EQ(session_->record().captures_size(), 0);
}

}  // namespace
}  // namespace atrium::control
