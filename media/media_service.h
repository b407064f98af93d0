// MediaService is the media process's gRPC door: translates and calls Rooms.
#ifndef ATRIUM_MEDIA_MEDIA_SERVICE_H_
#define ATRIUM_MEDIA_MEDIA_SERVICE_H_

#include "atrium/media/v1/media.grpc.pb.h"
#include "common/loop.h"
#include "media/rooms.h"

namespace atrium::media {

class MediaService final : public v1::MediaService::CallbackService {
 public:
  MediaService(Loop* loop, Rooms* rooms) : loop_(loop), rooms_(rooms) {}

  grpc::ServerBidiReactor<v1::DriveRequest, v1::DriveResponse>* Drive(
      grpc::CallbackServerContext* context) override;
  grpc::ServerBidiReactor<v1::StreamAudioRequest, v1::StreamAudioResponse>* StreamAudio(
      grpc::CallbackServerContext* context) override;

  grpc::ServerUnaryReactor* TakeStill(grpc::CallbackServerContext* context,
                                      const v1::TakeStillRequest* request,
                                      v1::TakeStillResponse* response) override;

 private:
  // Given.
  Loop* const loop_;
  Rooms* const rooms_;
};

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_MEDIA_SERVICE_H_
