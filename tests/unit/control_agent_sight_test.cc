// Whose screens the agent sees, and who decides that.
#include <string>

#include "common/log.h"
#include "tests/support/capture_test.h"

namespace atrium::control {
namespace {

using atrium::v1::Approval;
using atrium::v1::Capture;
using testing::HasSubstr;
using testing::Not;

class AgentSightTest : public CaptureTest {
 protected:
  using CaptureTest::Start;
  AgentSightTest() {
    WithAgent();
    EXPECT_TRUE(Join(&ann_, "ann").ok());
    EXPECT_TRUE(Join(&bob_, "bob", Participant::OWNER).ok());
  }
  absl::StatusOr<Capture> StartSeen(const std::string& id) {
    atrium::v1::StartCapture request;
    request.set_agent_sees(true);
    return Start(id, Participant::EDITOR, request);
  }
  void Deny(const std::string& tool) {
    atrium::v1::UpdateSessionRequest request;
    request.mutable_session()->add_tool_policies()->set_tool(tool);
    request.mutable_session()->mutable_tool_policies(0)->set_action(
        atrium::v1::CommandPolicy::DENY);
    request.mutable_update_mask()->add_paths("tool_policies");
    absl::Status status;
    session_->UpdateSession(Service(), request, [&](auto s) { status = s.status(); });
    ASSERT_TRUE(status.ok()) << status;
  }

  FakePage ann_, bob_;
};

TEST_F(AgentSightTest, L6TheAgentSeesWhatItsParticipantAgreesTo) {
  const auto shown = StartSeen("ann");
  ASSERT_TRUE(shown.ok());
  EXPECT_TRUE(shown->agent_sees());
  EXPECT_EQ(shown->source(), Capture::PAGE);
  EXPECT_FALSE(Start("ann")->agent_sees()) << "nobody said so";
  ASSERT_TRUE(SetSeen(Person("ann"), shown->name(), false).ok());
  EXPECT_FALSE(ShownCapture(shown->name())->agent_sees());
  ASSERT_TRUE(SetSeen(Person("ann"), shown->name(), true).ok());
  EXPECT_TRUE(ShownCapture(shown->name())->agent_sees());
  EXPECT_FALSE(SetSeen(Person("ann"), shown->name(), true, "title").ok());
  EXPECT_TRUE(absl::IsNotFound(SetSeen(Person("ann"), shown->name() + "x", true).status()));
}

TEST_F(AgentSightTest, L6NobodyElseAgreesInTheirPlaceNotEvenOwners) {
  const std::string name = Start("ann")->name();
  EXPECT_EQ(DetailsOf(SetSeen(Person("bob", Participant::OWNER), name, true).status()).reason,
            "NOT_YOUR_SCREEN");
  EXPECT_FALSE(SetSeen(Service(), name, true).ok());
  EXPECT_FALSE(SetSeen(Agent(), name, true).ok());
  EXPECT_FALSE(ShownCapture(name)->agent_sees());
}

TEST_F(AgentSightTest, L6ConsentIsWithdrawnByWhoeverGaveItAlsoAsAViewer) {
  const std::string name = StartSeen("ann")->name();
  const Actor viewer = Person("ann", Participant::VIEWER);
  ASSERT_TRUE(SetSeen(viewer, name, false).ok());
  EXPECT_FALSE(ShownCapture(name)->agent_sees());
  EXPECT_TRUE(absl::IsPermissionDenied(SetSeen(viewer, name, true).status()));
  EXPECT_FALSE(SetSeen(Person("cy", Participant::VIEWER), name, false).ok()) << "not theirs";
}

TEST_F(AgentSightTest, L11WhatTheDeploymentOrTheRoomForbidsIsRefusedWithAReason) {
  const std::string name = Start("ann")->name();
  context_.allowed.agent_sight = false;
  EXPECT_EQ(DetailsOf(SetSeen(Person("ann"), name, true).status()).reason, "FORBIDDEN_HERE");
  EXPECT_FALSE(StartSeen("ann")->agent_sees());
  context_.allowed.agent_sight = true;
  ASSERT_TRUE(SetSeen(Person("ann"), name, true).ok());
  Deny("look_at_screen");
  EXPECT_FALSE(ShownCapture(name)->agent_sees()) << "what is denied ends";
  EXPECT_EQ(DetailsOf(SetSeen(Person("ann"), name, true).status()).reason, "DENIED_BY_ROOM");
}

TEST_F(AgentSightTest, L5AnAgentThatTakesNoPicturesIsShownNone) {
  const std::string name = StartSeen("ann")->name();
  providers_.can.takes_images = false;
  session_->StartConversation(Service(), [](auto) {});
  providers_.listener->OnReady(std::nullopt);
  EXPECT_FALSE(session_->snapshot().conversation().takes_images());
  EXPECT_FALSE(ShownCapture(name)->agent_sees());
  EXPECT_EQ(DetailsOf(SetSeen(Person("ann"), name, true).status()).reason, "AGENT_TAKES_NO_IMAGES");
  EXPECT_FALSE(StartSeen("ann")->agent_sees()) << "it is shown to people";
}

// The agent's card that asks for a screen.
class AskTest : public AgentSightTest {
 protected:
  AskTest() {
    session_->StartConversation(Service(), [](auto) {});
    providers_.listener->OnReady(std::nullopt);
  }
  std::string Ask() {
    providers_.listener->OnToolCall("c" + std::to_string(++calls_), "ask_for_screen",
                                    R"({"reason":"Show me the error"})");
    Answer();
    return session_->snapshot().approvals().rbegin()->name();
  }
  // The agent owes no answer any more.
  void Answer() {
    providers_.listener->OnResponseStarted("r");
    providers_.listener->OnResponseDone("r", {.completed = true});
  }
  absl::StatusOr<Approval> Decide(const std::string& name, bool approve) {
    atrium::v1::DecideApprovalRequest request;
    request.set_name(name);
    request.set_approve(approve);
    Answers<Approval> answers;
    session_->DecideApproval(Person("ann"), request, Into(&answers));
    return answers.at(0);
  }
  absl::StatusOr<Capture> StartFor(const std::string& approval, const std::string& id = "ann") {
    atrium::v1::StartCapture request;
    request.set_agent_sees(true);
    request.set_approval(approval);
    return Start(id, Participant::EDITOR, request);
  }
  const Approval* LastDecided() const {
    const auto& entries = session_->snapshot().entries();
    for (auto it = entries.rbegin(); it != entries.rend(); ++it) {
      if (it->has_approval()) return &it->approval();
    }
    return nullptr;
  }

