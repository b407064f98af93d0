// A session's people, tabs and commands.
#include <algorithm>

#include "tests/support/session_test.h"

namespace atrium::control {
namespace {

using atrium::terminal::v1::DriveResponse;
using atrium::v1::CreateTabRequest;
using atrium::v1::RunCommandRequest;
using testing::IsEmpty;

TEST_F(SessionTest, M4WhoeverJoinsSeesWhatIsThere) {
  const std::string tab = OpenTab();
  FakePage page;
  ASSERT_TRUE(Join(&page, "ann").ok());
  ASSERT_GE(page.heard.size(), 2u);
  EXPECT_EQ(page.heard[0].welcome().participant(), "sessions/main/participants/ann");
  EXPECT_EQ(page.heard[1].snapshot().tabs(0).name(), tab);
  EXPECT_NE(page.Last(JoinResponse::kAccessToken), nullptr);
  ASSERT_NE(Shown("ann"), nullptr);
  EXPECT_EQ(Shown("ann")->presence(), Participant::PRESENT);
  EXPECT_EQ(session_->snapshot().session().state(), atrium::v1::Session::ACTIVE);
}

TEST_F(SessionTest, N2ChangesComeWithoutAGapAfterTheSnapshot) {
  FakePage page;
  ASSERT_TRUE(Join(&page, "ann").ok());
  OpenTab();
  int64_t revision = page.Last(JoinResponse::kSnapshot)->snapshot().session().revision();
  for (const JoinResponse& response : page.heard) {
    if (!response.has_change()) continue;
    EXPECT_EQ(response.change().revision(), ++revision);
  }
  EXPECT_EQ(revision, session_->snapshot().session().revision());
}

TEST_F(SessionTest, S4TheAttachmentIsToldOnceTheHostKnowsIt) {
  FakePage page;
  ASSERT_TRUE(Join(&page, "ann", Participant::VIEWER).ok());
  EXPECT_EQ(page.attachment(), "");
  registry_->OnHostConfirmed(host_.generation - 1);
  EXPECT_EQ(page.attachment(), "");
  Confirm();
  EXPECT_NE(page.attachment(), "");
  const auto plan = registry_->MakeHostPlan();
  ASSERT_EQ(plan.attachments_size(), 1);
  EXPECT_EQ(plan.attachments(0).attachment(), page.attachment());
  EXPECT_EQ(plan.attachments(0).role(), Participant::VIEWER);
}

TEST_F(SessionTest, P5WhoIsLostIsKeptForTenSeconds) {
  FakePage page, watcher;
  ASSERT_TRUE(Join(&watcher, "bob").ok());
  const PageId id = *Join(&page, "ann");
  session_->Leave(id, &page);
  EXPECT_EQ(Shown("ann")->presence(), Participant::RECONNECTING);
  loop_.Advance(absl::Seconds(10) - absl::Milliseconds(1));
  EXPECT_NE(Shown("ann"), nullptr);
  EXPECT_EQ(registry_->MakeHostPlan().attachments_size(), 2);
  loop_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(Shown("ann"), nullptr);
  EXPECT_EQ(registry_->MakeHostPlan().attachments_size(), 1);
  EXPECT_EQ(watcher.Last(JoinResponse::kChange)->change().deleted_participant(),
            "sessions/main/participants/ann");
}

TEST_F(SessionTest, P5WhoComesBackInTimeStays) {
  FakePage page, again;
  session_->Leave(*Join(&page, "ann"), &page);
  loop_.Advance(absl::Seconds(9));
  ASSERT_TRUE(Join(&again, "ann").ok());
  loop_.Advance(absl::Seconds(60));
  EXPECT_EQ(Shown("ann")->presence(), Participant::PRESENT);
}

TEST_F(SessionTest, P5_P12ASessionIsActiveThenIdleThenDisconnected) {
  const auto state = [&] { return session_->snapshot().session().state(); };
  EXPECT_EQ(state(), atrium::v1::Session::DISCONNECTED);
  FakePage page;
  const PageId id = *Join(&page, "ann");
  const std::string tab = OpenTab();
  EXPECT_EQ(state(), atrium::v1::Session::ACTIVE);
  loop_.Advance(absl::Minutes(5) + absl::Seconds(1));
  EXPECT_EQ(state(), atrium::v1::Session::IDLE);
  session_->OnHostTyped(tab, "sessions/main/participants/ann");
  loop_.Advance(absl::Seconds(1));
  EXPECT_EQ(state(), atrium::v1::Session::ACTIVE);
  EXPECT_EQ(page.Last(JoinResponse::kChange)->change().session().state(),
            atrium::v1::Session::ACTIVE);
  session_->Leave(id, &page);
  EXPECT_EQ(state(), atrium::v1::Session::DISCONNECTED);
}

TEST_F(SessionTest, R4APageGetsTheSameAttachmentAlsoFromTheNextControl) {
  FakePage first, second, third, other;
  session_->Leave(*Join(&first, "ann"), &first);
  Confirm();
  EXPECT_EQ(first.attachment(), "") << "told after it left";
  ASSERT_TRUE(Join(&second, "ann").ok());
  Confirm();
  const std::string attachment = second.attachment();
  Start();
  DriveResponse::Inventory inventory;
  auto* kept = inventory.add_attachments();
  kept->set_attachment(attachment);
  kept->set_participant("sessions/main/participants/ann");
  kept->set_role(Participant::EDITOR);
  registry_->OnHostInventory(inventory);
  EXPECT_EQ(registry_->MakeHostPlan().attachments(0).attachment(), attachment);
  ASSERT_TRUE(Join(&third, "ann").ok());
  EXPECT_EQ(third.attachment(), attachment) << "it was adopted and need not wait for the host";
  ASSERT_TRUE(Join(&other, Person("bob"), PageOf("ann2")).ok());
  Confirm();
  EXPECT_NE(other.attachment(), attachment);
}

TEST_F(SessionTest, R4AnAttachmentWhosePageDoesNotComeBackEnds) {
  DriveResponse::Inventory inventory;
  auto* kept = inventory.add_attachments();
  kept->set_attachment("old");
  kept->set_participant("sessions/main/participants/ann");
  registry_->OnHostInventory(inventory);
  EXPECT_EQ(registry_->MakeHostPlan().attachments_size(), 1);
  loop_.Advance(absl::Seconds(10));
  EXPECT_EQ(registry_->MakeHostPlan().attachments_size(), 0);
}

TEST_F(SessionTest, M8ThePageThatJoinsAgainReplacesItsOldStream) {
  FakePage old, fresh;
  const PageId id = *Join(&old, "ann");
  ASSERT_TRUE(Join(&fresh, "ann").ok());
  ASSERT_TRUE(old.closed);
  EXPECT_EQ(DetailsOf(*old.closed).reason, "JOINED_AGAIN");
  session_->Leave(id, &old);  // Its end comes late.
  EXPECT_EQ(Shown("ann")->presence(), Participant::PRESENT);
  FakePage thief;
  EXPECT_FALSE(Join(&thief, Person("eve"), PageOf("ann")).ok());
}

TEST_F(SessionTest, P5APageThatComesBackAsSomebodyElseLeavesNoGhost) {
  FakePage first, second;
  session_->Leave(*Join(&first, "ann"), &first);
  ASSERT_TRUE(Join(&second, Person("owner", Participant::OWNER), PageOf("ann")).ok());
  loop_.Advance(absl::Minutes(1));
  EXPECT_EQ(Shown("ann"), nullptr);
  EXPECT_EQ(Shown("owner")->presence(), Participant::PRESENT);
}

TEST_F(SessionTest, S22APersonsPagesAreCappedButAKnownOneComesBack) {
  std::vector<FakePage> pages(limits::kPagesPerParticipant + 1);
  for (size_t i = 0; i < limits::kPagesPerParticipant; ++i) {
    ASSERT_TRUE(Join(&pages[i], Person("ann"), PageOf(std::to_string(i))).ok());
  }
  EXPECT_TRUE(
      absl::IsResourceExhausted(Join(&pages.back(), Person("ann"), PageOf("more")).status()));
  EXPECT_TRUE(Join(&pages.back(), Person("ann"), PageOf("0")).ok());
}

TEST_F(SessionTest, PageIdsAreChecked) {
  FakePage page;
  for (const std::string& bad : {std::string(), std::string("short"), std::string(65, 'x'),
                                 std::string("page/with/slashes/in/it")}) {
    EXPECT_TRUE(absl::IsInvalidArgument(Join(&page, Person("ann"), PageId(bad)).status())) << bad;
  }
}

TEST_F(SessionTest, N9WhoIsEvictedIsGoneAtOnce) {
  FakePage first, second;
  ASSERT_TRUE(Join(&first, Person("ann"), PageOf("1")).ok());
  session_->Leave(*Join(&second, Person("ann"), PageOf("2")), &second);
  session_->Evict(ParticipantId("ann"));
  EXPECT_EQ(DetailsOf(*first.closed).reason, "REVOKED");
  EXPECT_EQ(Shown("ann"), nullptr);
  EXPECT_EQ(registry_->MakeHostPlan().attachments_size(), 0);
  loop_.Advance(absl::Minutes(30));
}

TEST_F(SessionTest, S2PagesGetANewAccessTokenBeforeTheOldOneEnds) {
  FakePage page;
  const PageId id = *Join(&page, "ann");
  loop_.Advance(absl::Minutes(30));
  EXPECT_EQ(page.Count(JoinResponse::kAccessToken), 4);
  session_->Leave(id, &page);
  loop_.Advance(absl::Minutes(30));
  EXPECT_EQ(page.Count(JoinResponse::kAccessToken), 4);
}

TEST_F(SessionTest, N8WhoLeavesHandsTheSizesOn) {
  FakePage ann, bob;
  ASSERT_TRUE(Join(&bob, "bob").ok());
  const PageId id = *Join(&ann, "ann");
  const std::string tab = OpenTab();
  ASSERT_TRUE(session_
                  ->TakeControl(Person("ann"),
                                [&] {
                                  atrium::v1::TakeControlRequest take;
                                  take.set_tab(tab);
                                  return take;
                                }())
                  .ok());
  EXPECT_EQ(registry_->MakeHostPlan().terminals(0).size_owner(), "sessions/main/participants/ann");
  session_->Leave(id, &ann);
  loop_.Advance(absl::Seconds(10));
  EXPECT_EQ(registry_->MakeHostPlan().terminals(0).size_owner(), "sessions/main/participants/bob");
}

TEST_F(SessionTest, S4AViewerDoesNothing) {
  const std::string tab = OpenTab();
  FakePage page;
  const Actor viewer = Person("eve", Participant::VIEWER);
  const PageId id = *Join(&page, viewer, PageOf("eve"));
  std::vector<absl::Status> refused;
  const auto keep = [&](const auto& answer) { refused.push_back(answer.status()); };
  session_->CreateTab(viewer, {}, keep);
  atrium::v1::UpdateTabRequest update;
  update.mutable_tab()->set_name(tab);
  session_->UpdateTab(viewer, update, keep);
  refused.push_back(session_->DeleteTab(viewer, tab));
  atrium::v1::TakeControlRequest take;
  take.set_tab(tab);
  refused.push_back(session_->TakeControl(viewer, take).status());
  RunCommandRequest run;
  run.set_command("id");
  session_->RunCommand(viewer, run, absl::Seconds(1), keep);
  atrium::v1::UpdateSelf speak;
  speak.set_muted(false);
  refused.push_back(session_->UpdateSelf(viewer, id, speak));
  atrium::v1::SayRequest say;
  say.set_text("hi");
  session_->Say(viewer, say, keep);
  session_->DecideApproval(viewer, {}, keep);
  session_->StartConversation(viewer, keep);
  refused.push_back(session_->StopConversation(viewer).status());
  refused.push_back(session_->UpdateConversation(viewer, {}).status());
  refused.push_back(session_->InterruptConversation(viewer).status());
  ASSERT_EQ(refused.size(), 12u);
  for (size_t i = 0; i < refused.size(); ++i) {
    EXPECT_TRUE(absl::IsPermissionDenied(refused[i])) << i << " " << refused[i];
  }
  EXPECT_TRUE(absl::IsPermissionDenied(registry_->DeleteSession(viewer, main_)));
  EXPECT_NE(ShownTab(tab), nullptr);
}

TEST_F(SessionTest, R34ATabIsAskedForOnceItIsStoredAndAnsweredOnceItRuns) {
  store_.Hold();
  Answers<Tab> tabs;
  CreateTabRequest request;
  request.set_request_id("r");
  const int64_t before = host_.generation;
  session_->CreateTab(Service(), request, Into(&tabs));
  EXPECT_EQ(host_.generation, before);
  store_.Release();
  EXPECT_GT(host_.generation, before);
  EXPECT_THAT(tabs, IsEmpty());
  session_->CreateTab(Service(), request, Into(&tabs));
  Tell(FirstTab(), Tab::RUNNING);
  ASSERT_EQ(tabs.size(), 2u);
  EXPECT_EQ(tabs[0]->name(), tabs[1]->name());
  session_->CreateTab(Service(), request, Into(&tabs));
  EXPECT_EQ(tabs.at(2)->name(), tabs[0]->name());
  EXPECT_EQ(session_->snapshot().tabs_size(), 1);
  Start();
  session_->CreateTab(Service(), request, Into(&tabs));
  EXPECT_EQ(tabs.at(3)->name(), tabs[0]->name()) << "a restart forgot the request";
}

TEST_F(SessionTest, P10ATabThatNoHostStartsIsAnsweredInTime) {
  Answers<Tab> tabs;
  session_->CreateTab(Service(), {}, Into(&tabs));
  loop_.Advance(absl::Seconds(10));
  ASSERT_EQ(tabs.size(), 1u);
  EXPECT_EQ(DetailsOf(tabs[0].status()).reason, "HOST_UNREACHABLE");
  EXPECT_EQ(ShownTab(FirstTab())->state(), Tab::CREATING);
  session_->CreateTab(Service(), {}, Into(&tabs));
  const std::string second = session_->snapshot().tabs(1).name();
  registry_->OnHostProblem(second, absl::FailedPreconditionError("no such program"));
  ASSERT_EQ(tabs.size(), 2u);
  EXPECT_EQ(DetailsOf(tabs[1].status()).reason, "TAB_CANNOT_START");
  EXPECT_EQ(session_->snapshot().tabs_size(), 1);
}

TEST_F(SessionTest, P3_R30ATabThatTheHostHasNoRoomForIsRefusedAsTheHostSays) {
  Answers<Tab> tabs;
  session_->CreateTab(Service(), {}, Into(&tabs));
  registry_->OnHostProblem(FirstTab(), MakeError(absl::StatusCode::kResourceExhausted, "no room",
                                                 {.reason = "DISK_FULL",
                                                  .retry_after = absl::Seconds(10)}));
  ASSERT_EQ(tabs.size(), 1u);
  EXPECT_TRUE(absl::IsResourceExhausted(tabs[0].status()));
  EXPECT_EQ(tabs[0].status().message(), "no room");
  EXPECT_EQ(DetailsOf(tabs[0].status()).reason, "DISK_FULL");
  EXPECT_EQ(DetailsOf(tabs[0].status()).retry_after, absl::Seconds(10));
  EXPECT_EQ(session_->snapshot().tabs_size(), 0);
}

TEST_F(SessionTest, R20ATabThatCannotBeStoredIsNotOpened) {
  store_.Fail(absl::InternalError("disk"));
  Answers<Tab> tabs;
  session_->CreateTab(Service(), {}, Into(&tabs));
  ASSERT_EQ(tabs.size(), 1u);
  EXPECT_FALSE(tabs[0].ok());
  EXPECT_EQ(session_->snapshot().tabs_size(), 0);
  EXPECT_EQ(registry_->MakeHostPlan().terminals_size(), 0);
}

TEST_F(SessionTest, X2ClosingATabThatIsGoneIsFine) {
  const std::string tab = OpenTab();
  EXPECT_TRUE(session_->DeleteTab(Service(), tab).ok());
  EXPECT_TRUE(session_->DeleteTab(Service(), tab).ok());
  EXPECT_EQ(registry_->MakeHostPlan().terminals_size(), 0);
  EXPECT_TRUE(store_.records(RecordKind::kTab).empty());
  EXPECT_FALSE(session_->DeleteTab(Service(), "sessions/main/rooms/x").ok());
}

TEST_F(SessionTest, S22TabsAndEnvironmentsAreCapped) {
  for (size_t i = 0; i < limits::kTabsPerSession; ++i) OpenTab();
  Answers<Tab> tabs;
  session_->CreateTab(Service(), {}, Into(&tabs));
  EXPECT_TRUE(absl::IsResourceExhausted(tabs[0].status()));
  for (const char* name : {"LD_PRELOAD", "a", "", "A B", "A=B"}) {
    CreateTabRequest request;
    (*request.mutable_environment())[name] = "x";
    session_->CreateTab(Service(), request, Into(&tabs));
    EXPECT_EQ(DetailsOf(tabs.back().status()).field, "environment") << name;
  }
}

TEST_F(SessionTest, N4ALostHostIsUnreachableAfterTwoSecondsAndNeverLost) {
  const std::string tab = OpenTab();
  registry_->OnHostLost();
  loop_.Advance(absl::Seconds(2) - absl::Milliseconds(1));
  EXPECT_EQ(ShownTab(tab)->state(), Tab::RUNNING);
  loop_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(ShownTab(tab)->state(), Tab::UNREACHABLE);
  loop_.Advance(absl::Hours(1));
  EXPECT_EQ(ShownTab(tab)->state(), Tab::UNREACHABLE);
  DriveResponse::Inventory inventory;
  inventory.set_incarnation("one");
  auto* there = inventory.add_terminals();
  there->set_tab(tab);
  there->set_state(Tab::RUNNING);
  there->set_incarnation("one");
  registry_->OnHostInventory(inventory);
  EXPECT_EQ(ShownTab(tab)->state(), Tab::RUNNING);
}

TEST_F(SessionTest, N4AHostThatIsBackInTimeWasNeverUnreachable) {
  const std::string tab = OpenTab();
  FakePage page;
  ASSERT_TRUE(Join(&page, "ann").ok());
  Confirm();
  registry_->OnHostLost();
  loop_.Advance(absl::Seconds(1));
  DriveResponse::Inventory inventory;
  inventory.set_incarnation("one");
  auto* there = inventory.add_terminals();
  there->set_tab(tab);
  there->set_state(Tab::RUNNING);
  there->set_incarnation("one");
  registry_->OnHostInventory(inventory);
  loop_.Advance(absl::Minutes(1));
  EXPECT_EQ(ShownTab(tab)->state(), Tab::RUNNING);
  Confirm();
  EXPECT_EQ(page.Count(JoinResponse::kAttachment), 2) << "the page was not told that it may type";
}

TEST_F(SessionTest, N4ATerminalThatWasNotKnownIsAdopted) {
  DriveResponse::Inventory inventory;
  auto* there = inventory.add_terminals();
  there->set_tab("sessions/main/tabs/stray");
  there->set_state(Tab::RUNNING);
  there->set_incarnation("one");
  there = inventory.add_terminals();
  there->set_tab("sessions/other/tabs/stray");
  there->set_state(Tab::RUNNING);
  registry_->OnHostInventory(inventory);
  ASSERT_EQ(session_->snapshot().tabs_size(), 1);
  EXPECT_EQ(ShownTab("sessions/main/tabs/stray")->state(), Tab::RUNNING);
}

TEST_F(SessionTest, P2AnEndedSessionLeavesNothingBehind) {
  FakePage page;
  ASSERT_TRUE(Join(&page, "ann").ok());
  OpenTab();
  atrium::v1::SayRequest say;
  say.set_text("hi");
  session_->Say(Service(), say, [](auto) {});
  ASSERT_TRUE(registry_->DeleteSession(Service(), main_).ok());
  loop_.RunPosted();
  EXPECT_EQ(DetailsOf(*page.closed).reason, "SESSION_ENDED");
  for (const auto kind : {RecordKind::kSession, RecordKind::kTab, RecordKind::kMember,
                          RecordKind::kInvite, RecordKind::kApproval}) {
    EXPECT_TRUE(store_.records(kind).empty()) << static_cast<int>(kind);
  }
  EXPECT_TRUE(store_.entries("main").empty());
  EXPECT_TRUE(absl::IsNotFound(registry_->Find(Service(), main_).status()));
}

TEST_F(SessionTest, L18WhatWasSetForAToolThatIsAwayKeepsNobodyFromOtherChanges) {
  atrium::control::v1::SessionRecord stored;
  ASSERT_TRUE(stored.ParseFromString(store_.records(RecordKind::kSession).at("main")));
  auto* away = stored.mutable_session()->add_tool_policies();
  away->set_tool("files.read");
  away->set_action(atrium::v1::CommandPolicy::ALLOW);
  store_.Commit({{RecordKind::kSession, "main", stored.SerializeAsString()}},
                [](absl::Status s) { EXPECT_TRUE(s.ok()); });
  Start();
  atrium::v1::UpdateSessionRequest request;
  request.mutable_update_mask()->add_paths("tool_policies");
  *request.mutable_session()->add_tool_policies() = *away;
  auto* other = request.mutable_session()->add_tool_policies();
  other->set_tool("close_tab");
  other->set_action(atrium::v1::CommandPolicy::ASK);
  Answers<atrium::v1::Session> answers;
  session_->UpdateSession(Service(), request, Into(&answers));
  EXPECT_TRUE(answers.at(0).ok()) << answers[0].status();
  away->set_tool("files.write");
  *request.mutable_session()->add_tool_policies() = *away;
  session_->UpdateSession(Service(), request, Into(&answers));
  EXPECT_EQ(DetailsOf(answers.at(1).status()).field, "session.tool_policies[2].tool");
}

}  // namespace
}  // namespace atrium::control
