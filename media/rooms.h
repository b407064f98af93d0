// Rooms is all of this process's media: it makes control's plan real, takes
// offers to the peers they are for, and tells whoever drives what is so.
//
// On the loop.
#ifndef ATRIUM_MEDIA_ROOMS_H_
#define ATRIUM_MEDIA_ROOMS_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "atrium/media/v1/media.pb.h"
#include "common/loop.h"
#include "media/room.h"

namespace atrium::media {

class Rooms final : public Room::Listener {
 public:
  // Whoever drives: control, while its stream lives.
  class Driver : public Room::Listener {
   public:
    // A newer control drives now.
    virtual void OnReplaced(absl::Status why) = 0;
  };

  // `incarnation` names this run of the process.
  Rooms(Room::Context context, AddressPolicy addresses, std::string incarnation);
  ~Rooms() override;

  // Control's side.
  absl::Status TakeOver(Driver* driver, int64_t fence);
  // Starts the plan's lease.
  void Leave(Driver* driver);
  atrium::media::v1::DriveResponse::Inventory Inventory() const;
  atrium::media::v1::DriveResponse::PlanStatus Apply(const atrium::media::v1::Plan& plan);
  void Signal(const atrium::media::v1::Signal& signal);

  // See MediaService.TakeStill.
  void TakeStill(const atrium::media::v1::TakeStillRequest& request, Still::Done done);

  // For /metrics; what the clock and the senders count is not in it.
  const Figures& figures() const { return context_.figures; }
  Presence Present() const;

  // The agent's side: the session's room, made if it does not exist.
  absl::StatusOr<Room*> OpenAudio(const std::string& session, Room::AudioStream* stream);
  void CloseAudio(const std::string& session, Room::AudioStream* stream);

  // Room::Listener.
  void OnSignal(const atrium::media::v1::Signal& signal) override;
  void OnPeer(const atrium::media::v1::DriveResponse::PeerStatus& status) override;
  void OnBitrate(const atrium::media::v1::DriveResponse::CaptureBitrate& bitrate) override;
  void OnLevels(const atrium::media::v1::DriveResponse::Levels& levels) override;

 private:
  // An offer that came before its plan.
  struct Waiting {
    Offer offer;
    std::vector<std::string> candidates;
    Loop::HandlePtr deadline;
  };

  absl::StatusOr<Room*> Find(const std::string& session);
  // Its room, if it is planned.
  Room* RoomOf(const std::string& peer) const;
  void TakeOffer(PeerKey key, const std::string& sdp);
  void TakeAnswer(const PeerKey& key, const std::string& sdp);
  void TakeCandidate(const PeerKey& key, const std::string& candidate);
  void TakeWaiting();
  void Refuse(const PeerKey& key, const absl::Status& why);
  void CloseIdle();
  void Watch();

  // Given.
  Room::Context context_;
  const AddressPolicy addresses_;
  const std::string incarnation_;
  // State.
  int64_t fence_ = 0;
  Driver* driver_ = nullptr;
  std::map<std::string, std::string> sessions_;  // By planned peer.
  std::map<PeerKey, Waiting> waiting_;
  // Owned.
  std::map<std::string, std::unique_ptr<Room>> rooms_;  // By session.
  Loop::HandlePtr lease_, watch_;
};

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_ROOMS_H_
