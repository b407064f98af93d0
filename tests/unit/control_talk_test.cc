// A session's approvals.
#include <algorithm>

#include "tests/support/session_test.h"

namespace atrium::control {
namespace {

using atrium::v1::Approval;
using atrium::v1::TimelineEntry;
using testing::ElementsAre;
using testing::HasSubstr;

// The agent proposes by a tool call, as in life.
class ApprovalTest : public SessionTest {
 protected:
  ApprovalTest() {
    WithAgent();
    session_->StartConversation(Service(), [](auto) {});
    providers_.listener->OnReady(std::nullopt);
    tab_ = OpenTab("/home");
  }
  std::string Propose(const std::string& tool = "type_text") {
    providers_.listener->OnToolCall("call" + std::to_string(calls_++), tool,
                                    R"({"tab":"1","text":"make","command":"make"})");
    // It says that it waits.
    providers_.listener->OnResponseStarted("r");
    providers_.listener->OnResponseDone("r", {.completed = true});
    return session_->snapshot().approvals().rbegin()->name();
  }
  absl::StatusOr<Approval> Decide(const std::string& name, const Actor& actor, bool approve) {
    Answers<Approval> answers;
    atrium::v1::DecideApprovalRequest request;
    request.set_name(name);
    request.set_approve(approve);
    session_->DecideApproval(actor, request, Into(&answers));
    return answers.at(0);
  }
  // Whether the tab's shell runs a command, as it says.
  void Runs(bool runs) {
    atrium::terminal::v1::TerminalStatus status;
    status.set_tab(tab_);
    status.set_state(Tab::RUNNING);
    status.set_incarnation("one");
    status.set_working_directory("/home");
    status.set_command_runs(runs);
    registry_->OnHostTerminal(status);
  }
  static absl::Status TabMoved() {
    return MakeError(absl::StatusCode::kFailedPrecondition, "another program runs: ask again",
                     {.reason = "TAB_MOVED"});
  }
  void Ended(int64_t number) {
    atrium::terminal::v1::CommandEnd end;
    end.set_tab(tab_);
    end.mutable_command()->set_number(number);
    registry_->OnHostCommandEnd(end);
  }
  // Control ends here, with what its store has by now, and starts again.
  void Abandon() {
    store_.Forget();
    Start();
    loop_.RunPosted();
  }
  std::string Told() {
    const ProviderTold& told = providers_.latest();
    if (!told.late_results.empty()) return told.late_results.back().second;
    return told.results.empty() ? "" : told.results.back().second;
  }

