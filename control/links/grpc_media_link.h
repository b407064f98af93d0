// MediaLink by gRPC.
#ifndef ATRIUM_CONTROL_LINKS_GRPC_MEDIA_LINK_H_
#define ATRIUM_CONTROL_LINKS_GRPC_MEDIA_LINK_H_

#include <memory>
#include <string>

#include "atrium/media/v1/media.grpc.pb.h"
#include "common/loop.h"
#include "control/links/drive.h"
#include "control/session/media_link.h"

namespace atrium::control {

class GrpcMediaLink final : public MediaLink {
 public:
  GrpcMediaLink(Loop* loop, const std::string& socket_path, int64_t fence, Listener* listener);

  void Start() { drive_.Start(); }
  // MediaLink.
  void PlanChanged() override { drive_.PlanChanged(); }
  bool connected() const override { return drive_.connected(); }
  void Signal(const atrium::media::v1::Signal& signal) override;
  void TakeStill(const atrium::media::v1::TakeStillRequest& request,
                 std::function<void(absl::StatusOr<atrium::media::v1::TakeStillResponse>)> done)
      override;
  std::unique_ptr<Audio> OpenAudio(const std::string& session, Audio::Listener* listener) override;

 private:
  using Service = atrium::media::v1::MediaService;
  using DriveRequest = atrium::media::v1::DriveRequest;
  using DriveResponse = atrium::media::v1::DriveResponse;
  class AudioStream;

  void OnInventory(const DriveResponse::Inventory& inventory);
  void OnResponse(const DriveResponse& response);

  // Given.
  Loop* const loop_;
  Listener* const listener_;
  // Owned.
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<Service::Stub> stub_;
  Drive<DriveRequest, DriveResponse, atrium::media::v1::Plan> drive_;
  // State.
  std::string incarnation_;  // The run of media that we knew last.
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_LINKS_GRPC_MEDIA_LINK_H_
