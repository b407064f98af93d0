// A session whose tabs are driven, whose commands are judged, and what lapses by itself.
#include "control/session/command_policy.h"
#include "tests/support/session_test.h"

namespace atrium::control {
namespace {

using atrium::v1::Approval;
using atrium::v1::CommandPolicy;
using atrium::v1::Degradation;
using atrium::v1::RunCommandRequest;
using atrium::v1::RunCommandResponse;
using atrium::v1::Tab;
using testing::HasSubstr;

CommandPolicy Policy(std::initializer_list<std::pair<const char*, CommandPolicy::Action>> rules,
                     CommandPolicy::Action otherwise = CommandPolicy::ACTION_UNSPECIFIED) {
  CommandPolicy policy;
  for (const auto& [pattern, action] : rules) {
    policy.add_rules()->set_pattern(pattern);
    policy.mutable_rules()->rbegin()->set_action(action);
  }
  policy.set_default_action(otherwise);
  return policy;
}

TEST(CommandPolicyTest, P7TheFirstRuleThatIsFoundDecides) {
  const CommandPolicy policy = Policy({{"^git push", CommandPolicy::ASK},
                                       {"^git ", CommandPolicy::ALLOW},
                                       {R"(\brm\b)", CommandPolicy::DENY}},
                                      CommandPolicy::ASK);
  EXPECT_EQ(Judge(policy, "git push --force"), CommandPolicy::ASK);
  EXPECT_EQ(Judge(policy, "git status"), CommandPolicy::ALLOW);
  EXPECT_EQ(Judge(policy, "sudo rm -rf /"), CommandPolicy::DENY);
  EXPECT_EQ(Judge(policy, "ls"), CommandPolicy::ASK);
  EXPECT_EQ(Judge({}, "ls"), CommandPolicy::ALLOW);
}

TEST(CommandPolicyTest, P7ARuleThatCannotBeReadIsRefusedAndDenies) {
  EXPECT_THAT(std::string(CheckPolicy(Policy({{"ok", CommandPolicy::ASK}, {"(", CommandPolicy::DENY}})).message()),
              HasSubstr("command_policy.rules[1].pattern"));
  EXPECT_FALSE(CheckPolicy(Policy({{"", CommandPolicy::ASK}})).ok());
  EXPECT_FALSE(CheckPolicy(Policy({{"x", CommandPolicy::ACTION_UNSPECIFIED}})).ok());
  EXPECT_FALSE(CheckPolicy(Policy({{std::string(limits::kPatternBytes + 1, 'x').c_str(), CommandPolicy::ASK}})).ok());
  EXPECT_TRUE(CheckPolicy(Policy({{"x", CommandPolicy::ASK}}, CommandPolicy::DENY)).ok());
  EXPECT_EQ(Judge(Policy({{"(", CommandPolicy::ALLOW}}), "ls"), CommandPolicy::DENY);
}

class DriveTest : public SessionTest {
 protected:
  static std::string Name(const std::string& id) { return "sessions/main/participants/" + id; }
  absl::Status Take(const Actor& actor, const std::string& tab) {
    atrium::v1::TakeControlRequest request;
    request.set_tab(tab);
    return session_->TakeControl(actor, request).status();
  }
  absl::Status Grant(const Actor& actor, const std::string& tab, const std::string& to) {
    atrium::v1::GrantControlRequest request;
    request.set_tab(tab);
    request.set_participant(to);
    return session_->GrantControl(actor, request).status();
  }
  void SetPolicy(const CommandPolicy& policy) {
    atrium::v1::UpdateSessionRequest request;
    *request.mutable_session()->mutable_command_policy() = policy;
    request.mutable_update_mask()->add_paths("command_policy");
    bool set = false;
    session_->UpdateSession(Service(), request, [&](auto session) { set = session.ok(); });
    ASSERT_TRUE(set);
  }
  void Run(const Actor& actor, const std::string& command, const std::string& request_id = "") {
    RunCommandRequest request;
    request.set_command(command);
    request.set_request_id(request_id);
    session_->RunCommand(actor, request, absl::Minutes(1), Into(&ran_));
  }
  void Decide(bool approve) {
    atrium::v1::DecideApprovalRequest request;
    request.set_name(session_->snapshot().approvals(0).name());
    request.set_approve(approve);
    bool decided = false;
    session_->DecideApproval(Person("ann"), request, [&](auto a) { decided = a.ok(); });
    ASSERT_TRUE(decided);
  }
  Answers<RunCommandResponse> ran_;
};

TEST_F(DriveTest, N8TheDriverIsInThePlanOfTheHostAndInTheStore) {
  FakePage ann, bob;
  ASSERT_TRUE(Join(&ann, "ann").ok());
  ASSERT_TRUE(Join(&bob, "bob").ok());
  const std::string tab = OpenTab();
  ASSERT_TRUE(Take(Person("ann"), tab).ok());
  EXPECT_EQ(registry_->MakeHostPlan().terminals(0).driver(), Name("ann"));
  EXPECT_EQ(registry_->MakeHostPlan().terminals(0).size_owner(), Name("ann"));
  EXPECT_TRUE(absl::IsFailedPrecondition(Take(Person("bob"), tab)));
  Start();
  EXPECT_EQ(ShownTab(tab)->driver(), Name("ann"));
}

TEST_F(DriveTest, N8OnlyWhoMayTypeIsGivenTheKeyboard) {
  FakePage ann, eve;
  ASSERT_TRUE(Join(&ann, "ann").ok());
  ASSERT_TRUE(Join(&eve, "eve", Participant::VIEWER).ok());
  const std::string tab = OpenTab();
  ASSERT_TRUE(Take(Person("ann"), tab).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(Grant(Person("ann"), tab, Name("eve"))));
  EXPECT_TRUE(absl::IsNotFound(Grant(Person("ann"), tab, Name("nobody"))));
  EXPECT_TRUE(absl::IsPermissionDenied(Take(Person("eve", Participant::VIEWER), tab)));
  atrium::v1::RequestControlRequest ask;
  ask.set_tab(tab);
  EXPECT_TRUE(absl::IsPermissionDenied(
      session_->RequestControl(Person("eve", Participant::VIEWER), ask).status()));
}

TEST_F(DriveTest, N8TheKeyboardLapsesByItselfAndWithItsHolder) {
  FakePage ann, bob;
  ASSERT_TRUE(Join(&ann, "ann").ok());
  const PageId bobs = *Join(&bob, "bob");
  const std::string tab = OpenTab();
  ASSERT_TRUE(Take(Person("ann"), tab).ok());
  loop_.Advance(limits::kControlLife + absl::Seconds(1));
  EXPECT_EQ(ShownTab(tab)->driver(), "");
  EXPECT_EQ(registry_->MakeHostPlan().terminals(0).driver(), "");
  ASSERT_TRUE(Take(Person("bob"), tab).ok());
  session_->Leave(bobs, &bob);
  loop_.Advance(limits::kParticipantLease - absl::Seconds(1));
  EXPECT_EQ(ShownTab(tab)->driver(), Name("bob")) << "a reload keeps it";
  loop_.Advance(absl::Seconds(2));
  EXPECT_EQ(ShownTab(tab)->driver(), "");
}

TEST_F(DriveTest, N8TheSizeGoesToWhoeverGetsTheKeyboardByWaiting) {
  FakePage ann, bob, cy;
  const PageId anns = *Join(&ann, "ann");
  ASSERT_TRUE(Join(&bob, "bob").ok());
  const std::string tab = OpenTab();
  atrium::v1::RequestControlRequest ask;
  ask.set_tab(tab);
  ASSERT_TRUE(Take(Person("ann"), tab).ok());
  loop_.Advance(limits::kControlLife - absl::Seconds(5));
  ASSERT_TRUE(session_->RequestControl(Person("bob"), ask).ok());
  loop_.Advance(absl::Seconds(6));
  EXPECT_EQ(registry_->MakeHostPlan().terminals(0).driver(), Name("bob")) << "ann's lapsed";
  EXPECT_EQ(registry_->MakeHostPlan().terminals(0).size_owner(), Name("bob"));
  ASSERT_TRUE(Join(&cy, "cy").ok());
  ASSERT_TRUE(Grant(Person("bob"), tab, Name("ann")).ok());
  ASSERT_TRUE(session_->RequestControl(Person("cy"), ask).ok());
  session_->Leave(anns, &ann);
  loop_.Advance(limits::kParticipantLease + absl::Seconds(1));
  EXPECT_EQ(registry_->MakeHostPlan().terminals(0).driver(), Name("cy")) << "ann left";
  EXPECT_EQ(registry_->MakeHostPlan().terminals(0).size_owner(), Name("cy"));
}

TEST_F(DriveTest, N8ACommandAtADrivenPromptIsTheDriversAlone) {
  FakePage ann;
  ASSERT_TRUE(Join(&ann, "ann").ok());
  const std::string tab = OpenTab();
  ASSERT_TRUE(Take(Person("ann"), tab).ok());
  RunCommandRequest request;
  request.set_command("ls");
  request.set_tab(tab);
  session_->RunCommand(Service(), request, absl::Seconds(1), Into(&ran_));
  ASSERT_EQ(ran_.size(), 1u);
  EXPECT_TRUE(absl::IsFailedPrecondition(ran_[0].status()));
  session_->RunCommand(Person("ann"), request, absl::Seconds(1), Into(&ran_));
  EXPECT_EQ(host_.runs.size(), 1u);
}

TEST_F(DriveTest, N8TheSizePolicyIsInThePlanAndFixedSizesAreKept) {
  const std::string tab = OpenTab();
  atrium::v1::UpdateTabRequest request;
  request.mutable_tab()->set_name(tab);
  request.mutable_tab()->mutable_size()->set_columns(100);
  request.mutable_tab()->mutable_size()->set_rows(30);
  request.mutable_update_mask()->add_paths("size");
  Answers<Tab> answers;
  session_->UpdateTab(Service(), request, Into(&answers));
  EXPECT_TRUE(absl::IsInvalidArgument(answers[0].status())) << "not FIXED";
  request.mutable_tab()->set_size_policy(atrium::v1::FIXED);
  request.mutable_update_mask()->add_paths("size_policy");
  session_->UpdateTab(Service(), request, Into(&answers));
  ASSERT_TRUE(answers[1].ok());
  Tell(tab, Tab::RUNNING);  // Still tells the size of before.
  auto planned = registry_->MakeHostPlan().terminals(0);
  EXPECT_EQ(planned.size_policy(), atrium::v1::FIXED);
  EXPECT_EQ(planned.size().columns(), 100);
  request.mutable_tab()->mutable_size()->set_columns(limits::kMaxColumns + 1);
  session_->UpdateTab(Service(), request, Into(&answers));
  EXPECT_TRUE(absl::IsInvalidArgument(answers[2].status()));
}

TEST_F(DriveTest, P7ADeniedCommandNeverStartsWhoeverGivesIt) {
  WithAgent();
  SetPolicy(Policy({{"rm", CommandPolicy::DENY}}));
  Run(Service(), "rm -rf /");
  Run(Person("ann"), "rm x");
  ASSERT_EQ(ran_.size(), 2u);
  for (const auto& answer : ran_) {
    EXPECT_TRUE(absl::IsPermissionDenied(answer.status()));
    EXPECT_EQ(DetailsOf(answer.status()).reason, "COMMAND_DENIED");
  }
  atrium::v1::CreateTabRequest create;
  for (const char* word : {"/bin/sh", "-c", "rm x"}) create.mutable_tab()->add_command(word);
  Answers<Tab> tabs;
  session_->CreateTab(Service(), create, Into(&tabs));
  ASSERT_EQ(tabs.size(), 1u);
  EXPECT_TRUE(absl::IsPermissionDenied(tabs[0].status()));
  EXPECT_EQ(session_->snapshot().tabs_size(), 0);
  EXPECT_EQ(session_->snapshot().approvals_size(), 0);
}

TEST_F(DriveTest, P7ACommandThatIsAskedForRunsOnceApprovedAndOnce) {
  SetPolicy(Policy({}, CommandPolicy::ASK));
  Run(Service(), "make", "one");
  Run(Service(), "make", "one");
  EXPECT_EQ(session_->snapshot().tabs_size(), 0);
  ASSERT_EQ(session_->snapshot().approvals_size(), 1);
  EXPECT_EQ(session_->snapshot().approvals(0).input(), "make");
  EXPECT_EQ(session_->snapshot().approvals(0).requester(), "service");
  Decide(true);
  ASSERT_EQ(session_->snapshot().tabs_size(), 1);
  Tell(FirstTab(), Tab::RUNNING);
  Tell(FirstTab(), Tab::EXITED, "", 3);
  ASSERT_EQ(host_.outputs.size(), 1u);
  host_.outputs[0].done(atrium::terminal::v1::ReadOutputResponse());
  ASSERT_EQ(ran_.size(), 2u) << "the retry got the same answer";
  EXPECT_EQ(ran_[0]->exit_code(), 3);
  EXPECT_EQ(ran_[1]->exit_code(), 3);
}

TEST_F(DriveTest, P7_S13ACommandThatIsAskedForIsDoneWhereItWasShownOrNotAtAll) {
  const std::string tab = OpenTab("/home");
  SetPolicy(Policy({}, CommandPolicy::ASK));
  atrium::v1::RunCommandRequest run;
  run.set_command("make");
  run.set_tab(tab);
  session_->RunCommand(Service(), run, absl::Minutes(1), Into(&ran_));
  Decide(true);
  ASSERT_EQ(host_.runs.size(), 1u);
  EXPECT_EQ(host_.runs[0].request.condition().working_directory(), "/home");
  host_.runs[0].done(MakeError(absl::StatusCode::kFailedPrecondition,
                               "another directory: ask again", {.reason = "TAB_MOVED"}));
  ASSERT_EQ(ran_.size(), 1u);
  EXPECT_TRUE(absl::IsFailedPrecondition(ran_[0].status()));
  EXPECT_EQ(session_->snapshot().entries().rbegin()->text(),
            "What was approved could not be done: another directory: ask again");
}

TEST_F(DriveTest, P7ACommandThatIsAskedForAndDeniedOrForgottenNeverStarts) {
  SetPolicy(Policy({}, CommandPolicy::ASK));
  Run(Service(), "make");
  Decide(false);
  ASSERT_EQ(ran_.size(), 1u);
  EXPECT_TRUE(absl::IsPermissionDenied(ran_[0].status()));
  Run(Service(), "make");
  loop_.Advance(limits::kApprovalLife + absl::Seconds(1));
  ASSERT_EQ(ran_.size(), 2u);
  EXPECT_TRUE(absl::IsDeadlineExceeded(ran_[1].status()));
  EXPECT_EQ(session_->snapshot().tabs_size(), 0);
}

TEST_F(DriveTest, P7WhoeverAskedIsGoneAfterARestartSoNothingRuns) {
  SetPolicy(Policy({}, CommandPolicy::ASK));
  Run(Service(), "make");
  ASSERT_EQ(session_->snapshot().approvals_size(), 1);
  Start();
  loop_.Advance(absl::Seconds(1));
  EXPECT_EQ(session_->snapshot().tabs_size(), 0);
  for (const auto& approval : session_->snapshot().approvals()) {
    EXPECT_NE(approval.state(), Approval::PENDING);
  }
  EXPECT_EQ(session_->snapshot().session().command_policy().default_action(), CommandPolicy::ASK);
}

TEST_F(DriveTest, P7OnlyOwnersChangeThePolicy) {
  atrium::v1::UpdateSessionRequest request;
  request.mutable_update_mask()->add_paths("command_policy");
  Answers<atrium::v1::Session> answers;
  session_->UpdateSession(Person("ann"), request, Into(&answers));
  EXPECT_TRUE(absl::IsPermissionDenied(answers[0].status()));
  request.mutable_update_mask()->add_paths("revision");
  session_->UpdateSession(Service(), request, Into(&answers));
  EXPECT_TRUE(absl::IsInvalidArgument(answers[1].status()));
}

TEST_F(DriveTest, P12AnUnusedTabSaysWhenItClosesAndThenDoes) {
  FakePage ann;
  const PageId anns = *Join(&ann, "ann");
  const std::string used = OpenTab(), unused = OpenTab();
  atrium::v1::UpdateSelf look;
  look.set_viewing_tab(used);
  ASSERT_TRUE(session_->UpdateSelf(Person("ann"), anns, look).ok());
  atrium::v1::UpdateSessionRequest request;
  request.mutable_session()->mutable_idle_tab_timeout()->set_seconds(30);
  request.mutable_update_mask()->add_paths("idle_tab_timeout");
  Answers<atrium::v1::Session> answers;
  session_->UpdateSession(Service(), request, Into(&answers));
  EXPECT_TRUE(absl::IsInvalidArgument(answers[0].status())) << "under a minute";
  request.mutable_session()->mutable_idle_tab_timeout()->set_seconds(600);
  session_->UpdateSession(Service(), request, Into(&answers));
  ASSERT_TRUE(answers[1].ok());
  loop_.Advance(absl::Seconds(299));
  EXPECT_FALSE(ShownTab(unused)->has_idle_expire_time());
  loop_.Advance(absl::Seconds(3));
  EXPECT_TRUE(ShownTab(unused)->has_idle_expire_time());
  registry_->OnHostTyped(unused, Name("ann"));
  loop_.Advance(absl::Seconds(2));
  EXPECT_FALSE(ShownTab(unused)->has_idle_expire_time()) << "somebody typed";
  loop_.Advance(absl::Seconds(601));
  EXPECT_EQ(ShownTab(unused), nullptr);
  EXPECT_NE(ShownTab(used), nullptr) << "somebody looks at it";
}

TEST_F(DriveTest, P12ATabInWhichACommandRunsOrThatAServiceReadsIsInUse) {
  const std::string busy = OpenTab(), read = OpenTab(), unused = OpenTab();
  atrium::v1::UpdateSessionRequest request;
  request.mutable_session()->mutable_idle_tab_timeout()->set_seconds(600);
  request.mutable_update_mask()->add_paths("idle_tab_timeout");
  Answers<atrium::v1::Session> answers;
  session_->UpdateSession(Service(), request, Into(&answers));
  ASSERT_TRUE(answers[0].ok());
  atrium::terminal::v1::TerminalStatus status;
  status.set_tab(busy);
  status.set_state(Tab::RUNNING);
  status.set_incarnation("one");
  status.set_command_runs(true);
  registry_->OnHostTerminal(status);
  session_->AddServiceAttachment(Service(), AttachmentId("service"), read, nullptr);
  loop_.Advance(absl::Seconds(601));
  EXPECT_EQ(ShownTab(unused), nullptr);
  ASSERT_NE(ShownTab(busy), nullptr);
  ASSERT_NE(ShownTab(read), nullptr);
  status.set_command_runs(false);
  registry_->OnHostTerminal(status);
  session_->DropAttachment(AttachmentId("service"));
  loop_.Advance(absl::Seconds(601));
  EXPECT_EQ(ShownTab(busy), nullptr);
  EXPECT_EQ(ShownTab(read), nullptr);
}

TEST_F(DriveTest, P12ATabWhoseShellGaveItsPlaceToAnotherProgramIsUnusedLikeAnyOther) {
  const std::string tab = OpenTab(), used = OpenTab();
  atrium::v1::UpdateSessionRequest request;
  request.mutable_session()->mutable_idle_tab_timeout()->set_seconds(600);
  request.mutable_update_mask()->add_paths("idle_tab_timeout");
  session_->UpdateSession(Service(), request, [](auto) {});
  atrium::terminal::v1::TerminalStatus status;
  status.set_state(Tab::RUNNING);
  status.set_incarnation("one");
  status.set_command_runs(true);
  for (const std::string& name : {tab, used}) {
    status.set_tab(name);
    registry_->OnHostTerminal(status);
  }
  loop_.Advance(absl::Seconds(300));
  status.set_tab(tab);
  status.set_shell_replaced(true);
  registry_->OnHostTerminal(status);
  loop_.Advance(absl::Seconds(590));
  ASSERT_NE(ShownTab(tab), nullptr) << "its time began when it was so";
  loop_.Advance(absl::Seconds(20));
  EXPECT_EQ(ShownTab(tab), nullptr);
  EXPECT_NE(ShownTab(used), nullptr);
}

TEST_F(DriveTest, P10P12WhatDoesNotWorkIsNamedAndNoLongerOnceItDoes) {
  const auto& shown = session_->snapshot().session();
  loop_.Advance(absl::Seconds(5));
  EXPECT_EQ(shown.degradations_size(), 0);
  media_.is_connected = false;
  loop_.Advance(absl::Seconds(1));
  EXPECT_EQ(shown.degradations_size(), 0) << "a restart is not worth a word";
  loop_.Advance(absl::Seconds(3));
  ASSERT_EQ(shown.degradations_size(), 1);
  EXPECT_EQ(shown.degradations(0).kind(), Degradation::NO_MEDIA);
  host_.is_connected = false;
  atrium::terminal::v1::HostStatus status;
  status.set_memory_alert(true);
  status.set_memory_bytes(int64_t{900} << 20);
  status.set_memory_limit_bytes(int64_t{1000} << 20);
  registry_->OnHostStatus(status);
  loop_.Advance(absl::Seconds(4));
  ASSERT_EQ(shown.degradations_size(), 3);
  EXPECT_NE(shown.degradations(2).message().find("900 MiB of the 1000"), std::string::npos);
  media_.is_connected = host_.is_connected = true;
  status.set_memory_alert(false);
  registry_->OnHostStatus(status);
  loop_.Advance(absl::Seconds(1));
  EXPECT_EQ(shown.degradations_size(), 0);
}

TEST_F(DriveTest, P3_P10_R30WhatTheHostDoesNotDoIsNamed) {
  const auto& shown = session_->snapshot().session();
  atrium::terminal::v1::HostStatus status;
  status.set_draining(true);
  registry_->OnHostStatus(status);
  loop_.Advance(absl::Seconds(4));
  ASSERT_EQ(shown.degradations_size(), 1);
  EXPECT_EQ(shown.degradations(0).kind(), Degradation::HOST_LIMITED);
  EXPECT_NE(shown.degradations(0).message().find("no new terminals"), std::string::npos);
  status.set_audit_problem("no room in /x");
  registry_->OnHostStatus(status);
  loop_.Advance(absl::Seconds(1));
  ASSERT_EQ(shown.degradations_size(), 1);
  EXPECT_EQ(shown.degradations(0).message().find("no room in /x. The terminal host"), 0u);
  status.set_draining(false);
  registry_->OnHostStatus(status);
  loop_.Advance(absl::Seconds(1));
  EXPECT_EQ(shown.degradations(0).message(), "no room in /x");
  registry_->OnHostStatus({});
  loop_.Advance(absl::Seconds(1));
  EXPECT_EQ(shown.degradations_size(), 0);
}

TEST_F(DriveTest, N3HowFarAPersonIsBehindIsShownWithThePerson) {
  FakePage ann;
  const PageId anns = *Join(&ann, "ann");
  atrium::v1::Lag lag;
  lag.set_bytes(5000);
  lag.set_skips(2);
  session_->SetLag(anns, lag);
  EXPECT_EQ(Shown("ann")->lag().bytes(), 5000);
  EXPECT_EQ(Shown("ann")->lag().skips(), 2);
  session_->SetLag(anns, {});
  EXPECT_FALSE(Shown("ann")->has_lag());
}

TEST_F(DriveTest, R20WhatNobodyCanTakeBackIsShownAndStoredOnceThereIsSpace) {
  const std::string tab = OpenTab();
  store_.Fail(absl::InternalError("no space"));
  ASSERT_TRUE(session_->DeleteTab(Service(), tab).ok());
  EXPECT_EQ(ShownTab(tab), nullptr) << "it is gone for all";
  loop_.Advance(absl::Seconds(5));
  EXPECT_EQ(session_->snapshot().session().degradations(0).kind(), Degradation::NO_STORE);
  store_.Fail(absl::OkStatus());
  loop_.Advance(absl::Seconds(2));
  EXPECT_EQ(session_->snapshot().session().degradations_size(), 0);
  Start();
  EXPECT_EQ(ShownTab(tab), nullptr) << "also after a restart";
}

TEST_F(DriveTest, R20ADecisionThatCannotBeStoredWaitsForAnother) {
  SetPolicy(Policy({}, CommandPolicy::ASK));
  Run(Service(), "make");
  store_.Fail(absl::InternalError("no space"));
  atrium::v1::DecideApprovalRequest request;
  request.set_name(session_->snapshot().approvals(0).name());
  request.set_approve(true);
  absl::Status answer;
  session_->DecideApproval(Person("ann"), request, [&](auto a) { answer = a.status(); });
  EXPECT_FALSE(answer.ok());
  EXPECT_EQ(session_->snapshot().tabs_size(), 0);
  store_.Fail(absl::OkStatus());
  session_->DecideApproval(Person("ann"), request, [&](auto a) { answer = a.status(); });
  EXPECT_TRUE(answer.ok()) << answer;
  EXPECT_EQ(session_->snapshot().tabs_size(), 1);
}

TEST_F(DriveTest, N7ACommandWhoseTerminalProcessDiedHasNoExitCode) {
  Run(Service(), "make");
  Tell(FirstTab(), Tab::RUNNING);
  atrium::terminal::v1::DriveResponse::Inventory other;
  other.set_incarnation("another");
  registry_->OnHostInventory(other);
  ASSERT_EQ(ran_.size(), 1u);
  EXPECT_TRUE(absl::IsUnavailable(ran_[0].status())) << ran_[0].status();
  for (const auto& entry : session_->snapshot().entries()) {
    if (entry.kind() == atrium::v1::TimelineEntry::COMMAND) {
      EXPECT_FALSE(entry.has_exit_code());
      EXPECT_TRUE(entry.interrupted());
    }
  }
}

}  // namespace
}  // namespace atrium::control
