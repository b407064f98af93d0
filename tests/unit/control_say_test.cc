// A session's words.
#include "tests/support/session_test.h"

namespace atrium::control {
namespace {

using atrium::v1::SayRequest;
using atrium::v1::TimelineEntry;
using testing::HasSubstr;

class SayTest : public SessionTest {
 protected:
  void Say(const std::string& text, const std::string& request_id = "") {
    SayRequest request;
    request.set_text(text);
    request.set_request_id(request_id);
    session_->Say(Person("ann"), request, Into(&said_));
  }
  Answers<TimelineEntry> said_;
};

TEST_F(SayTest, S23WhatIsSaidIsCleanedAndBounded) {
  Say("a\x1b[31m\u202e b\tc\nd\xff");
  ASSERT_TRUE(said_.at(0).ok());
  for (const char* hidden : {"\x1b", "\u202e", "\xff"}) {
    EXPECT_EQ(said_[0]->text().find(hidden), std::string::npos);
  }
  EXPECT_THAT(said_[0]->text(), HasSubstr("\nd"));
  Say("\x01\x02");
  EXPECT_TRUE(absl::IsInvalidArgument(said_.at(1).status()));
  Say(std::string(limits::kTextBytes + 1, 'x'));
  EXPECT_TRUE(absl::IsInvalidArgument(said_.at(2).status()));
}

TEST_F(SayTest, R33ARetryIsSaidOnce) {
  Say("hello", "r");
  Say("hello", "r");
  EXPECT_EQ(said_.at(0)->name(), said_.at(1)->name());
  EXPECT_EQ(session_->snapshot().entries_size(), 1);
}

TEST_F(SayTest, R34ARetryIsNotAnsweredBeforeTheFirstIsDurable) {
  store_.Hold();
  Say("hello", "r");
  Say("hello", "r");
  EXPECT_TRUE(said_.empty());
  store_.Release();
  EXPECT_EQ(said_.size(), 2u);
}

TEST_F(SayTest, R20WhatCouldNotBeStoredCanBeSaidAgain) {
  store_.Fail(absl::InternalError("disk"));
  Say("hello", "r");
  EXPECT_FALSE(said_.at(0).ok());
  store_.Fail(absl::OkStatus());
  Say("hello", "r");
  ASSERT_TRUE(said_.at(1).ok());
  EXPECT_EQ(session_->snapshot().entries_size(), 1);
}

TEST_F(SayTest, M4TheTimelineSurvivesARestartAndGoesOn) {
  Say("one");
  Start();
  Say("two");
  ASSERT_EQ(session_->snapshot().entries_size(), 2);
  EXPECT_EQ(session_->snapshot().entries(0).text(), "one");
  EXPECT_NE(session_->snapshot().entries(0).name(), session_->snapshot().entries(1).name());
}

TEST_F(SayTest, L2WhoNamesTheAgentSpeaksToIt) {
  WithAgent();
  Say("just us");
  EXPECT_TRUE(providers_.sessions.empty());
  Say("@agent what time is it");
  ASSERT_EQ(providers_.sessions.size(), 1u);
  providers_.listener->OnReady(std::nullopt);
  EXPECT_THAT(providers_.latest().texts.at(0).text, HasSubstr(": what time is it"));
  EXPECT_EQ(providers_.latest().responses_asked, 1);
}

TEST_F(SayTest, L4TheTimelineSaysWhoTookAKeyToTheProvider) {
  WithAgent();
  FakePage page;
  ASSERT_TRUE(Join(&page, "ann").ok());
  Answers<atrium::v1::ProviderSecret> secrets;
  session_->CreateProviderSecret(Person("ann"), Into(&secrets));
  ASSERT_TRUE(secrets.at(0).ok());
  ASSERT_EQ(session_->snapshot().entries_size(), 1);
  EXPECT_EQ(session_->snapshot().entries(0).kind(), TimelineEntry::NOTICE);
  EXPECT_THAT(session_->snapshot().entries(0).text(), HasSubstr(Shown("ann")->display_name()));
  EXPECT_THAT(session_->snapshot().entries(0).text(), HasSubstr("key to the provider"));
  providers_.secret = absl::UnavailableError("no route");
  session_->CreateProviderSecret(Person("ann"), Into(&secrets));
  EXPECT_EQ(session_->snapshot().entries_size(), 1) << "nobody took one";
}

}  // namespace
}  // namespace atrium::control
