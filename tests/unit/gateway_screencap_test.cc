// T3: the hub between one capture peer and its viewers, in the source's words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/compat/screencap_room.h"
#include "gateway/limits.h"
#include "tests/support/manual_loop.h"

namespace atrium::gateway::compat {
namespace {

using atrium::v1::JoinRequest;
using atrium::v1::JoinResponse;

constexpr char kName[] = "sessions/main/captures/c1";

struct Somebody final : ScreencapRoom::Member {
  explicit Somebody(ScreencapRoom* r, bool editor = true) : room(r), editor(editor) {}
  void Say(const Json& message) override { heard.push_back(message); }
  void Ask(const JoinRequest& request) override { asked.push_back(request); }
  bool may_share() const override { return editor; }
  absl::Status Spend() override { return absl::OkStatus(); }

  absl::Status Send(const std::string& text) { return room->Hear(this, text); }
  void Ready(int64_t epoch, bool shows, const char* name = kName) {
    JoinResponse response;
    response.mutable_capture_ready()->set_capture(name);
    response.mutable_capture_ready()->set_epoch(epoch);
    response.mutable_capture_ready()->set_shows(shows);
    room->OnResponse(this, response);
  }
  void Sdp(int64_t epoch, bool offer, const char* name = kName) {
    JoinResponse response;
    auto* signal = response.mutable_signal();
    signal->set_capture(name);
    signal->set_epoch(epoch);
    offer ? signal->set_offer_sdp("v=0 media") : signal->set_answer_sdp("v=0 media");
    room->OnResponse(this, response);
  }
  void Started(int64_t request, const char* name = kName) {
    JoinResponse response;
    response.mutable_outcome()->set_request_id(request);
    response.mutable_outcome()->mutable_capture()->set_name(name);
    room->OnResponse(this, response);
  }
  std::string last() const { return heard.empty() ? "" : Dump(heard.back()); }

  ScreencapRoom* room;
  bool editor;
  std::vector<Json> heard;
  std::vector<JoinRequest> asked;
};

class ScreencapTest : public testing::Test {
 protected:
  // The capture peer is there, a viewer asked, and media has the screen.
  void Show() {
    ASSERT_TRUE(mac_.Send(R"({"type":"mac-ready","mode":"desktop"})").ok());
    ASSERT_TRUE(anna_.Send(R"({"type":"start-capture","mode":"desktop","displayIndex":0})").ok());
    ASSERT_TRUE(mac_.Send(R"({"type":"offer","data":{"type":"offer","sdp":"v=0 mac"}})").ok());
    mac_.Started(mac_.asked.back().request_id());
    mac_.Ready(7, true);
    mac_.Sdp(7, false);
  }

