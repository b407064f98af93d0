// MediaCall is a test's media process with the control that drives it.
#ifndef ATRIUM_TESTS_MEDIA_MEDIA_CALL_H_
#define ATRIUM_TESTS_MEDIA_MEDIA_CALL_H_

#include <gtest/gtest.h>
#include <sys/types.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "atrium/media/v1/media.grpc.pb.h"
#include "common/loop.h"
#include "common/rpc/stream.h"
#include "media/frame.h"
#include "tests/media/call_peer.h"

namespace atrium::media {

class MediaCall : public testing::Test {
 protected:
  using PeerStatus = v1::DriveResponse::PeerStatus;
  using DriveStream = rpc::ClientStream<v1::DriveRequest, v1::DriveResponse>;
  using AudioStream = rpc::ClientStream<v1::StreamAudioRequest, v1::StreamAudioResponse>;

  // One StreamAudio call and what came of it.
  struct Agent {
    AudioStream* stream = nullptr;  // Null once it ended.
    absl::Status ended;
    std::deque<Frame> heard;       // The last 200 ms.
    std::set<std::string> voices;  // Audible in any of those.
    std::deque<std::set<std::string>> frame_voices;
    int64_t position = -1;
    int frames = 0, gaps = 0;
    int64_t voice_at = 0;  // Monotonic microseconds of the first audible frame; 0 to wait anew.
    std::vector<v1::StreamAudioResponse::Played> played;
    double Hears(double hertz) const;
  };

  // The process is started with `flags` and, beside our environment, with `variables`
  // ("NAME=value"); it logs to this file, else as we do.
  explicit MediaCall(std::vector<std::string> flags = {}, std::string log = "",
                     std::vector<std::string> variables = {});
  ~MediaCall() override;

  void StartProcess();
  void KillProcess();
  // Drives with the next fence, until the inventory is there.
  void StartDriving();
  void StopDriving();

  // `session`'s name, and its participants'.
  static std::string Session(int n) { return "sessions/s" + std::to_string(n); }
  static std::string Participant(int session, const std::string& who) {
    return Session(session) + "/participants/" + who;
  }

  // The plan as it is now; change it, then send it.
  v1::Plan plan_;
  v1::Plan::Room* PlanRoom(int session);
  v1::Plan::Peer* PlanPeer(int session, const std::string& who, int64_t epoch);
  void SendPlan();
  void Offer(const std::string& participant, int64_t epoch, const std::string& sdp);
  void Answer(const std::string& participant, int64_t epoch, const std::string& sdp);
  // Plans a peer, offers, and waits until it is connected.
  std::unique_ptr<CallPeer> Join(int session, const std::string& who, int64_t epoch,
                                 CallPeer::Voice voice);
  // As Join, without a plan of its own.
  void Connect(const std::string& participant, int64_t epoch, CallPeer* peer);

  std::unique_ptr<Agent> OpenAgent(int session);
  void CloseAgent(Agent* agent);
  // Says a tone, a little ahead of its credit.
  void Say(Agent* agent, const std::string& utterance, double hertz, int64_t from, int64_t samples);

  // Runs the loop until `done`, at most for `seconds`.
  bool WaitFor(std::function<bool()> done, double seconds = 10);
  bool WaitForState(const std::string& participant, int64_t epoch, PeerStatus::State state,
                    double seconds = 10);
  std::string ProblemOf(const std::string& participant, int64_t epoch) const;

  // Of the process.
  int Threads() const;
  int Descriptors() const;
  int ResidentKb() const;

  const std::vector<std::string> flags_;
  const std::string log_file_;
  const std::vector<std::string> variables_;
  std::unique_ptr<MainLoop> loop_;
  std::string directory_, socket_;
  pid_t pid_ = -1;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::MediaService::Stub> stub_;
  DriveStream* drive_ = nullptr;
  absl::Status drive_ended_;
  int64_t fence_ = 0;
  // What was told.
  std::vector<v1::DriveResponse::Inventory> inventories_;
  std::vector<PeerStatus> statuses_;
  std::vector<v1::DriveResponse::Levels> levels_;
  std::vector<v1::DriveResponse::CaptureBitrate> bitrates_;
  std::map<std::pair<std::string, int64_t>, std::string> answers_, offers_;
  int64_t planned_generation_ = 0;
};

}  // namespace atrium::media

#endif  // ATRIUM_TESTS_MEDIA_MEDIA_CALL_H_