  std::string tab_;
  int calls_ = 0;
};

TEST_F(ApprovalTest, N6EverybodySeesTheExactBytesAndNothingIsDoneYet) {
  FakePage page;
  ASSERT_TRUE(Join(&page, "ann", Participant::VIEWER).ok());
  const std::string name = Propose();
  const auto shown = std::find_if(page.heard.begin(), page.heard.end(), [](const auto& response) {
    return response.has_change() && response.change().has_approval();
  });
  ASSERT_NE(shown, page.heard.end());
  const Approval& card = shown->change().approval();
  EXPECT_EQ(card.name(), name);
  EXPECT_EQ(card.input(), "make");
  EXPECT_EQ(card.tab(), tab_);
  EXPECT_EQ(card.working_directory(), "/home");
  EXPECT_TRUE(host_.writes.empty());
}

TEST_F(ApprovalTest, S13OfAThousandRacingDecisionsOneCounts) {
  store_.Hold();
  const std::string name = [&] {
    providers_.listener->OnToolCall("call", "type_text", R"({"tab":"1","text":"make"})");
    store_.Release();
    store_.Hold();
    return session_->snapshot().approvals(0).name();
  }();
  Answers<Approval> answers;
  for (int i = 0; i < 1000; ++i) {
    atrium::v1::DecideApprovalRequest request;
    request.set_name(name);
    request.set_approve(i % 2 == 0);
    session_->DecideApproval(Person("p" + std::to_string(i)), request, Into(&answers));
  }
  EXPECT_TRUE(host_.writes.empty()) << "it was done before the decision was durable";
  store_.Release();
  ASSERT_EQ(answers.size(), 1000u);
  const auto won = std::count_if(answers.begin(), answers.end(), [](auto& a) { return a.ok(); });
  EXPECT_EQ(won, 1);
  EXPECT_EQ(host_.writes.size(), 1u);
  EXPECT_EQ(host_.writes.at(0).request.write_id(), name) << "a restart would do it again";
  for (const auto& answer : answers) {
    if (answer.ok()) continue;
    EXPECT_EQ(DetailsOf(answer.status()).reason, "ALREADY_DECIDED");
  }
}

TEST_F(ApprovalTest, S12OnlyPeopleDecide) {
  const std::string name = Propose();
  EXPECT_EQ(DetailsOf(Decide(name, Service(), true).status()).reason, "PEOPLE_ONLY");
  EXPECT_EQ(DetailsOf(Decide(name, Agent(), true).status()).reason, "PEOPLE_ONLY");
  EXPECT_TRUE(
      absl::IsPermissionDenied(Decide(name, Person("eve", Participant::VIEWER), true).status()));
  EXPECT_TRUE(host_.writes.empty());
  EXPECT_TRUE(Decide(name, Person("ann"), true).ok());
}

TEST_F(ApprovalTest, P12ARefusalOfTheProviderIsShownWithItsRemedy) {
  providers_.listener->OnLost(absl::FailedPreconditionError("add credit"), /*final=*/true);
  for (int i = 0; i < limits::kBadTicks; ++i) session_->Tick();
  bool shown = false;
  for (const auto& degradation : session_->snapshot().session().degradations()) {
    if (degradation.kind() != atrium::v1::Degradation::NO_PROVIDER) continue;
    EXPECT_EQ(degradation.message(), "add credit");
    shown = true;
  }
  EXPECT_TRUE(shown);
}

TEST_F(ApprovalTest, N6ADenialIsToldToTheAgent) {
  const std::string name = Propose();
  ASSERT_TRUE(Decide(name, Person("ann"), false).ok());
  EXPECT_TRUE(host_.writes.empty());
  EXPECT_THAT(Told(), HasSubstr("denied"));
  EXPECT_EQ(session_->snapshot().approvals_size(), 0);
  EXPECT_TRUE(store_.records(RecordKind::kApproval).empty());
  EXPECT_TRUE(absl::IsNotFound(Decide(name, Person("ann"), true).status()));
}

TEST_F(ApprovalTest, N6AnApprovalEndsAfterSixtySeconds) {
  const std::string name = Propose();
  loop_.Advance(absl::Seconds(60) - absl::Milliseconds(1));
  EXPECT_EQ(session_->snapshot().approvals_size(), 1);
  loop_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(session_->snapshot().approvals_size(), 0);
  EXPECT_THAT(Told(), HasSubstr("in time"));
  EXPECT_FALSE(Decide(name, Person("ann"), true).ok());
  EXPECT_TRUE(host_.writes.empty());
}

TEST_F(ApprovalTest, S13AnApprovalIsForTheDirectoryThatWasShown) {
  const std::string name = Propose();
  Tell(tab_, Tab::RUNNING, "/");
  EXPECT_FALSE(Decide(name, Person("ann"), true).ok());
  EXPECT_TRUE(host_.writes.empty());
  EXPECT_EQ(session_->snapshot().approvals_size(), 0) << "the agent has to ask again";
  EXPECT_THAT(Told(), HasSubstr("another directory")) << "and is told why";
}

TEST_F(ApprovalTest, S13WhatWouldBeTypedIsForTheProgramThatRanWhenItWasProposed) {
  // At a prompt; by now something runs that would read it.
  std::string name = Propose();
  Runs(true);
  EXPECT_THAT(std::string(Decide(name, Person("ann"), true).status().message()),
              HasSubstr("another program"));
  // While something runs; by now it ended.
  name = Propose();
  Runs(false);
  EXPECT_FALSE(Decide(name, Person("ann"), true).ok());
  // At a prompt; another command came and went.
  name = Propose();
  Ended(7);
  EXPECT_FALSE(Decide(name, Person("ann"), true).ok());
  EXPECT_TRUE(host_.writes.empty());
  EXPECT_EQ(session_->snapshot().approvals_size(), 0) << "the agent has to ask again";
  // Nothing moved; and whoever denies need not care.
  name = Propose();
  EXPECT_EQ(session_->snapshot().approvals(0).last_command(), 7);
  EXPECT_TRUE(Decide(name, Person("ann"), true).ok());
  EXPECT_EQ(host_.writes.size(), 1u);
  name = Propose();
  Ended(8);
  EXPECT_TRUE(Decide(name, Person("ann"), false).ok());
}

TEST_F(ApprovalTest, S13ACommandWaitsForAPromptSoItMayBeApprovedWhileAnotherRuns) {
  const std::string name = Propose("run_command");
  Runs(true);
  Ended(7);
  EXPECT_TRUE(Decide(name, Person("ann"), true).ok());
  EXPECT_EQ(host_.runs.size(), 1u);
}

TEST_F(ApprovalTest, S13AnotherTerminalUnderTheSameTabIsNotWhatWasApproved) {
  const std::string name = Propose("run_command");
  Tell(tab_, Tab::RUNNING, "/home", 0, "two");
  EXPECT_FALSE(Decide(name, Person("ann"), true).ok());
  EXPECT_TRUE(host_.runs.empty());
}

TEST_F(ApprovalTest, S13WhatMovesWhileTheDecisionIsStoredIsNotDone) {
  const std::string name = Propose();
  store_.Hold();
  Answers<Approval> answers;
  atrium::v1::DecideApprovalRequest request;
  request.set_name(name);
  request.set_approve(true);
  session_->DecideApproval(Person("ann"), request, Into(&answers));
  Tell(tab_, Tab::RUNNING, "/");
  store_.Release();
  EXPECT_TRUE(host_.writes.empty());
  EXPECT_THAT(Told(), HasSubstr("another directory"));
  const auto& last = *session_->snapshot().entries().rbegin();
  EXPECT_EQ(last.approval().state(), Approval::NOT_DONE);
  EXPECT_THAT(last.approval().problem(), HasSubstr("another directory"));
}

TEST_F(ApprovalTest, S13TheHostTypesItOnlyIfAllIsAsItWasShown) {
  Runs(true);
  Ended(7);
  ASSERT_TRUE(Decide(Propose(), Person("ann"), true).ok());
  ASSERT_EQ(host_.writes.size(), 1u);
  const auto& condition = host_.writes[0].request.condition();
  EXPECT_EQ(condition.incarnation(), "one");
  EXPECT_EQ(condition.working_directory(), "/home");
  EXPECT_EQ(condition.reader().last_command(), 7);
  EXPECT_TRUE(condition.reader().command_runs());
  // It knew better: nothing was typed, and everybody sees that and why.
  host_.writes[0].done(TabMoved());
  const auto& last = *session_->snapshot().entries().rbegin();
  EXPECT_EQ(last.kind(), TimelineEntry::APPROVAL);
  EXPECT_EQ(last.approval().state(), Approval::NOT_DONE);
  EXPECT_EQ(last.approval().problem(), "another program runs: ask again");
  EXPECT_THAT(last.speakers(), ElementsAre("sessions/main/participants/ann"));
  EXPECT_THAT(Told(), HasSubstr("another program runs"));
  EXPECT_EQ(session_->snapshot().approvals_size(), 0);
  EXPECT_TRUE(store_.records(RecordKind::kApproval).empty());
}

TEST_F(ApprovalTest, S13ACommandThatWaitedForItsPromptIsNotDoneInAnotherDirectory) {
  ASSERT_TRUE(Decide(Propose("run_command"), Person("ann"), true).ok());
  ASSERT_EQ(host_.runs.size(), 1u);
  EXPECT_EQ(host_.runs[0].request.condition().working_directory(), "/home");
  EXPECT_EQ(host_.runs[0].request.condition().incarnation(), "one");
  EXPECT_FALSE(host_.runs[0].request.condition().has_reader()) << "it waits for its reader";
  host_.runs[0].done(TabMoved());
  const auto& last = *session_->snapshot().entries().rbegin();
  EXPECT_EQ(last.approval().state(), Approval::NOT_DONE);
  EXPECT_THAT(last.approval().problem(), HasSubstr("another program"));
  EXPECT_THAT(Told(), HasSubstr("ask again"));
}

TEST_F(ApprovalTest, S13R4AHostThatKnowsThatItTypedItBeforeSaysSoWhateverCameOfIt) {
  for (const bool known : {true, false}) {
    host_.writes.clear();
    const std::string name = Propose();
    ASSERT_TRUE(Decide(name, Person("ann"), true).ok());
    Start();
    loop_.RunPosted();
    atrium::terminal::v1::DriveResponse::Inventory inventory;
    inventory.set_checks_input(true);
    auto* there = inventory.add_terminals();
    there->set_tab(tab_);
    there->set_state(Tab::RUNNING);
    there->set_incarnation("one");
    there->set_working_directory("/home");
    there->set_command_runs(true);  // What was typed runs, or something else.
    registry_->OnHostInventory(inventory);
    ASSERT_EQ(host_.writes.size(), 2u);
    EXPECT_FALSE(host_.writes[1].request.condition().reader().command_runs());
    atrium::terminal::v1::WriteInputResponse written;
    written.set_known(true);
    if (known) {
      host_.writes[1].done(written);
    } else {
      host_.writes[1].done(TabMoved());
    }
    int not_done = 0;
    for (const auto& entry : session_->snapshot().entries()) {
      if (entry.approval().name() == name)
        not_done += entry.approval().state() == Approval::NOT_DONE;
    }
    EXPECT_EQ(not_done, known ? 0 : 1);
    EXPECT_TRUE(store_.records(RecordKind::kApproval).empty());
    session_->StartConversation(Service(), [](auto) {});
    providers_.listener->OnReady(std::nullopt);
    Runs(false);
  }
}

TEST_F(ApprovalTest, S13WhatAnOwnerForbadeSinceCannotBeApproved) {
  const std::string name = Propose();
  atrium::v1::UpdateSessionRequest update;
  auto* rule = update.mutable_session()->mutable_command_policy()->add_rules();
  rule->set_pattern("make");
  rule->set_action(atrium::v1::CommandPolicy::DENY);
  update.mutable_update_mask()->add_paths("command_policy");
  session_->UpdateSession(Service(), update, [](auto) {});
  EXPECT_EQ(DetailsOf(Decide(name, Person("ann"), true).status()).reason, "COMMAND_DENIED");
  EXPECT_TRUE(host_.writes.empty());
  EXPECT_TRUE(Decide(name, Person("ann"), false).ok());
}

TEST_F(ApprovalTest, S13R4WhatOthersWouldHaveDoneIsShownAsNotDoneAfterARestart) {
  const std::string name = Propose("close_tab");
  // The decision is stored, and control ends before it is carried out.
  store_.Hold();
  Answers<Approval> answers;
  atrium::v1::DecideApprovalRequest request;
  request.set_name(name);
  request.set_approve(true);
  session_->DecideApproval(Person("ann"), request, Into(&answers));
  store_.CommitNext();
  EXPECT_NE(ShownTab(tab_), nullptr) << "it was done before it counted as begun";
  Abandon();
  const auto& entries = session_->snapshot().entries();
  const auto& last = *entries.rbegin();
  EXPECT_EQ(last.kind(), TimelineEntry::APPROVAL);
  EXPECT_EQ(last.approval().state(), Approval::NOT_DONE);
  EXPECT_EQ(last.approval().name(), name);
  EXPECT_THAT(last.speakers(), ElementsAre("sessions/main/participants/ann"));
  EXPECT_TRUE(store_.records(RecordKind::kApproval).empty());
  EXPECT_NE(ShownTab(tab_), nullptr);
  const int told = entries.size();
  Start();
  loop_.RunPosted();
  EXPECT_EQ(session_->snapshot().entries_size(), told) << "it is told once";
}

TEST_F(ApprovalTest, S13WhatOthersDoIsDoneOnceItCountsAsBegun) {
  const std::string name = Propose("close_tab");
  ASSERT_TRUE(Decide(name, Person("ann"), true).ok());
  EXPECT_EQ(ShownTab(tab_), nullptr);
  EXPECT_TRUE(store_.records(RecordKind::kApproval).empty());
  Start();
  loop_.RunPosted();
  for (const auto& entry : session_->snapshot().entries()) {
    EXPECT_NE(entry.approval().state(), Approval::NOT_DONE);
  }
}

TEST_F(ApprovalTest, N6AnApprovalEndsWithItsTab) {
  Propose();
  ASSERT_TRUE(session_->DeleteTab(Service(), tab_).ok());
  EXPECT_EQ(session_->snapshot().approvals_size(), 0);
  EXPECT_THAT(Told(), HasSubstr("its tab was closed"));
}

TEST_F(ApprovalTest, S22UndecidedApprovalsAreCapped) {
  for (size_t i = 0; i <= limits::kPendingApprovals; ++i) Propose();
  EXPECT_EQ(session_->snapshot().approvals_size(), static_cast<int>(limits::kPendingApprovals));
  EXPECT_THAT(Told(), HasSubstr("error"));
}

TEST_F(ApprovalTest, R4WhatWasApprovedBeforeARestartIsDoneUnderTheSameId) {
  const std::string name = Propose();
  ASSERT_TRUE(Decide(name, Person("ann"), true).ok());
  ASSERT_EQ(host_.writes.size(), 1u);
  Start();
  loop_.RunPosted();
  EXPECT_EQ(host_.writes.size(), 1u) << "nobody knows yet what runs there now";
  Tell(tab_, Tab::RUNNING, "/home");
  ASSERT_EQ(host_.writes.size(), 2u);
  EXPECT_EQ(host_.writes[1].request.write_id(), name);
  host_.writes[1].done(atrium::terminal::v1::WriteInputResponse());
  EXPECT_TRUE(store_.records(RecordKind::kApproval).empty());
}

TEST_F(ApprovalTest, S13R4WhatMovedWhileControlWasAwayIsNotDone) {
  const std::string name = Propose();
  ASSERT_TRUE(Decide(name, Person("ann"), true).ok());
  Start();
  loop_.RunPosted();
  atrium::terminal::v1::DriveResponse::Inventory inventory;
  auto* there = inventory.add_terminals();
  there->set_tab(tab_);
  there->set_state(Tab::RUNNING);
  there->set_incarnation("one");
  there->set_working_directory("/home");
  there->set_command_runs(true);
  registry_->OnHostInventory(inventory);
  EXPECT_EQ(host_.writes.size(), 1u) << "another program reads it";
  const auto& last = *session_->snapshot().entries().rbegin();
  EXPECT_EQ(last.approval().name(), name);
  EXPECT_EQ(last.approval().state(), Approval::NOT_DONE);
  EXPECT_TRUE(store_.records(RecordKind::kApproval).empty());
}

TEST_F(ApprovalTest, S13R4WhatAnOwnerForbadeMeanwhileIsNotDoneAfterARestart) {
  ASSERT_TRUE(Decide(Propose(), Person("ann"), true).ok());
  ASSERT_EQ(host_.writes.size(), 1u) << "not answered when control ends";
  atrium::v1::UpdateSessionRequest update;
  auto* policy = update.mutable_session()->add_tool_policies();
  policy->set_tool("type_text");
  policy->set_action(atrium::v1::CommandPolicy::DENY);
  update.mutable_update_mask()->add_paths("tool_policies");
  session_->UpdateSession(Service(), update, [](auto) {});
  Start();
  Tell(tab_, Tab::RUNNING, "/home");
  EXPECT_EQ(host_.writes.size(), 1u);
}

TEST_F(ApprovalTest, S13R4WhatRunsIsKnownBeforeADecisionIsJudgedByIt) {
  Runs(true);
  const std::string name = Propose();
  Start();
  const absl::Status early = Decide(name, Person("ann"), true).status();
  EXPECT_TRUE(absl::IsUnavailable(early)) << early;
  ASSERT_EQ(session_->snapshot().approvals_size(), 1) << "it expired, though nothing moved";
  Runs(true);
  EXPECT_TRUE(Decide(name, Person("ann"), true).ok());
  EXPECT_EQ(host_.writes.size(), 1u);
}

TEST_F(ApprovalTest, S13R4WhatIsDeniedIsDeniedBeforeTheHostHasTold) {
  const std::string name = Propose();
  Start();
  EXPECT_TRUE(Decide(name, Person("ann"), false).ok());
}

TEST_F(ApprovalTest, L2AnUpdateOfTheConversationIsAppliedWholeOrNotAtAll) {
  atrium::v1::UpdateConversationRequest update;
  update.mutable_conversation()->set_instructions("Speak in rhymes");
  update.mutable_conversation()->set_language("DE");
  update.mutable_update_mask()->add_paths("instructions");
  update.mutable_update_mask()->add_paths("language");
  const auto refused = session_->UpdateConversation(Person("ann"), update);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("conversation.language"));
  const auto told = [this] { return providers_.latest().settings.instructions; };
  EXPECT_THAT(told(), testing::Not(HasSubstr("rhymes")));
  update.mutable_conversation()->set_language("de");
  update.mutable_update_mask()->add_paths("nonsense");
  EXPECT_TRUE(
      absl::IsInvalidArgument(session_->UpdateConversation(Person("ann"), update).status()));
  EXPECT_THAT(told(), testing::Not(HasSubstr("rhymes")));
  update.mutable_update_mask()->mutable_paths()->RemoveLast();
  ASSERT_TRUE(session_->UpdateConversation(Person("ann"), update).ok());
  EXPECT_EQ(told(), "Speak in rhymes");
}

TEST_F(ApprovalTest, R4APendingApprovalSurvivesARestartAndStillEnds) {
  Propose();
  loop_.Advance(absl::Seconds(30));
  Start();
  EXPECT_EQ(session_->snapshot().approvals_size(), 1);
  loop_.Advance(absl::Seconds(30));
  EXPECT_EQ(session_->snapshot().approvals_size(), 0);
}

TEST_F(ApprovalTest, N11EveryDecisionIsInTheTimeline) {
  FakePage page;
  ASSERT_TRUE(Join(&page, "ann").ok());
  Decide(Propose(), Person("ann"), true).IgnoreError();
  const auto& entries = session_->snapshot().entries();
  const auto entry = std::find_if(entries.begin(), entries.end(), [](const auto& e) {
    return e.kind() == TimelineEntry::APPROVAL;
  });
  ASSERT_NE(entry, entries.end());
  EXPECT_THAT(entry->speakers(), ElementsAre("sessions/main/participants/ann"));
  EXPECT_EQ(entry->approval().state(), Approval::APPROVED);
  EXPECT_EQ(entry->text(), "make");
}

TEST_F(ApprovalTest, S12TheAgentReadsTheLastLinesThatSaySomething) {
  providers_.listener->OnToolCall("call", "read_tab", R"({"tab":"1","lines":2})");
  atrium::v1::ReadScreenResponse screen;
  screen.set_text("one\ntwo\n\n\nthree\n\n\n");
  host_.screens.at(0).done(screen);
  EXPECT_THAT(Told(), HasSubstr(R"("two\nthree")"));
}

}  // namespace
}  // namespace atrium::control
