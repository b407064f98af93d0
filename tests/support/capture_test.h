// A session in which screens are shown.
#ifndef ATRIUM_TESTS_SUPPORT_CAPTURE_TEST_H_
#define ATRIUM_TESTS_SUPPORT_CAPTURE_TEST_H_

#include <string>

#include "tests/support/session_test.h"

namespace atrium::control {

class CaptureTest : public SessionTest {
 protected:
  absl::StatusOr<atrium::v1::Capture> Start(const std::string& id,
                                            Participant::Role role = Participant::EDITOR,
                                            const std::string& title = "Window: a picture") {
    atrium::v1::StartCapture request;
    request.set_title(title);
    return Start(id, role, request);
  }
  absl::StatusOr<atrium::v1::Capture> Start(const std::string& id, Participant::Role role,
                                            const atrium::v1::StartCapture& request) {
    Answers<atrium::v1::Capture> answers;
    session_->StartCapture(Person(id, role), PageOf(id), request, Into(&answers));
    return answers.at(0);
  }
  using SessionTest::Start;
  const atrium::v1::Capture* ShownCapture(const std::string& name) const {
    for (const auto& capture : session_->snapshot().captures()) {
      if (capture.name() == name) return &capture;
    }
    return nullptr;
  }
  static atrium::v1::WatchCapture Watching(const std::string& name, bool answers = false) {
    atrium::v1::WatchCapture request;
    request.set_capture(name);
    request.set_answers(answers);
    return request;
  }
  absl::Status Watch(const std::string& id, const std::string& name, bool answers = false) {
    return session_->WatchCapture(PageOf(id), Watching(name, answers));
  }
  static int64_t EpochTold(const FakePage& page) {
    const auto* ready = page.Last(JoinResponse::kCaptureReady);
    return ready == nullptr ? 0 : ready->capture_ready().epoch();
  }
  void TellPeer(const std::string& peer, int64_t epoch,
                atrium::media::v1::DriveResponse::PeerStatus::State state) {
    atrium::media::v1::DriveResponse::PeerStatus status;
    status.set_peer(peer);
    status.set_epoch(epoch);
    status.set_state(state);
    status.set_problem("no route");
    registry_->OnMediaPeer(status);
  }
  atrium::media::v1::Plan::Capture Planned() {
    const auto plan = registry_->MakeMediaPlan();
    if (plan.rooms_size() == 0 || plan.rooms(0).captures_size() == 0) return {};
    return plan.rooms(0).captures(0);
  }
  // The agent sees it from now on, or no more.
  absl::StatusOr<atrium::v1::Capture> SetSeen(const Actor& actor, const std::string& name,
                                              bool sees, const std::string& mask = "agent_sees") {
    atrium::v1::UpdateCaptureRequest request;
    request.mutable_capture()->set_name(name);
    request.mutable_capture()->set_agent_sees(sees);
    request.mutable_update_mask()->add_paths(mask);
    return session_->UpdateCapture(actor, request);
  }
  void TellDisplay(bool has) {
    atrium::media::v1::DriveResponse::Inventory inventory;
    inventory.set_has_display(has);
    registry_->OnMediaInventory(inventory, /*fresh=*/false);
  }
  absl::StatusOr<atrium::v1::Capture> ShowDisplay(const Actor& actor, bool agent_sees = false) {
    atrium::v1::CreateCaptureRequest request;
    request.mutable_capture()->set_agent_sees(agent_sees);
    Answers<atrium::v1::Capture> answers;
    session_->CreateCapture(actor, request, Into(&answers));
    return answers.at(0);
  }
  static std::string ViewerOf(const std::string& capture, const std::string& id) {
    return capture + "/viewers/" + PageOf(id).value();
  }
};

}  // namespace atrium::control

#endif  // ATRIUM_TESTS_SUPPORT_CAPTURE_TEST_H_
