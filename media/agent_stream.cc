#include "media/agent_stream.h"

#include <utility>

#include "common/log.h"
#include "media/errors.h"

namespace atrium::media {

using atrium::media::v1::StreamAudioRequest;
using atrium::media::v1::StreamAudioResponse;

namespace {

// Messages handed to the transport at once; the rest waits where the oldest can
// still be dropped.
constexpr size_t kInFlight = 2;

std::string ToBytes(const Frame& frame) {
  std::string bytes;
  bytes.reserve(2 * kFrameSamples);
  for (int16_t sample : frame) {
    bytes += static_cast<char>(sample & 0xff);
    bytes += static_cast<char>((sample >> 8) & 0xff);
  }
  return bytes;
}

StreamAudioResponse ToProto(const AgentPort::Played& played) {
  StreamAudioResponse response;
  response.mutable_played()->set_utterance(played.utterance);
  response.mutable_played()->set_position(played.position);
  response.mutable_played()->set_ended(played.ended);
  return response;
}

StreamAudioResponse ToProto(const AgentPort::RoomFrame& frame) {
  StreamAudioResponse response;
  auto* room = response.mutable_room();
  room->set_position(frame.position);
  room->set_pcm(ToBytes(frame.pcm));
  for (const AgentPort::Voice& voice : frame.voices) {
    auto* out = room->add_voices();
    out->set_participant(voice.participant);
    out->set_dbfs(voice.dbfs);
  }
  return response;
}

}  // namespace

void AgentStream::Serve(Rooms* rooms, Stream* stream) {
  auto self = std::make_shared<AgentStream>(rooms, stream);
  stream->on_message = [self](StreamAudioRequest& request) { self->OnMessage(request); };
  stream->on_drained = [self] { self->Pump(); };
  stream->on_closed = [self] { self->OnClosed(); };
}

void AgentStream::OnMessage(const StreamAudioRequest& request) {
  if (room_ == nullptr) {
    if (!session_.empty()) return;  // Taken over; what still comes is void.
    if (!request.has_start()) return stream_->Finish(FirstMessageMustBe("start"));
    return Start(request.start().session());
  }
  switch (request.message_case()) {
    case StreamAudioRequest::kSpeech: {
      const auto& speech = request.speech();
      const absl::Status status =
          room_->port().Speak(speech.utterance(), speech.position(), speech.pcm(), speech.last());
      if (!status.ok()) stream_->Finish(status);
      return;
    }
    case StreamAudioRequest::kFlush:
      return room_->port().Flush(request.flush().utterance());
    case StreamAudioRequest::kStart:
    case StreamAudioRequest::MESSAGE_NOT_SET:
      return stream_->Finish(FirstMessageMustBe("start"));
  }
}

void AgentStream::Start(const std::string& session) {
  session_ = session;
  const absl::StatusOr<Room*> room = rooms_->OpenAudio(session, this);
  if (!room.ok()) return stream_->Finish(room.status());
  room_ = *room;
  LogInfo("the agent's audio is open", {{"session", session_}});
  Pump();
}

void AgentStream::Pump() {
  if (stream_ == nullptr || room_ == nullptr) return;
  for (const AgentPort::Played& played : room_->port().TakePlayed())
    stream_->Write(ToProto(played));
  while (stream_->queued_count() < kInFlight) {
    const auto frame = room_->port().TakeRoomFrame();
    if (!frame) return;
    stream_->Write(ToProto(*frame));
  }
}

void AgentStream::OnTakenOver() {
  room_ = nullptr;
  if (stream_ != nullptr) stream_->Finish(AudioTakenOver(session_));
}

void AgentStream::OnClosed() {
  stream_ = nullptr;
  if (std::exchange(room_, nullptr) != nullptr) rooms_->CloseAudio(session_, this);
}

}  // namespace atrium::media
