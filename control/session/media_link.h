// MediaLink is what a session needs of the media process. On the loop.
#ifndef ATRIUM_CONTROL_SESSION_MEDIA_LINK_H_
#define ATRIUM_CONTROL_SESSION_MEDIA_LINK_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "atrium/media/v1/media.pb.h"

namespace atrium::control {

class MediaLink {
 public:
  // Upward news.
  class Listener {
   public:
    virtual ~Listener() = default;
    // Contact. `fresh`: another run of the process than before, so that every
    // peer connection must be made anew; else adopt what is there. Then the plan
    // is sent.
    virtual void OnMediaInventory(const atrium::media::v1::DriveResponse::Inventory& inventory,
                                  bool fresh) = 0;
    virtual void OnMediaSignal(const atrium::media::v1::Signal& signal) = 0;
    virtual void OnMediaPeer(const atrium::media::v1::DriveResponse::PeerStatus& status) = 0;
    virtual void OnMediaLevels(const atrium::media::v1::DriveResponse::Levels& levels) = 0;
    virtual void OnMediaBitrate(
        const atrium::media::v1::DriveResponse::CaptureBitrate& bitrate) = 0;
    virtual void OnMediaLost() = 0;
    virtual atrium::media::v1::Plan MakeMediaPlan() = 0;
  };
  // One session's audio; ends when destroyed. Reconnects by itself.
  class Audio {
   public:
    class Listener {
     public:
      virtual ~Listener() = default;
      virtual void OnRoomAudio(const atrium::media::v1::StreamAudioResponse::Room& room) = 0;
      virtual void OnPlayed(const atrium::media::v1::StreamAudioResponse::Played& played) = 0;
      // Connected, at first or again: what was not played must be said again.
      virtual void OnAudioOpen() = 0;
      virtual void OnAudioLost() = 0;
    };
    virtual ~Audio() = default;
    virtual void Speak(const atrium::media::v1::StreamAudioRequest::Speech& speech) = 0;
    virtual void Flush(const std::string& utterance) = 0;
  };

  virtual ~MediaLink() = default;
  // As HostLink::PlanChanged.
  virtual void PlanChanged() = 0;
  virtual bool connected() const = 0;
  virtual void Signal(const atrium::media::v1::Signal& signal) = 0;
  // A picture of a screen; `done` runs once, in a few seconds at most.
  virtual void TakeStill(
      const atrium::media::v1::TakeStillRequest& request,
      std::function<void(absl::StatusOr<atrium::media::v1::TakeStillResponse>)> done) = 0;
  virtual std::unique_ptr<Audio> OpenAudio(const std::string& session, Audio::Listener* listener) = 0;
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_SESSION_MEDIA_LINK_H_