  int calls_ = 0;
};

TEST_F(AskTest, L17ACardThatAsksForAScreenIsApprovedByShowingOneAlone) {
  const std::string ask = Ask();
  EXPECT_EQ(DetailsOf(Decide(ask, true).status()).reason, "SHARE_TO_APPROVE");
  ASSERT_EQ(session_->snapshot().approvals_size(), 1) << "it still waits";
  EXPECT_EQ(session_->snapshot().approvals(0).input(), "Show me the error");
  const auto shown = StartFor(ask);
  ASSERT_TRUE(shown.ok()) << shown.status();
  EXPECT_TRUE(shown->agent_sees());
  EXPECT_EQ(session_->snapshot().approvals_size(), 0);
  ASSERT_NE(LastDecided(), nullptr);
  EXPECT_EQ(LastDecided()->state(), Approval::APPROVED);
  EXPECT_EQ(LastDecided()->decider(), "sessions/main/participants/ann");
  EXPECT_THAT(providers_.latest().late_results.at(0).second, HasSubstr("shown"));
}

TEST_F(AskTest, L11NobodyIsAskedForAScreenThatNobodyMayShow) {
  atrium::v1::UpdateSessionRequest update;
  update.mutable_session()->mutable_use_policy()->set_calls(atrium::v1::UsePolicy::EVERYBODY);
  update.mutable_session()->mutable_use_policy()->set_screens(atrium::v1::UsePolicy::NOBODY);
  update.mutable_update_mask()->add_paths("use_policy");
  session_->UpdateSession(Service(), update, [](auto) {});
  const auto call = [this](const char* id) {
    providers_.listener->OnToolCall(id, "ask_for_screen", R"({"reason":"Show me the error"})");
    return providers_.latest().results.back().second;
  };
  EXPECT_THAT(call("refused"), HasSubstr("nobody"));
  EXPECT_EQ(session_->snapshot().approvals_size(), 0) << "a card that no click can answer";
  context_.allowed.screens = false;
  EXPECT_THAT(call("again"), HasSubstr("deployment"));
  EXPECT_EQ(session_->snapshot().approvals_size(), 0);
}

TEST_F(AskTest, S13OneScreenAnswersItAndOnlyOnce) {
  const std::string ask = Ask();
  store_.Hold();
  std::vector<absl::StatusOr<Capture>> answers;
  for (const char* id : {"ann", "bob"}) {
    atrium::v1::StartCapture request;
    request.set_approval(ask);
    session_->StartCapture(Person(id), PageOf(id), request, Into(&answers));
  }
  store_.Release();
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(DetailsOf(answers[0].status()).reason, "ALREADY_DECIDED") << "bob was second";
  EXPECT_TRUE(answers[1].ok());
  EXPECT_EQ(session_->snapshot().captures_size(), 1);
  EXPECT_TRUE(absl::IsNotFound(StartFor(ask).status())) << "it is settled";
}

TEST_F(AskTest, L17ADenialAndTimeAreToldToTheAgent) {
  ASSERT_TRUE(Decide(Ask(), false).ok());
  EXPECT_THAT(providers_.latest().late_results.at(0).second, HasSubstr("denied"));
  Answer();
  const std::string ask = Ask();
  loop_.Advance(limits::kApprovalLife);
  EXPECT_THAT(providers_.latest().late_results.at(1).second, HasSubstr("in time"));
  EXPECT_TRUE(absl::IsNotFound(StartFor(ask).status()));
  EXPECT_EQ(session_->snapshot().captures_size(), 0) << "nothing is shown for a card that is gone";
}

TEST_F(AskTest, S13OtherCardsAreNotAnsweredByAScreen) {
  const std::string tab = OpenTab();
  providers_.listener->OnToolCall("t", "type_text", R"({"tab":"1","text":"make"})");
  const std::string card = session_->snapshot().approvals(0).name();
  EXPECT_TRUE(absl::IsInvalidArgument(StartFor(card).status()));
  EXPECT_TRUE(host_.writes.empty());
  EXPECT_EQ(session_->snapshot().approvals_size(), 1);
}

TEST_F(AskTest, R20AScreenThatCannotBeStoredLeavesTheCardOpen) {
  const std::string ask = Ask();
  store_.Fail(absl::UnavailableError("disk full"));
  EXPECT_FALSE(StartFor(ask).ok());
  store_.Fail(absl::OkStatus());
  EXPECT_TRUE(StartFor(ask).ok());
}

TEST_F(AskTest, L19NoPictureReachesTheStoreOrTheLog) {
  testing::internal::CaptureStdout();
  const std::string name = StartSeen("ann")->name();
  TellPeer(name, Planned().epoch(), atrium::media::v1::DriveResponse::PeerStatus::CONNECTED);
  loop_.Advance(absl::ZeroDuration());
  ASSERT_FALSE(media_.stills.empty());
  atrium::media::v1::TakeStillResponse still;
  still.set_jpeg("a-picture-of-a-secret");
  still.set_signature("how-it-looks");
  media_.stills.front().done(still);
  ASSERT_EQ(providers_.latest().images.size(), 1u);
  loop_.Advance(absl::Seconds(1));
  EXPECT_FALSE(store_.Holds("a-picture-of-a-secret"));
  EXPECT_FALSE(store_.Holds("how-it-looks"));
  EXPECT_TRUE(store_.Holds("screen")) << "this test would see it";
  LogWarning("after it", {});
  const std::string log = testing::internal::GetCapturedStdout();
  EXPECT_THAT(log, HasSubstr("after it"));
  EXPECT_THAT(log, Not(HasSubstr("a-picture-of-a-secret")));
}

TEST_F(AgentSightTest, R4ARestartOfControlKeepsWhatTheAgentMaySee) {
  const std::string seen = StartSeen("ann")->name();
  const std::string hidden = Start("ann")->name();
  SessionTest::Start();
  EXPECT_TRUE(ShownCapture(seen)->agent_sees());
  EXPECT_FALSE(ShownCapture(hidden)->agent_sees());
}

}  // namespace
}  // namespace atrium::control
