// Screens as control and browsers see them: who shows, who watches.
#include <gmock/gmock.h>

#include "media/forward.h"
#include "media/limits.h"
#include "media/screens.h"
#include "media/video_streams.h"
#include "tests/media/pictures.h"
#include "tests/media/screen_call.h"
#include "tests/support/manual_loop.h"

namespace atrium::media {
namespace {

using testing::HasSubstr;

using ScreenTest = ScreenCall;

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

TEST_F(ScreenTest, T3_WhoAnswersIsOfferedVp8AloneAndSeesTheScreen) {
  auto* capture = PlanCapture("a", 1);
  PlanViewer(capture, "one", 2);
  capture->mutable_viewers(0)->set_answers(true);
  SendPlan();
  auto show = Show("a", 1, "white");
  auto one = BeginToAnswer(capture, "one", 2);
  const std::string offer = offers_[{Viewer("a", "one"), 2}];
  EXPECT_THAT(offer, HasSubstr("a=sendonly"));
  EXPECT_THAT(offer, HasSubstr("a=fingerprint:sha-256"));
  for (const char* what : {"m=", "a=rtpmap:"}) {
    EXPECT_EQ(offer.find(what), offer.rfind(what)) << offer;
  }
  EXPECT_THAT(offer, HasSubstr("a=rtpmap:96 VP8/90000"));
  Answer(Viewer("a", "one"), 2, one->offer());
  ASSERT_TRUE(WaitForState(Viewer("a", "one"), 2, PeerStatus::CONNECTED));
  EXPECT_TRUE(WaitFor([&] { return one->pictures() > 5 && one->brightness() > 200; }));
  // An offer of its own is void, and so is a second answer.
  CallPeer eve({.watches = true});
  ASSERT_TRUE(WaitFor([&] { return !eve.offer().empty(); }));
  Offer(Viewer("a", "one"), 2, eve.offer());
  Answer(Viewer("a", "one"), 2, "v=0\r\n");
  const int pictures = one->pictures();
  EXPECT_TRUE(WaitFor([&] { return one->pictures() > pictures + 20; }));
  EXPECT_EQ(answers_.count({Viewer("a", "one"), 2}), 0u);
  // A new epoch is offered anew; a new control finds it.
  auto again = BeginToAnswer(capture, "one", 7);
  Answer(Viewer("a", "one"), 7, again->offer());
  EXPECT_TRUE(WaitFor([&] { return again->pictures() > 5; }));
  StopDriving();
  StartDriving();
  ASSERT_EQ(inventories_.back().rooms(0).captures(0).viewers_size(), 1);
  EXPECT_TRUE(inventories_.back().rooms(0).captures(0).viewers(0).answers());
  EXPECT_EQ(inventories_.back().rooms(0).captures(0).viewers(0).epoch(), 7);
}

TEST_F(ScreenTest, T3_WhatNobodyAnsweredIsOfferedToANewControl) {
  auto* capture = PlanCapture("a", 1);
  PlanViewer(capture, "one", 2);
  capture->mutable_viewers(0)->set_answers(true);
  SendPlan();
  ASSERT_TRUE(WaitFor([&] { return offers_.count({Viewer("a", "one"), 2}) > 0; }));
  StopDriving();
  StartDriving();
  offers_.clear();
  auto show = std::make_unique<CallPeer>(CallPeer::Voice{.shows = "white"});
  SendPlan();
  Connect(Capture("a"), 1, show.get());
  auto one = BeginToAnswer(capture, "one", 2);
  Answer(Viewer("a", "one"), 2, one->offer());
  EXPECT_TRUE(WaitFor([&] { return one->pictures() > 5; }));
}

TEST_F(ScreenTest, S18_T3_AnAnswerThatIsNotCleanConnectsNobody) {
  auto* capture = PlanCapture("a", 1);
  PlanViewer(capture, "one", 1);
  capture->mutable_viewers(0)->set_answers(true);
  SendPlan();
  auto show = Show("a", 1, "white");
  const auto replaced = [](std::string sdp, const std::string& from, const std::string& to) {
    const size_t at = sdp.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return sdp.replace(at, from.size(), to);
  };
  const std::vector<std::pair<std::function<std::string(std::string)>, std::string>> cases = {
      {[](std::string) { return std::string(70000, 'x'); }, "bytes"},
      {[](std::string sdp) { return sdp.substr(0, sdp.find("m=")); }, "no video"},
      {[&](std::string sdp) { return replaced(sdp, "a=fingerprint", "a=nofingerprint"); },
       "fingerprint"},
      {[&](std::string sdp) { return replaced(sdp, "a=recvonly", "a=sendonly"); }, "receive"},
      {[&](std::string sdp) { return replaced(sdp, "VP8/90000", "H264/90000"); }, "no VP8"},
      {[&](std::string sdp) { return replaced(sdp, "a=mid:", "a=mid:x"); }, "a=mid"},
      {[](std::string sdp) { return sdp + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"; }, "m-lines"},
      {[](std::string sdp) {
         const size_t digest = sdp.find("a=fingerprint:sha-256 ") + 22;
         sdp[digest] = sdp[digest] == '0' ? '1' : '0';
         return sdp;
       },
       "certificate"}};
  int64_t epoch = 1;
  for (const auto& [change, problem] : cases) {
    auto one = BeginToAnswer(capture, "one", ++epoch);
    Answer(Viewer("a", "one"), epoch, change(one->offer()));
    EXPECT_TRUE(WaitForState(Viewer("a", "one"), epoch, PeerStatus::FAILED)) << problem;
    EXPECT_THAT(ProblemOf(Viewer("a", "one"), epoch), HasSubstr(problem));
    EXPECT_EQ(one->pictures(), 0);
  }
}

TEST_F(ScreenTest, L13_ThePageThatShowsIsToldToSendWhatTheLinksBear) {
  auto* capture = PlanCapture("a", 1);
  PlanViewer(capture, "near", 2);
  PlanViewer(capture, "far", 3);
  SendPlan();
  auto show = Show("a", 1, "smpte");
  ASSERT_TRUE(WaitFor([&] { return !bitrates_.empty(); }));
  EXPECT_EQ(bitrates_.back().capture(), Capture("a"));
  EXPECT_EQ(bitrates_.back().max_bps(), limits::kScreenStartBps);
  auto near = Watch("a", "near", 2), far = Watch("a", "far", 3);
  ASSERT_TRUE(WaitFor([&] { return near->pictures() > 5 && far->pictures() > 5; }));
  far->Lose(25);
  EXPECT_TRUE(WaitFor([&] { return bitrates_.back().max_bps() < limits::kScreenStartBps / 2; }));
  // Once it bears nothing that can be read, it does not ruin it for the other.
  far->Lose(60);
  EXPECT_TRUE(WaitFor([&] { return bitrates_.back().max_bps() > limits::kScreenStartBps / 2; }));
  int near_before = near->pictures(), far_before = far->pictures();
  ASSERT_TRUE(WaitFor([&] { return near->pictures() > near_before + 60; }));
  EXPECT_LT(far->pictures(), far_before + 20) << "it gets a whole picture now and then";
  // And when its link is well again it sees what the other sees.
  far->Lose(0);
  EXPECT_TRUE(WaitFor(
      [&] {
        near_before = near->pictures(), far_before = far->pictures();
        WaitFor([&] { return near->pictures() > near_before + 15; });
        return far->pictures() > far_before + 10;
      },
      60));
}

TEST_F(ScreenTest, L6_TheAgentGetsAStillOfAScreenAndNoneWhileItLooksTheSame) {
  auto* capture = PlanCapture("a", 1);
  PlanViewer(capture, "one", 2);
  SendPlan();
  v1::TakeStillRequest request;
  request.set_capture(Capture("b"));
  EXPECT_EQ(Take(request).status().code(), absl::StatusCode::kNotFound);
  request.set_capture(Capture("a"));
  EXPECT_EQ(Take(request).status().code(), absl::StatusCode::kNotFound) << "not shown yet";
  auto show = Show("a", 1, "white");
  auto one = Watch("a", "one", 2);
  ASSERT_TRUE(WaitFor([&] { return one->pictures() > 5; }));
  request.set_max_side(160);
  auto still = Take(request);
  ASSERT_TRUE(still.ok()) << still.status();
  Seen seen = Look(still->jpeg());
  EXPECT_EQ(seen.width, 160);
  EXPECT_EQ(seen.height, 120);
  EXPECT_GT(seen.brightness, 220);
  request.set_signature(still->signature());
  still = Take(request);
  ASSERT_TRUE(still.ok()) << still.status();
  EXPECT_EQ(still->jpeg(), "");
  EXPECT_EQ(still->signature().size(), request.signature().size());
  PlanCapture("a", 7);
  SendPlan();
  auto next = Show("a", 7, "black");
  ASSERT_TRUE(WaitFor([&] { return one->brightness() < 50; }));
  still = Take(request);
  ASSERT_TRUE(still.ok()) << still.status();
  seen = Look(still->jpeg());
  EXPECT_LT(seen.brightness, 30);
  // Nobody who watches noticed.
  const int pictures = one->pictures();
  EXPECT_TRUE(WaitFor([&] { return one->pictures() > pictures + 5; }));
}

TEST_F(ScreenTest, L6_AScreenThatSendsNothingGivesNoStillAndOneIsTakenAtATime) {
  PlanViewer(PlanCapture("a", 1), "one", 2);
  SendPlan();
  auto show = Show("a", 1, "white");
  auto one = Watch("a", "one", 2);
  v1::TakeStillRequest request;
  request.set_capture(Capture("a"));
  ASSERT_TRUE(Take(request).ok());
  // Something came since, so a key frame is needed, and none comes.
  const int pictures = one->pictures();
  ASSERT_TRUE(WaitFor([&] { return one->pictures() > pictures + 5; }));
  show->Freeze();
  std::vector<absl::StatusCode> codes;
  for (int i = 0; i < 2; ++i) {
    BeginTaking(request, [&](const auto& answer) { codes.push_back(answer.status().code()); });
  }
  ASSERT_TRUE(WaitFor([&] { return codes.size() == 2; }));
  EXPECT_EQ(codes[0], absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(codes[1], absl::StatusCode::kDeadlineExceeded);
}

// What is shown no longer holds nothing.

TEST(ScreensTest, V9_AScreenThatEndsIsLetGo) {
  std::weak_ptr<Forward::Source> source;
  std::weak_ptr<Forward::Sink> sink;
  ManualLoop loop;
  WorkQueue reaper("reaper"), pictures("pictures");
  Display::Context displays{.loop = &loop, .reaper = &reaper};
  Screens screens({.stills = {&loop, &reaper, &pictures}, .displays = &displays});
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

// The stream that a receiver sees.

TEST(RtpSequenceTest, OneSourceKeepsItsGaps) {
  RtpSequence stream({65534, 1000});
  EXPECT_EQ(stream.Take(1, {10, 500}).sequence, 65534);
  EXPECT_EQ(stream.Take(1, {11, 500}).sequence, 65535);
  EXPECT_EQ(stream.Take(1, {13, 3500}).sequence, 1);
  EXPECT_EQ(stream.Take(1, {12, 3500}).sequence, 0) << "one that comes late fills its gap";
  EXPECT_EQ(stream.Take(1, {14, 6500}).timestamp, 7000u);
}

TEST(RtpSequenceTest, L13_WhatIsLeftOutOnPurposeLeavesNoGap) {
  RtpSequence stream({100, 0});
  stream.Take(1, {65534, 0});
  stream.Skip(1);
  stream.Skip(1);
  stream.Skip(2);
  const auto next = stream.Take(1, {1, 9000});
  EXPECT_EQ(next.sequence, 101);
  EXPECT_EQ(next.timestamp, 9000u) << "time goes on";
  EXPECT_EQ(stream.Take(1, {3, 9000}).sequence, 103) << "what was lost shows";
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