  ManualLoop loop_;
  ScreencapRoom room_{&loop_};
  Somebody mac_{&room_}, anna_{&room_}, bert_{&room_}, vera_{&room_, false};
};

TEST_F(ScreencapTest, T3TheCapturePeerPublishesOnceAndEachViewerIsOfferedItsOwn) {
  ASSERT_TRUE(mac_.Send(R"({"type":"mac-ready","mode":"desktop"})").ok());
  const std::string start = R"({"type":"start-capture","mode":"window","windowId":12})";
  ASSERT_TRUE(anna_.Send(start).ok());
  EXPECT_EQ(mac_.last(), start) << "forwarded as it is";
  ASSERT_TRUE(
      mac_.Send(R"({"type":"ice-candidate","data":{"candidate":"candidate:1","sdpMLineIndex":0}})")
          .ok());
  ASSERT_TRUE(mac_.Send(R"({"type":"offer","data":{"type":"offer","sdp":"v=0 mac"}})").ok());
  ASSERT_EQ(mac_.asked.size(), 1u);
  EXPECT_EQ(mac_.asked[0].start_capture().title(), "Window");
  mac_.Started(mac_.asked[0].request_id());
  mac_.Ready(7, true);
  ASSERT_EQ(mac_.asked.size(), 3u);
  EXPECT_EQ(mac_.asked[1].signal().offer_sdp(), "v=0 mac");
  EXPECT_EQ(mac_.asked[1].signal().epoch(), 7);
  EXPECT_EQ(mac_.asked[1].signal().capture(), kName);
  EXPECT_EQ(mac_.asked[2].signal().candidate().candidate(), "candidate:1");
  mac_.Sdp(7, false);
  EXPECT_EQ(mac_.last(), R"({"type":"answer","data":{"type":"answer","sdp":"v=0 media"}})");

  ASSERT_TRUE(bert_.Send(start).ok());
  EXPECT_EQ(mac_.heard.size(), 2u) << "it captures already";
  int64_t epoch = 20;
  for (Somebody* viewer : {&anna_, &bert_}) {
    ASSERT_EQ(viewer->asked.size(), 1u);
    EXPECT_EQ(viewer->asked[0].watch_capture().capture(), kName);
    EXPECT_TRUE(viewer->asked[0].watch_capture().answers());
    viewer->Ready(++epoch, false);
    viewer->Sdp(epoch, true);
    EXPECT_EQ(viewer->last(), R"({"type":"offer","data":{"type":"offer","sdp":"v=0 media"}})");
    ASSERT_TRUE(viewer->Send(R"({"type":"answer","data":{"type":"answer","sdp":"v=0 me"}})").ok());
    EXPECT_EQ(viewer->asked.back().signal().answer_sdp(), "v=0 me");
    EXPECT_EQ(viewer->asked.back().signal().epoch(), epoch);
    ASSERT_TRUE(
        viewer->Send(R"({"type":"ice-candidate","data":{"candidate":"candidate:2"}})").ok());
    EXPECT_EQ(viewer->asked.back().signal().candidate().candidate(), "candidate:2");
  }
}

TEST_F(ScreencapTest, T3WhatTheCapturePeerTellsReachesViewersAndTheOtherWayRound) {
  ASSERT_FALSE(anna_.Send(R"({"type":"start-capture"})").ok()) << "there is no capture peer";
  Show();
  ASSERT_TRUE(bert_.Send(R"({"type":"start-capture","mode":"desktop","displayIndex":0})").ok());
  for (const char* news : {R"({"type":"capture-started","data":{"width":1920,"height":1080}})",
                           R"({"type":"stats-update","data":{"bitrate":1000}})",
                           R"({"type":"frame-ready","data":{"timestamp":1,"keyframe":true}})"}) {
    ASSERT_TRUE(mac_.Send(news).ok());
    EXPECT_EQ(anna_.last(), news);
    EXPECT_EQ(bert_.last(), news);
  }
  const size_t before = anna_.heard.size();
  ASSERT_TRUE(mac_.Send(R"({"type":"frame-ready","data":{"timestamp":2}})").ok());
  EXPECT_EQ(anna_.heard.size(), before) << "once a second at most";
  loop_.Advance(limits::kFrameReadyInterval);
  ASSERT_TRUE(mac_.Send(R"({"type":"frame-ready","data":{"timestamp":3}})").ok());
  EXPECT_EQ(anna_.heard.size(), before + 1);

  const std::string wish = R"({"type":"config-update","data":{"bitrate":500}})";
  ASSERT_TRUE(anna_.Send(wish).ok());
  EXPECT_EQ(mac_.last(), wish);
  const std::string ask =
      R"({"type":"api-request","requestId":"r1","method":"GET","endpoint":"/displays"})";
  ASSERT_TRUE(anna_.Send(ask).ok());
  EXPECT_EQ(mac_.last(), ask);
  EXPECT_FALSE(bert_.Send(ask).ok()) << "r1 is under way";
  const size_t others = bert_.heard.size();
  ASSERT_TRUE(mac_.Send(R"({"type":"api-response","requestId":"r1","result":[]})").ok());
  EXPECT_EQ(anna_.last(), R"({"type":"api-response","requestId":"r1","result":[]})");
  EXPECT_EQ(bert_.heard.size(), others);
  EXPECT_FALSE(mac_.Send(R"({"type":"api-response","requestId":"r1","result":[]})").ok());

  ASSERT_TRUE(mac_.Send(R"({"type":"capture-stopped","data":{"reason":"closed"}})").ok());
  EXPECT_EQ(anna_.last(), R"({"type":"capture-stopped","data":{"reason":"closed"}})");
  EXPECT_EQ(mac_.asked.back().stop_capture().name(), kName);
}

TEST_F(ScreencapTest, T3R1ARestartOfMediaAsksTheCapturePeerForAnotherOffer) {
  Show();
  const size_t before = mac_.heard.size();
  mac_.Ready(8, true);
  ASSERT_EQ(mac_.heard.size(), before + 1);
  EXPECT_EQ(mac_.heard.back()["type"], "start-capture");
  ASSERT_TRUE(mac_.Send(R"({"type":"offer","data":{"sdp":"v=0 again"}})").ok());
  EXPECT_EQ(mac_.asked.back().signal().offer_sdp(), "v=0 again");
  EXPECT_EQ(mac_.asked.back().signal().epoch(), 8);
  // An offer that nobody asked for is another screen.
  ASSERT_TRUE(mac_.Send(R"({"type":"offer","data":{"sdp":"v=0 other"}})").ok());
  ASSERT_TRUE(mac_.asked.back().has_start_capture());
  EXPECT_EQ(mac_.asked[mac_.asked.size() - 2].stop_capture().name(), kName);
  mac_.Started(mac_.asked.back().request_id(), "sessions/main/captures/c2");
  EXPECT_EQ(anna_.asked.back().watch_capture().capture(), "sessions/main/captures/c2");
}

TEST_F(ScreencapTest, T3AViewWhoseConnectionFailedIsAskedForAgain) {
  Show();
  anna_.Ready(20, false);
  JoinResponse ended;
  ended.mutable_capture_ended()->set_capture(kName);
  ended.mutable_capture_ended()->set_reason("PEER_FAILED");
  room_.OnResponse(&anna_, ended);
  EXPECT_EQ(anna_.heard.back()["type"], "capture-error");
  EXPECT_FALSE(anna_.Send(R"({"type":"answer","data":{"sdp":"v=0"}})").ok());
  const size_t asked = anna_.asked.size();
  ASSERT_TRUE(anna_.Send(R"({"type":"start-capture","mode":"desktop","displayIndex":0})").ok());
  ASSERT_EQ(anna_.asked.size(), asked + 1);
  EXPECT_TRUE(anna_.asked.back().has_watch_capture());
}

TEST_F(ScreencapTest, T3WhoAskedBeforeThereWasACapturePeerHearsWhenThereIsOne) {
  ASSERT_FALSE(anna_.Send(R"({"type":"start-capture"})").ok());
  ASSERT_TRUE(mac_.Send(R"({"type":"mac-ready"})").ok());
  EXPECT_EQ(anna_.last(), R"({"type":"ready","data":"Mac peer connected"})");
  ASSERT_TRUE(bert_.Send(R"({"type":"mac-ready"})").ok()) << "another takes its place";
  EXPECT_EQ(anna_.last(), R"({"type":"ready","data":"Mac peer connected"})");
}

TEST_F(ScreencapTest, T3N4WhatControlForgotIsOfferedAgain) {
  ASSERT_TRUE(mac_.Send(R"({"type":"mac-ready"})").ok());
  ASSERT_TRUE(mac_.Send(R"({"type":"offer","data":{"sdp":"v=0"}})").ok());
  room_.OnAway(&mac_);
  JoinResponse back;
  back.mutable_snapshot();
  room_.OnResponse(&mac_, back);
  EXPECT_EQ(mac_.heard.back()["type"], "start-capture");
  ASSERT_TRUE(mac_.Send(R"({"type":"offer","data":{"sdp":"v=0"}})").ok());
  EXPECT_TRUE(mac_.asked.back().has_start_capture());
}

TEST_F(ScreencapTest, T3AScreenThatWasStoppedBeforeItWasShownIsNotShown) {
  ASSERT_TRUE(mac_.Send(R"({"type":"mac-ready"})").ok());
  ASSERT_TRUE(mac_.Send(R"({"type":"offer","data":{"sdp":"v=0"}})").ok());
  const int64_t first = mac_.asked.back().request_id();
  ASSERT_TRUE(mac_.Send(R"({"type":"capture-stopped"})").ok());
  mac_.Started(first);
  EXPECT_EQ(mac_.asked.back().stop_capture().name(), kName);
}

TEST_F(ScreencapTest, T3WhoeverLeavesIsToldToTheOthers) {
  Show();
  ASSERT_TRUE(
      anna_.Send(R"({"type":"api-request","requestId":"r","method":"GET","endpoint":"/"})").ok());
  room_.Leave(&mac_);
  EXPECT_THAT(anna_.heard,
              testing::Contains(Json::parse(
                  R"({"type":"capture-stopped","data":{"reason":"Mac peer disconnected"}})")));
  EXPECT_EQ(anna_.heard.back()["error"], "Mac peer disconnected");
  EXPECT_FALSE(anna_.Send(R"({"type":"answer","data":{"sdp":"v=0"}})").ok());
  ASSERT_TRUE(bert_.Send(R"({"type":"mac-ready"})").ok()) << "another takes its place";
}

TEST_F(ScreencapTest, T3S19TheSessionsEndOfAScreenEndsItHere) {
  Show();
  JoinResponse response;
  response.mutable_change()->set_deleted_capture(kName);
  room_.OnResponse(&mac_, response);
  EXPECT_EQ(mac_.heard.back()["type"], "error");
  EXPECT_EQ(anna_.heard.back()["type"], "capture-stopped");
  EXPECT_FALSE(mac_.asked.back().has_stop_capture()) << "it is gone already";
}

TEST_F(ScreencapTest, S4T5ViewersSteerNothingAndBadMessagesNameTheirField) {
  EXPECT_TRUE(absl::IsPermissionDenied(vera_.Send(R"({"type":"mac-ready"})")));
  ASSERT_TRUE(mac_.Send(R"({"type":"mac-ready"})").ok());
  EXPECT_TRUE(absl::IsPermissionDenied(vera_.Send(R"({"type":"start-capture"})")));
  Show();
  EXPECT_TRUE(vera_.Send(R"({"type":"start-capture"})").ok()) << "to see what is shown";
  EXPECT_TRUE(vera_.asked.back().watch_capture().answers());
  const size_t before = mac_.heard.size();
  EXPECT_TRUE(absl::IsPermissionDenied(vera_.Send(R"({"type":"config-update","data":{}})")));
  EXPECT_TRUE(absl::IsPermissionDenied(
      vera_.Send(R"({"type":"api-request","requestId":"r","method":"GET","endpoint":"/"})")));
  EXPECT_EQ(mac_.heard.size(), before);
  for (const char* bad :
       {"", "[]", "{", R"({"type":7})", R"({"type":"dance"})", R"({"type":"answer"})",
        R"({"type":"answer","data":7})", R"({"type":"answer","data":{"sdp":"hello"}})",
        R"({"type":"ice-candidate"})", R"({"type":"ice-candidate","data":7})",
        R"({"type":"ice-candidate","data":{"candidate":7}})",
        R"({"type":"start-capture","mode":"film"})", R"({"type":"start-capture","windowId":"x"})",
        R"({"type":"api-request","method":"GET","endpoint":"/"})",
        R"({"type":"api-request","requestId":"","method":"GET","endpoint":"/"})",
        R"({"type":"config-update","data":[]})", R"({"type":"offer","data":{"sdp":"v=0"}})"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(anna_.Send(bad))) << bad;
  }
  for (const char* odd :
       {R"({"type":"start-capture","mode":null,"windowId":null})", R"({"type":"start-capture"})"}) {
    EXPECT_TRUE(anna_.Send(odd).ok()) << odd;
    EXPECT_TRUE(mac_.Send(R"({"type":"offer","data":{"sdp":"v=0"}})").ok());
  }
  const std::string large =
      R"({"type":"ping","x":")" + std::string(limits::kScreencapBytes, 'x') + "\"}";
  EXPECT_TRUE(absl::IsInvalidArgument(anna_.Send(large))) << "T7";
}

TEST_F(ScreencapTest, T5WhatWaitsIsBounded) {
  Show();
  absl::Status status;
  for (size_t i = 0; i <= limits::kHeldCandidates && status.ok(); ++i) {
    status = anna_.Send(R"({"type":"ice-candidate","data":{"candidate":"candidate:1"}})");
  }
  EXPECT_TRUE(absl::IsResourceExhausted(status));
  status = absl::OkStatus();
  for (size_t i = 0; i <= limits::kScreencapRequests && status.ok(); ++i) {
    status = anna_.Send(R"({"type":"api-request","method":"GET","endpoint":"/","requestId":"r)" +
                        std::to_string(i) + "\"}");
  }
  EXPECT_TRUE(absl::IsResourceExhausted(status));
  loop_.Advance(limits::kScreencapRequestLife + absl::Seconds(1));
  EXPECT_TRUE(
      anna_.Send(R"({"type":"api-request","method":"GET","endpoint":"/","requestId":"new"})").ok())
      << "who never answers blocks nobody for good";
}

}  // namespace
}  // namespace atrium::gateway::compat
