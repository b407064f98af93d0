// Who may come to a session, how many of them, and what they may ask for.
#include "tests/support/session_test.h"

namespace atrium::control {
namespace {

using atrium::v1::Tab;

class MembersTest : public SessionTest {
 protected:
  static std::string Name(const std::string& id) { return "sessions/main/participants/" + id; }
};

TEST_F(MembersTest, R27ARoomOfLongWordsCanStillBeJoined) {
  atrium::v1::SayRequest say;
  say.set_text(std::string(limits::kTextBytes - 1, 'x'));
  for (int i = 0; i < 150; ++i) session_->Say(Person("ann"), say, [](auto) {});
  EXPECT_LE(session_->snapshot().ByteSizeLong(), limits::kSnapshotEntryBytes + (64u << 10));
  EXPECT_GE(session_->snapshot().entries_size(), 20);
  Start();
  EXPECT_LE(session_->snapshot().ByteSizeLong(), limits::kSnapshotEntryBytes + (64u << 10));
  atrium::v1::ListTimelineEntriesRequest list;
  list.set_page_size(200);
  size_t seen = 0;
  do {
    Answers<atrium::v1::ListTimelineEntriesResponse> answers;
    session_->ListEntries(list, Into(&answers));
    ASSERT_TRUE(answers.at(0).ok());
    EXPECT_LE(answers[0]->ByteSizeLong(), limits::kSnapshotEntryBytes + (64u << 10));
    seen += answers[0]->entries_size();
    list.set_page_token(answers[0]->next_page_token());
  } while (!list.page_token().empty());
  EXPECT_EQ(seen, 150u) << "all of them, page by page";
}

TEST_F(MembersTest, S22WhatATabIsAskedToBeIsBounded) {
  const auto refused = [&](const atrium::v1::CreateTabRequest& request) {
    Answers<Tab> answers;
    session_->CreateTab(Service(), request, Into(&answers));
    return !answers.empty() && absl::IsInvalidArgument(answers[0].status());
  };
  atrium::v1::CreateTabRequest directory, command, id;
  directory.set_working_directory(std::string(1 << 20, 'd'));
  command.mutable_tab()->add_command(std::string(1 << 20, 'c'));
  id.set_request_id(std::string(1 << 20, 'i'));
  EXPECT_TRUE(refused(directory));
  EXPECT_TRUE(refused(command));
  EXPECT_TRUE(refused(id));
}

TEST_F(MembersTest, N8WhoComesToARoomThatNobodyDecidesTheSizesOfDoes) {
  const std::string tab = OpenTab();
  EXPECT_EQ(ShownTab(tab)->size_owner(), "");
  FakePage eve, ann;
  ASSERT_TRUE(Join(&eve, "eve", Participant::VIEWER).ok());
  EXPECT_EQ(ShownTab(tab)->size_owner(), "");
  ASSERT_TRUE(Join(&ann, "ann").ok());
  EXPECT_EQ(ShownTab(tab)->size_owner(), Name("ann"));
}

TEST_F(MembersTest, N9AnInviteThatIsOverIsListedAsLongAsSomebodyIsInByIt) {
  atrium::v1::Invite wanted;
  wanted.set_role(Participant::EDITOR);
  wanted.set_uses_left(1);
  absl::StatusOr<atrium::v1::Invite> invite;
  auth_->CreateInvite(Service(), main_, wanted, [&](auto made) { invite = made; });
  ASSERT_TRUE(invite.ok());
  atrium::v1::ExchangeInviteRequest exchange;
  exchange.set_secret(invite->secret());
  bool in = false;
  auth_->ExchangeInvite(exchange, [&](auto response) { in = response.ok(); });
  ASSERT_TRUE(in);
  ASSERT_EQ(auth_->ListInvites(Service(), main_)->invites_size(), 1);
  ASSERT_TRUE(auth_->DeleteInvite(Service(), invite->name()).ok());
  EXPECT_EQ(auth_->ListInvites(Service(), main_)->invites_size(), 0);
}

TEST_F(MembersTest, S22OneLinkMakesNoEndlessMembers) {
  atrium::v1::Invite wanted;
  wanted.set_role(Participant::VIEWER);
  absl::StatusOr<atrium::v1::Invite> invite;
  auth_->CreateInvite(Service(), main_, wanted, [&](auto made) { invite = made; });
  atrium::v1::ExchangeInviteRequest exchange;
  exchange.set_secret(invite->secret());
  size_t in = 0;
  absl::Status last;
  for (size_t i = 0; i <= limits::kMembersPerSession; ++i) {
    auth_->ExchangeInvite(exchange, [&](auto response) {
      in += response.ok();
      last = response.status();
    });
  }
  EXPECT_EQ(in, limits::kMembersPerSession);
  EXPECT_TRUE(absl::IsResourceExhausted(last));
}

TEST_F(MembersTest, T5APageThatIsGoneMakesRoomForOneThatIsHere) {
  std::vector<FakePage> pages(limits::kPagesPerParticipant + 1);
  const auto id = [](size_t i) {
    return PageId("page-" + std::to_string(i) + "-0000000000000000");
  };
  for (size_t i = 0; i < limits::kPagesPerParticipant; ++i) {
    ASSERT_TRUE(Join(&pages[i], Person("ann"), id(i)).ok());
  }
  const size_t last = limits::kPagesPerParticipant;
  EXPECT_TRUE(absl::IsResourceExhausted(Join(&pages[last], Person("ann"), id(last)).status()));
  session_->Leave(id(3), &pages[3]);
  EXPECT_TRUE(Join(&pages[last], Person("ann"), id(last)).ok());
  loop_.Advance(limits::kPresenceSpacing);
  EXPECT_EQ(Shown("ann")->page_count(), static_cast<int>(limits::kPagesPerParticipant));
}

}  // namespace
}  // namespace atrium::control
