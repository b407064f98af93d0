// Calls by HTTP alone: what is asked, and what becomes of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "common/errors.h"
#include "gateway/bridge/calls.h"
#include "gateway/call_routes.h"
#include "gateway/limits.h"
#include "tests/support/manual_loop.h"

namespace atrium::gateway {
namespace {

using atrium::v1::JoinRequest;
using atrium::v1::JoinResponse;

TEST(CallOfferTest, V4ReadsAnOfferWithOrWithoutASession) {
  const auto offer = ReadCallOffer(R"({"offer":{"type":"offer","sdp":"v=0\r\nm=x"}})");
  ASSERT_TRUE(offer.ok()) << offer.status();
  EXPECT_EQ(offer->session, "");
  EXPECT_EQ(offer->sdp, "v=0\r\nm=x");
  EXPECT_EQ(ReadCallOffer(R"({"session":"main","offer":{"type":"offer","sdp":"v=0"}})")->session,
            "main");
}

TEST(CallOfferTest, V4T5WhatIsWrongIsNamed) {
  const struct {
    const char *body, *field;
  } cases[] = {
      {"", "body"},
      {"{", "body"},
      {"[]", "body"},
      {"{}", "offer"},
      {R"({"offer":"v=0"})", "offer"},
      {R"({"offer":null})", "offer"},
      {R"({"offer":{"sdp":"v=0"}})", "offer.type"},
      {R"({"offer":{"type":"answer","sdp":"v=0"}})", "offer.type"},
      {R"({"offer":{"type":"offer"}})", "offer.sdp"},
      {R"({"offer":{"type":"offer","sdp":7}})", "offer.sdp"},
      {R"({"offer":{"type":"offer","sdp":"hello"}})", "offer.sdp"},
      {R"({"offer":{"type":"offer","sdp":"v=0\u0000"}})", "offer.sdp"},
      {R"({"session":7,"offer":{"type":"offer","sdp":"v=0"}})", "session"},
  };
  for (const auto& one : cases) {
    const auto offer = ReadCallOffer(one.body);
    EXPECT_TRUE(absl::IsInvalidArgument(offer.status())) << one.body;
    EXPECT_EQ(DetailsOf(offer.status()).field, one.field) << one.body;
  }
  const std::string large = "v=0" + std::string(limits::kSdpBytes, 'x');
  const auto offer = ReadCallOffer(R"({"offer":{"type":"offer","sdp":")" + large + R"("}})");
  EXPECT_EQ(DetailsOf(offer.status()).field, "offer.sdp");
}

TEST(CallOfferTest, V4AConnectionIsNamed) {
  EXPECT_EQ(*ReadConnectionId(R"({"connectionId":"abc"})"), "abc");
  for (const char* bad : {"{}", R"({"connectionId":null})", R"({"connectionId":7})"}) {
    EXPECT_EQ(DetailsOf(ReadConnectionId(bad).status()).field, "connectionId") << bad;
  }
  EXPECT_EQ(DetailsOf(ReadConnectionId("x").status()).field, "body");
}

// Control, as far as it is asked: the test speaks for it.
class FakeLine final : public Call::Line {
 public:
  struct Heard {
    JoinLink::Listener* page = nullptr;
    std::string token;
    std::vector<JoinRequest> requests;
    bool open = true;
  };
  explicit FakeLine(Heard* heard) : heard_(heard) {}
  ~FakeLine() override { heard_->open = false; }
  void Send(const JoinRequest& request) override { heard_->requests.push_back(request); }

 private:
  Heard* const heard_;
};

class CallsTest : public testing::Test {
 protected:
  // Begins a connection; its answer is in `answers` once there is one.
  FakeLine::Heard& Connect(const std::string& user = "sessions/main/participants/emil",
                           const std::string& capture = "") {
    const size_t index = answers_.size();
    answers_.emplace_back();
    calls_.Connect({.token = "ticket", .room = "sessions/main", .user = user, .place = nullptr},
                   capture, "v=0 offer", [this, index](auto answer) {
                     EXPECT_FALSE(answers_[index].has_value()) << "told twice";
                     answers_[index] = std::move(answer);
                   });
    return heard_.back();
  }
  void Welcome(FakeLine::Heard& line) {
    JoinResponse response;
    response.mutable_welcome();
    line.page->OnResponse(response);
  }
  void LiveReady(FakeLine::Heard& line, int64_t epoch) {
    JoinResponse response;
    response.mutable_live_ready()->set_epoch(epoch);
    line.page->OnResponse(response);
  }
  void LiveEnded(FakeLine::Heard& line, const char* reason) {
    JoinResponse response;
    response.mutable_live_ended()->set_reason(reason);
    response.mutable_live_ended()->set_message("why");
    line.page->OnResponse(response);
    loop_.RunPosted();
  }
  void Signal(FakeLine::Heard& line, int64_t epoch, const char* sdp) {
    JoinResponse response;
    response.mutable_signal()->set_epoch(epoch);
    response.mutable_signal()->set_answer_sdp(sdp);
    line.page->OnResponse(response);
  }
  // The outcome of what was asked last.
  void Outcome(FakeLine::Heard& line, absl::StatusCode code = absl::StatusCode::kOk,
               const char* reason = "") {
    JoinResponse response;
    response.mutable_outcome()->set_request_id(line.requests.back().request_id());
    response.mutable_outcome()->set_code(static_cast<int>(code));
    response.mutable_outcome()->set_reason(reason);
    line.page->OnResponse(response);
    loop_.RunPosted();
  }
  FakeLine::Heard& Connected() {
    FakeLine::Heard& line = Connect();
    Welcome(line);
    LiveReady(line, 7);
    Signal(line, 7, "v=0 answer");
    return line;
  }
  const absl::StatusOr<Calls::Answer>& answer(size_t index = 0) { return answers_[index].value(); }

