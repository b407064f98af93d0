// ScreenCall is a MediaCall about screens: who shows, who watches, what is taken of them.
#ifndef ATRIUM_TESTS_MEDIA_SCREEN_CALL_H_
#define ATRIUM_TESTS_MEDIA_SCREEN_CALL_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/rpc/unary.h"
#include "media/still.h"
#include "tests/media/media_call.h"

namespace atrium::media {

class ScreenCall : public MediaCall {
 protected:
  using MediaCall::MediaCall;

  static std::string Capture(const std::string& id) { return Session(1) + "/captures/" + id; }
  static std::string Viewer(const std::string& id, const std::string& page) {
    return Capture(id) + "/viewers/" + page;
  }
  v1::Plan::Capture* PlanCapture(const std::string& id, int64_t epoch) {
    auto* room = PlanRoom(1);
    for (auto& capture : *room->mutable_captures()) {
      if (capture.name() == Capture(id)) return capture.set_epoch(epoch), &capture;
    }
    auto* capture = room->add_captures();
    capture->set_name(Capture(id));
    capture->set_page("page-that-shows");
    capture->set_epoch(epoch);
    return capture;
  }
  static void PlanViewer(v1::Plan::Capture* capture, const std::string& page, int64_t epoch) {
    auto* viewer = capture->add_viewers();
    viewer->set_page(page);
    viewer->set_epoch(epoch);
  }
  std::unique_ptr<CallPeer> Show(const std::string& id, int64_t epoch, const std::string& pattern) {
    auto peer = std::make_unique<CallPeer>(CallPeer::Voice{.shows = pattern});
    Connect(Capture(id), epoch, peer.get());
    return peer;
  }
  // Plans one that answers, waits for its offer and answers; without a word of the answer
  // itself.
  std::unique_ptr<CallPeer> BeginToAnswer(v1::Plan::Capture* capture, const std::string& page,
                                          int64_t epoch) {
    const std::string name = capture->name() + "/viewers/" + page;
    for (auto& viewer : *capture->mutable_viewers()) {
      if (viewer.page() == page) viewer.set_epoch(epoch);
    }
    SendPlan();
    EXPECT_TRUE(WaitFor([&] { return offers_.count({name, epoch}) > 0; }));
    auto peer = std::make_unique<CallPeer>(CallPeer::Voice{.answers = true});
    peer->TakeOffer(offers_[{name, epoch}]);
    EXPECT_TRUE(WaitFor([&] { return !peer->offer().empty(); }));
    return peer;
  }
  void BeginTaking(const v1::TakeStillRequest& request, Still::Done done) {
    rpc::Call<v1::TakeStillResponse>(
        loop_.get(), absl::Seconds(10), request,
        [this](auto* context, auto* ask, auto* answer, auto then) {
          stub_->async()->TakeStill(context, ask, answer, then);
        },
        std::move(done));
  }
  absl::StatusOr<v1::TakeStillResponse> Take(const v1::TakeStillRequest& request) {
    std::optional<absl::StatusOr<v1::TakeStillResponse>> taken;
    BeginTaking(request, [&](auto answer) { taken = std::move(answer); });
    EXPECT_TRUE(WaitFor([&] { return taken.has_value(); }, 15));
    return taken ? *std::move(taken) : absl::UnknownError("no answer");
  }
  std::unique_ptr<CallPeer> Watch(const std::string& id, const std::string& page, int64_t epoch) {
    auto peer = std::make_unique<CallPeer>(CallPeer::Voice{.watches = true});
    Connect(Viewer(id, page), epoch, peer.get());
    return peer;
  }
};

}  // namespace atrium::media

#endif  // ATRIUM_TESTS_MEDIA_SCREEN_CALL_H_
