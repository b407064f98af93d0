// A session with people in its call.
#ifndef ATRIUM_TESTS_SUPPORT_LIVE_TEST_H_
#define ATRIUM_TESTS_SUPPORT_LIVE_TEST_H_

#include <optional>
#include <string>
#include <vector>

#include "tests/support/session_test.h"

namespace atrium::control {

class LiveTest : public SessionTest {
 protected:
  void GoLive(const std::string& id, Participant::Role role = Participant::EDITOR) {
    session_->GoLive(Person(id, role), PageOf(id), [this](absl::Status s) { live_.push_back(s); });
  }
  absl::Status Unmute(const std::string& id) {
    atrium::v1::UpdateSelf update;
    update.set_muted(false);
    return session_->UpdateSelf(Person(id), PageOf(id), update);
  }
  // What media shall do with who entered the call first, second ...
  atrium::media::v1::Plan::Peer Planned(int place) {
    return registry_->MakeMediaPlan().rooms(0).peers(place);
  }
  absl::StatusOr<Participant> SetVolume(const Actor& actor, const std::string& id,
                                        std::optional<int> percent) {
    atrium::v1::SetParticipantVolumeRequest request;
    request.set_name("sessions/main/participants/" + id);
    if (percent) request.set_volume_percent(*percent);
    return session_->SetParticipantVolume(actor, request);
  }
  absl::Status LetCall(atrium::v1::UsePolicy::Users users, const Actor& actor = Service()) {
    atrium::v1::UpdateSessionRequest request;
    request.mutable_session()->mutable_use_policy()->set_calls(users);
    request.mutable_session()->mutable_use_policy()->set_screens(atrium::v1::UsePolicy::EDITORS);
    request.mutable_update_mask()->add_paths("use_policy");
    Answers<atrium::v1::Session> answers;
    session_->UpdateSession(actor, request, Into(&answers));
    return answers.at(0).status();
  }
  static int64_t EpochTold(const FakePage& page) {
    const auto* ready = page.Last(JoinResponse::kLiveReady);
    return ready == nullptr ? 0 : ready->live_ready().epoch();
  }
  // Joins and goes live.
  int64_t Enter(FakePage* page, const std::string& id) {
    EXPECT_TRUE(Join(page, id).ok());
    GoLive(id);
    return EpochTold(*page);
  }

  std::vector<absl::Status> live_;
};

}  // namespace atrium::control

#endif  // ATRIUM_TESTS_SUPPORT_LIVE_TEST_H_