  ManualLoop loop_;
  Figures figures_;
  std::deque<FakeLine::Heard> heard_;
  std::deque<std::optional<absl::StatusOr<Calls::Answer>>> answers_;
  Calls calls_{&loop_, &figures_, [this](const std::string& token, JoinLink::Listener* page) {
                 heard_.push_back({.page = page, .token = token});
                 return std::make_unique<FakeLine>(&heard_.back());
               }};
};

TEST_F(CallsTest, V4JoinsGoesLiveOffersAndAnswers) {
  FakeLine::Heard& line = Connect();
  EXPECT_EQ(line.token, "ticket");
  ASSERT_EQ(line.requests.size(), 2u);
  EXPECT_EQ(line.requests[0].hello().session(), "sessions/main");
  EXPECT_TRUE(line.requests[1].has_go_live());
  Welcome(line);
  LiveReady(line, 7);
  ASSERT_EQ(line.requests.size(), 3u);
  EXPECT_EQ(line.requests[2].signal().epoch(), 7);
  EXPECT_EQ(line.requests[2].signal().offer_sdp(), "v=0 offer");
  EXPECT_FALSE(answers_[0].has_value());
  Signal(line, 6, "v=0 of another connection");
  EXPECT_FALSE(answers_[0].has_value());
  Signal(line, 7, "v=0 answer");
  EXPECT_EQ(answer()->sdp, "v=0 answer");
  EXPECT_EQ(answer()->connection.size(), 52u);
  EXPECT_EQ(figures_.sockets["call"], 1);
}

TEST_F(CallsTest, V4AnIdEndsItsOwnConnectionAndNoOther) {
  FakeLine::Heard& mine = Connected();
  FakeLine::Heard& other = Connected();
  EXPECT_NE(answer(0)->connection, answer(1)->connection);
  for (const std::string& wrong : {std::string(), std::string(52, 'a'), std::string("ticket"),
                                   answer(0)->connection.substr(1)}) {
    EXPECT_FALSE(calls_.Disconnect(wrong)) << wrong;
  }
  EXPECT_EQ(calls_.count(), 2u);
  EXPECT_TRUE(calls_.Disconnect(answer(0)->connection));
  ASSERT_TRUE(mine.requests.back().has_hang_up());
  EXPECT_FALSE(other.requests.back().has_hang_up());
  Outcome(mine);
  EXPECT_FALSE(mine.open);
  EXPECT_TRUE(other.open);
  EXPECT_FALSE(calls_.Disconnect(answer(0)->connection));
  EXPECT_EQ(figures_.sockets["call"], 1);
}

TEST_F(CallsTest, V4AHangUpThatControlDoesNotAnswerEndsAnyway) {
  FakeLine::Heard& line = Connected();
  calls_.CloseAll();
  EXPECT_TRUE(line.open);
  loop_.Advance(limits::kCloseWait);
  loop_.RunPosted();
  EXPECT_FALSE(line.open);
  EXPECT_EQ(calls_.count(), 0u);
}

TEST_F(CallsTest, V4ARefusalIsToldAndLeavesNothing) {
  Welcome(Connect());
  Outcome(heard_[0], absl::StatusCode::kPermissionDenied, "NOT_ALLOWED");
  EXPECT_TRUE(absl::IsPermissionDenied(answer(0).status()));
  EXPECT_EQ(DetailsOf(answer(0).status()).reason, "NOT_ALLOWED");
  Outcome(heard_[0]);  // Of the hang-up.
  Connect().page->OnRefused(BadToken("it was used"));
  EXPECT_TRUE(absl::IsUnauthenticated(answer(1).status()));
  Connect().page->OnAway();
  EXPECT_TRUE(absl::IsUnavailable(answer(2).status()));
  Welcome(Connect());
  LiveReady(heard_[3], 7);
  LiveEnded(heard_[3], "PEER_FAILED");
  EXPECT_TRUE(absl::IsInvalidArgument(answer(3).status()));
  EXPECT_EQ(DetailsOf(answer(3).status()).field, "offer.sdp");
  Connect();
  loop_.Advance(limits::kCallSetup);
  EXPECT_TRUE(absl::IsDeadlineExceeded(answer(4).status()));
  loop_.RunPosted();
  EXPECT_EQ(calls_.count(), 0u);
  for (const FakeLine::Heard& line : heard_) EXPECT_FALSE(line.open);
}

TEST_F(CallsTest, V4WhatAsksForASecondOfferEndsTheConnection) {
  FakeLine::Heard& line = Connected();
  LiveReady(line, 7);  // Of the one that it has.
  EXPECT_FALSE(line.requests.back().has_hang_up());
  LiveReady(line, 8);
  ASSERT_TRUE(line.requests.back().has_hang_up());
  Outcome(line);
  EXPECT_EQ(calls_.count(), 0u);
}

TEST_F(CallsTest, V4N4OutlivesAControlThatComesBackWithinMediasLease) {
  FakeLine::Heard& line = Connected();
  line.page->OnAway();
  loop_.Advance(limits::kMediaPlanLease - absl::Seconds(1));
  Welcome(line);
  loop_.Advance(limits::kMediaPlanLease);
  EXPECT_EQ(calls_.count(), 1u);
  line.page->OnAway();
  loop_.Advance(limits::kMediaPlanLease);
  loop_.RunPosted();
  EXPECT_EQ(calls_.count(), 0u);
}

// A viewer without a window.
TEST_F(CallsTest, X8AScreenIsSeenByOneOfferUntilItIsNotShownOrTheViewerLeaves) {
  const std::string name = "sessions/main/captures/c1";
  for (const bool leaves : {true, false}) {
    FakeLine::Heard& line = Connect("sessions/main/participants/vera", "c1");
    ASSERT_EQ(line.requests.size(), 2u);
    EXPECT_EQ(line.requests[1].watch_capture().capture(), name);
    Welcome(line);
    JoinResponse ready;
    ready.mutable_capture_ready()->set_capture(name);
    ready.mutable_capture_ready()->set_epoch(7);
    line.page->OnResponse(ready);
    EXPECT_EQ(line.requests.back().signal().capture(), name);
    EXPECT_EQ(line.requests.back().signal().offer_sdp(), "v=0 offer");
    Signal(line, 7, "v=0 answer");
    EXPECT_TRUE(answers_.back()->ok());
    JoinResponse gone;
    gone.mutable_change()->set_deleted_capture("sessions/main/captures/c2");
    line.page->OnResponse(gone);
    EXPECT_EQ(calls_.count(), 1u);
    if (leaves) {
      EXPECT_TRUE(calls_.Disconnect((*answers_.back())->connection));
      EXPECT_EQ(line.requests.back().leave_capture().capture(), name);
      Outcome(line);
    } else {
      gone.mutable_change()->set_deleted_capture(name);
      line.page->OnResponse(gone);
      loop_.RunPosted();
    }
    EXPECT_FALSE(line.open);
    EXPECT_EQ(calls_.count(), 0u);
  }
}

TEST_F(CallsTest, V4T5WhoConnectsTooOftenWaitsAndOthersDoNot) {
  const auto burst = static_cast<size_t>(limits::kCallBurst);
  for (size_t i = 0; i < burst; ++i) Connect();
  EXPECT_FALSE(answers_.back().has_value());
  Connect();
  EXPECT_EQ(heard_.size(), burst);
  EXPECT_TRUE(absl::IsResourceExhausted(answer(burst).status()));
  EXPECT_TRUE(DetailsOf(answer(burst).status()).retry_after.has_value());
  Connect("sessions/main/participants/olga");
  EXPECT_EQ(heard_.size(), burst + 1);
  for (int i = 0; calls_.count() < limits::kCalls; ++i) Connect("service" + std::to_string(i));
  Connect("sessions/main/participants/vera");
  EXPECT_TRUE(absl::IsResourceExhausted(answers_.back()->status()));
  EXPECT_EQ(calls_.count(), limits::kCalls);
}

TEST(CallRoutesTest, V4EachRouteTakesItsOwnMethods) {
  CallRoutes routes(nullptr, nullptr, nullptr, nullptr, nullptr);
  std::vector<std::string> all;
  for (const Route& route : routes.Table()) {
    EXPECT_EQ(route.origin, Route::Origin::kIfSent) << route.prefix;
    EXPECT_FALSE(route.websocket);
    all.push_back(route.method + " " + route.prefix);
  }
  EXPECT_THAT(all, testing::ElementsAre("POST /signal", "POST /disconnect", "POST /whip/",
                                        "DELETE /whip/", "POST /whep/", "DELETE /whep/"));
}

}  // namespace
}  // namespace atrium::gateway
