// Screens as control and browsers see them: who shows, who watches.
#include <gmock/gmock.h>

#include "media/forward.h"
#include "media/screens.h"
#include "media/video_streams.h"
#include "tests/media/media_call.h"

namespace atrium::media {
namespace {

using testing::HasSubstr;

class ScreenTest : public MediaCall {
 protected:
  static std::string Capture(const std::string& id) { return Session(1) + "/captures/" + id; }
  static std::string Viewer(const std::string& id, const std::string& page) {
    return Capture(id) + "/viewers/" + page;
  }
  v1::Plan::Capture* PlanCapture(const std::string& id, int64_t epoch) {
    auto* room = PlanRoom(1);
    for (auto& capture : *room->mutable_captures()) {
      if (capture.name() == Capture(id)) return capture.set_epoch(epoch), &capture;
    }
    auto* capture = room->add_captures();
    capture->set_name(Capture(id));
    capture->set_page("page-that-shows");
    capture->set_epoch(epoch);
    return capture;
  }
  static void PlanViewer(v1::Plan::Capture* capture, const std::string& page, int64_t epoch) {
    auto* viewer = capture->add_viewers();
    viewer->set_page(page);
    viewer->set_epoch(epoch);
  }
  std::unique_ptr<CallPeer> Show(const std::string& id, int64_t epoch, const std::string& pattern) {
    auto peer = std::make_unique<CallPeer>(CallPeer::Voice{.shows = pattern});
    Connect(Capture(id), epoch, peer.get());
    return peer;
  }
  std::unique_ptr<CallPeer> Watch(const std::string& id, const std::string& page, int64_t epoch) {
    auto peer = std::make_unique<CallPeer>(CallPeer::Voice{.watches = true});
    Connect(Viewer(id, page), epoch, peer.get());
    return peer;
  }
};

TEST_F(ScreenTest, L6_WhoeverWatchesSeesTheScreenHoweverLateTheyCome) {
  auto* capture = PlanCapture("a", 1);
  PlanViewer(capture, "one", 2);
  PlanViewer(capture, "two", 3);
  SendPlan();
  auto show = Show("a", 1, "white");
  auto one = Watch("a", "one", 2);
  EXPECT_TRUE(WaitFor([&] { return one->pictures() > 5 && one->brightness() > 200; }))
      << one->pictures() << " " << one->brightness();
  // Its encoder makes no key frame by itself for three minutes.
  auto two = Watch("a", "two", 3);
  EXPECT_TRUE(WaitFor([&] { return two->pictures() > 5 && two->brightness() > 200; }))
      << two->pictures();
  EXPECT_EQ(show->pictures(), 0);
}

TEST_F(ScreenTest, L6_AnotherConnectionOfThePageThatShowsGoesOnInTheSameStream) {
  auto* capture = PlanCapture("a", 1);
  PlanViewer(capture, "one", 2);
  SendPlan();
  auto show = Show("a", 1, "white");
  auto one = Watch("a", "one", 2);
  ASSERT_TRUE(WaitFor([&] { return one->pictures() > 5; }));
  PlanCapture("a", 7);
  SendPlan();
  auto next = Show("a", 7, "black");
  EXPECT_TRUE(WaitFor([&] { return one->brightness() < 50; })) << one->brightness();
}

TEST_F(ScreenTest, S19_WhoeverIsTakenOutOfThePlanSeesNothingMore) {
  auto* capture = PlanCapture("a", 1);
  PlanViewer(capture, "one", 2);
  PlanViewer(capture, "two", 3);
  SendPlan();
  auto show = Show("a", 1, "white");
  auto one = Watch("a", "one", 2);
  auto two = Watch("a", "two", 3);
  ASSERT_TRUE(WaitFor([&] { return one->pictures() > 5 && two->pictures() > 5; }));
  PlanCapture("a", 1)->mutable_viewers()->DeleteSubrange(0, 1);
  SendPlan();
  ASSERT_TRUE(WaitFor([&] { return planned_generation_ == plan_.generation(); }));
  // What was on its way arrives; then the other gets pictures and this one none.
  int last = one->pictures(), seen = two->pictures();
  EXPECT_TRUE(WaitFor([&] {
    if (one->pictures() != last) last = one->pictures(), seen = two->pictures();
    return two->pictures() > seen + 20;
  }));
  EXPECT_EQ(one->pictures(), last);
  // And nobody may watch who is not in the plan.
  auto eve = std::make_unique<CallPeer>(CallPeer::Voice{.watches = true});
  ASSERT_TRUE(WaitFor([&] { return !eve->offer().empty(); }));
  Offer(Viewer("a", "eve"), 9, eve->offer());
  EXPECT_TRUE(WaitForState(Viewer("a", "eve"), 9, PeerStatus::FAILED));
  EXPECT_EQ(eve->pictures(), 0);
}

TEST_F(ScreenTest, S18_AVoiceIsNoScreen) {
  PlanCapture("a", 1);
  SendPlan();
  auto peer = std::make_unique<CallPeer>(CallPeer::Voice{.hertz = 500});
  ASSERT_TRUE(WaitFor([&] { return !peer->offer().empty(); }));
  Offer(Capture("a"), 1, peer->offer());
  ASSERT_TRUE(WaitForState(Capture("a"), 1, PeerStatus::FAILED));
  EXPECT_THAT(ProblemOf(Capture("a"), 1), HasSubstr("has no video"));
}

TEST_F(ScreenTest, R4_ANewControlFindsWhatIsShownAndWatched) {
  auto* capture = PlanCapture("a", 1);
  PlanViewer(capture, "one", 2);
  PlanViewer(capture, "gone", 3);
  SendPlan();
  auto show = Show("a", 1, "white");
  auto one = Watch("a", "one", 2);
  StopDriving();
  StartDriving();
  ASSERT_EQ(inventories_.back().rooms_size(), 1);
  ASSERT_EQ(inventories_.back().rooms(0).captures_size(), 1);
  const auto& there = inventories_.back().rooms(0).captures(0);
  EXPECT_EQ(there.name(), Capture("a"));
  EXPECT_EQ(there.epoch(), 1);
  ASSERT_EQ(there.viewers_size(), 1);
  EXPECT_EQ(there.viewers(0).page(), "one");
  EXPECT_EQ(inventories_.back().rooms(0).peers_size(), 0);
  SendPlan();
  const int seen = one->pictures();
  EXPECT_TRUE(WaitFor([&] { return one->pictures() > seen + 5; }));
}

TEST_F(ScreenTest, V9_TwentyWhoWatchAndLeaveLeaveNothingBehind) {
  auto* capture = PlanCapture("a", 1);
  SendPlan();
  auto show = Show("a", 1, "white");
  int threads = 0, descriptors = 0;
  for (int round = 0; round < 4; ++round) {
    capture = PlanCapture("a", 1);
    for (int i = 0; i < 5; ++i) PlanViewer(capture, "p" + std::to_string(i), 10 * round + i + 2);
    SendPlan();
    std::vector<std::unique_ptr<CallPeer>> peers;
    for (int i = 0; i < 5; ++i) {
      peers.push_back(Watch("a", "p" + std::to_string(i), 10 * round + i + 2));
    }
    PlanCapture("a", 1)->clear_viewers();
    SendPlan();
    ASSERT_TRUE(WaitFor([&] { return planned_generation_ == plan_.generation(); }));
    if (round > 0) {
      EXPECT_TRUE(WaitFor([&] { return Threads() <= threads && Descriptors() <= descriptors; }))
          << Threads() << "/" << threads << " " << Descriptors() << "/" << descriptors;
      continue;
    }
    // The first round's pipelines are taken apart by and by.
    WaitFor([&] { return Threads() < 40; }, 5);
    threads = Threads() + 1;
    descriptors = Descriptors() + 2;
  }
}

// What is shown no longer holds nothing.

TEST(ScreensTest, V9_AScreenThatEndsIsLetGo) {
  std::weak_ptr<Forward::Source> source;
  std::weak_ptr<Forward::Sink> sink;
  Screens screens([] { return absl::ZeroDuration(); });
  {
    v1::Plan::Room plan;
    auto* capture = plan.add_captures();
    capture->set_name("sessions/s1/captures/a");
    capture->add_viewers()->set_page("one");
    screens.Apply(plan);
    const auto shows = screens.MakeStreams("sessions/s1/captures/a", 1);
    const auto watches = screens.MakeStreams("sessions/s1/captures/a/viewers/one", 2);
    ASSERT_NE(shows, nullptr);
    ASSERT_NE(watches, nullptr);
    EXPECT_EQ(screens.MakeStreams("sessions/s1/captures/a/viewers/two", 3), nullptr);
    source = std::static_pointer_cast<VideoInlet>(shows)->source();
    sink = std::static_pointer_cast<VideoOutlet>(watches)->sink();
    screens.Connect({{"sessions/s1/captures/a", shows},
                     {"sessions/s1/captures/a/viewers/one", watches}});
  }
  EXPECT_FALSE(source.expired());
  screens.Apply({});
  EXPECT_TRUE(source.expired());
  EXPECT_TRUE(sink.expired());
}

TEST(ForwardTest, KeyFramesAreKnownByTheirFirstPacket) {
  using Bytes = std::vector<uint8_t>;
  EXPECT_TRUE(BeginsKeyFrame(Bytes{0x10, 0x00}));
  EXPECT_FALSE(BeginsKeyFrame(Bytes{0x10, 0x01})) << "it needs others";
  EXPECT_FALSE(BeginsKeyFrame(Bytes{0x00, 0x00})) << "not the first packet";
  EXPECT_FALSE(BeginsKeyFrame(Bytes{0x11, 0x00})) << "not the first partition";
  EXPECT_TRUE(BeginsKeyFrame(Bytes{0x90, 0x80, 0x7f, 0x00})) << "a short id";
  EXPECT_TRUE(BeginsKeyFrame(Bytes{0x90, 0x80, 0x81, 0x02, 0x00})) << "a long id";
  EXPECT_FALSE(BeginsKeyFrame(Bytes{0x90, 0x80, 0x81, 0x02, 0x01}));
  EXPECT_TRUE(BeginsKeyFrame(Bytes{0x90, 0xf0, 0x81, 0x02, 0x05, 0x21, 0x00})) << "all of them";
  for (const Bytes& cut : {Bytes{}, Bytes{0x10}, Bytes{0x90}, Bytes{0x90, 0x80}}) {
    EXPECT_FALSE(BeginsKeyFrame(cut));
  }
}

// The stream that a receiver sees.

TEST(RtpSequenceTest, OneSourceKeepsItsGaps) {
  RtpSequence stream({65534, 1000});
  EXPECT_EQ(stream.Take(1, {10, 500}).sequence, 65534);
  EXPECT_EQ(stream.Take(1, {11, 500}).sequence, 65535);
  EXPECT_EQ(stream.Take(1, {13, 3500}).sequence, 1);
  EXPECT_EQ(stream.Take(1, {12, 3500}).sequence, 0) << "one that comes late fills its gap";
  EXPECT_EQ(stream.Take(1, {14, 6500}).timestamp, 7000u);
}

TEST(RtpSequenceTest, AnotherSourceGoesOnBehindTheLast) {
  RtpSequence stream({100, 4294967000u});
  stream.Take(1, {10, 500});
  stream.Take(1, {11, 900});
  const auto next = stream.Take(2, {60000, 77});
  EXPECT_EQ(next.sequence, 102);
  EXPECT_EQ(next.timestamp, static_cast<uint32_t>(4294967000u + 400 + 3000));
  EXPECT_EQ(stream.Take(2, {60001, 78}).sequence, 103);
}

}  // namespace
}  // namespace atrium::media
