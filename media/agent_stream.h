// AgentStream is one StreamAudio call: the agent's ear and mouth in one session.
// It hands on what the port has, as fast as control takes it and no faster.
//
// On the loop. Owns itself: ends with its stream.
#ifndef ATRIUM_MEDIA_AGENT_STREAM_H_
#define ATRIUM_MEDIA_AGENT_STREAM_H_

#include <memory>
#include <string>

#include "atrium/media/v1/media.pb.h"
#include "common/rpc/stream.h"
#include "media/rooms.h"

namespace atrium::media {

class AgentStream final : public Room::AudioStream,
                          public std::enable_shared_from_this<AgentStream> {
 public:
  using Stream = rpc::ServerStream<atrium::media::v1::StreamAudioRequest,
                                   atrium::media::v1::StreamAudioResponse>;

  // Serves `stream` until it ends.
  static void Serve(Rooms* rooms, Stream* stream);
  AgentStream(Rooms* rooms, Stream* stream) : rooms_(rooms), stream_(stream) {}

  // Room::AudioStream.
  void OnNews() override { Pump(); }
  void OnTakenOver() override;

 private:
  void OnMessage(const atrium::media::v1::StreamAudioRequest& request);
  void Start(const std::string& session);
  void Pump();
  void OnClosed();

  // Given.
  Rooms* const rooms_;
  Stream* stream_;  // Null once it ended.
  // State.
  std::string session_;
  Room* room_ = nullptr;  // Ours while we stream its audio.
};

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_AGENT_STREAM_H_
