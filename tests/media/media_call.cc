#include "tests/media/media_call.h"

#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>

#include "common/rpc/server.h"
#include "common/str_cat.h"
#include "tests/media/tones.h"

extern char** environ;

namespace atrium::media {
namespace {

constexpr int64_t kCredit = 7200;

int CountOf(const std::string& directory) {
  std::error_code error;
  int count = 0;
  for (auto it = std::filesystem::directory_iterator(directory, error);
       it != std::filesystem::directory_iterator(); it.increment(error)) {
    ++count;
  }
  return count;
}

}  // namespace

double MediaCall::Agent::Hears(double hertz) const {
  std::vector<int16_t> all;
  for (const Frame& frame : heard) all.insert(all.end(), frame.begin(), frame.end());
  return heard.size() < 10 ? 0 : ToneIn(all.data(), all.size(), hertz);
}

MediaCall::MediaCall(std::vector<std::string> flags, std::string log,
                     std::vector<std::string> variables)
    : flags_(std::move(flags)), log_file_(std::move(log)), variables_(std::move(variables)) {
  gst_init(nullptr, nullptr);
  loop_ = NewMainLoop();
  std::string name = std::filesystem::temp_directory_path() / "atrium-media-XXXXXX";
  directory_ = mkdtemp(name.data());
  socket_ = directory_ + "/media.sock";
  StartProcess();
  StartDriving();
}

MediaCall::~MediaCall() {
  StopDriving();
  KillProcess();
  std::filesystem::remove_all(directory_);
}

void MediaCall::StartProcess() {
  std::string binary = ATRIUM_MEDIA_BINARY, listen = "--listen=" + socket_,
              level = std::string("--log_level=warning");
  std::vector<char*> argv = {binary.data(), listen.data(), level.data()};
  for (const std::string& flag : flags_) argv.push_back(const_cast<char*>(flag.c_str()));
  argv.push_back(nullptr);
  std::vector<char*> environment;
  for (const std::string& one : variables_) environment.push_back(const_cast<char*>(one.c_str()));
  for (char** one = environ; *one != nullptr; ++one) environment.push_back(*one);
  environment.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (!log_file_.empty()) {
    posix_spawn_file_actions_addopen(&actions, 2, log_file_.c_str(), O_WRONLY | O_APPEND, 0);
  }
  ASSERT_EQ(posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environment.data()), 0);
  posix_spawn_file_actions_destroy(&actions);
  channel_ = rpc::UnixChannel(socket_);
  stub_ = v1::MediaService::NewStub(channel_);
}

void MediaCall::KillProcess() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void MediaCall::StartDriving() {
  const size_t before = inventories_.size();
  ++fence_;
  // The process may not listen yet: try until it answers.
  ASSERT_TRUE(WaitFor([&] {
    if (inventories_.size() > before) return true;
    if (drive_ != nullptr) return false;
    drive_ = new DriveStream(loop_.get());
    drive_->on_message = [this](v1::DriveResponse& response) {
      if (response.has_inventory()) inventories_.push_back(response.inventory());
      if (response.has_peer()) statuses_.push_back(response.peer());
      if (response.has_capture_bitrate()) bitrates_.push_back(response.capture_bitrate());
      if (response.has_levels()) levels_.push_back(response.levels());
      if (response.has_plan_status()) planned_generation_ = response.plan_status().generation();
      if (response.has_signal()) {
        const auto& signal = response.signal().signal();
        const std::pair key(response.signal().peer(), signal.epoch());
        if (signal.has_answer_sdp()) answers_[key] = signal.answer_sdp();
        if (signal.has_offer_sdp()) offers_[key] = signal.offer_sdp();
      }
    };
    drive_->on_closed = [this](absl::Status status) {
      drive_ = nullptr;
      drive_ended_ = status;
    };
    drive_->Start([this](grpc::ClientContext* context, auto* reactor) {
      stub_->async()->Drive(context, reactor);
    });
    v1::DriveRequest hello;
    hello.mutable_hello()->set_fence(fence_);
    drive_->Write(hello);
    return false;
  }));
}

void MediaCall::StopDriving() {
  if (drive_ == nullptr) return;
  drive_->Pause();  // No read may begin once it is cancelled.
  drive_->Cancel();
  WaitFor([this] { return drive_ == nullptr; });
}

bool MediaCall::WaitFor(std::function<bool()> done, double seconds) {
  const int64_t deadline = g_get_monotonic_time() + static_cast<int64_t>(seconds * 1e6);
  while (!done()) {
    if (g_get_monotonic_time() > deadline) return false;
    // The loop's own news end the wait at once; what GStreamer's threads changed
    // is looked at every 2 ms.
    const auto tick = loop_->After(absl::Milliseconds(2), [] {});
    g_main_context_iteration(nullptr, TRUE);
  }
  return true;
}

bool MediaCall::WaitForState(const std::string& participant, int64_t epoch, PeerStatus::State state,
                             double seconds) {
  return WaitFor(
      [&] {
        for (const PeerStatus& s : statuses_) {
          if (s.peer() == participant && s.epoch() == epoch && s.state() == state)
            return true;
        }
        return false;
      },
      seconds);
}

std::string MediaCall::ProblemOf(const std::string& participant, int64_t epoch) const {
  for (const PeerStatus& s : statuses_) {
    if (s.peer() == participant && s.epoch() == epoch && !s.problem().empty()) {
      return s.problem();
    }
  }
  return "";
}

v1::Plan::Room* MediaCall::PlanRoom(int session) {
  for (auto& room : *plan_.mutable_rooms()) {
    if (room.session() == Session(session)) return &room;
  }
  auto* room = plan_.add_rooms();
  room->set_session(Session(session));
  room->set_audio_mode(atrium::v1::Conversation::EVERYBODY);
  return room;
}

v1::Plan::Peer* MediaCall::PlanPeer(int session, const std::string& who, int64_t epoch) {
  auto* room = PlanRoom(session);
  for (auto& peer : *room->mutable_peers()) {
    if (peer.participant() != Participant(session, who)) continue;
    peer.set_epoch(epoch);
    return &peer;
  }
  auto* peer = room->add_peers();
  peer->set_participant(Participant(session, who));
  peer->set_epoch(epoch);
  return peer;
}

void MediaCall::SendPlan() {
  plan_.set_generation(plan_.generation() + 1);
  v1::DriveRequest request;
  *request.mutable_plan() = plan_;
  drive_->Write(request);
}

void MediaCall::Offer(const std::string& participant, int64_t epoch, const std::string& sdp) {
  v1::DriveRequest request;
  request.mutable_signal()->set_peer(participant);
  request.mutable_signal()->mutable_signal()->set_epoch(epoch);
  request.mutable_signal()->mutable_signal()->set_offer_sdp(sdp);
  drive_->Write(request);
}

void MediaCall::Answer(const std::string& participant, int64_t epoch, const std::string& sdp) {
  v1::DriveRequest request;
  request.mutable_signal()->set_peer(participant);
  request.mutable_signal()->mutable_signal()->set_epoch(epoch);
  request.mutable_signal()->mutable_signal()->set_answer_sdp(sdp);
  drive_->Write(request);
}

void MediaCall::Connect(const std::string& participant, int64_t epoch, CallPeer* peer) {
  ASSERT_TRUE(WaitFor([&] { return !peer->offer().empty(); }));
  Offer(participant, epoch, peer->offer());
  const std::pair key(participant, epoch);
  ASSERT_TRUE(WaitFor([&] { return answers_.count(key) > 0; })) << ProblemOf(participant, epoch);
  peer->TakeAnswer(answers_[key]);
  ASSERT_TRUE(WaitForState(participant, epoch, PeerStatus::CONNECTED));
}

std::unique_ptr<CallPeer> MediaCall::Join(int session, const std::string& who, int64_t epoch,
                                          CallPeer::Voice voice) {
  PlanPeer(session, who, epoch);
  SendPlan();
  auto peer = std::make_unique<CallPeer>(voice);
  Connect(Participant(session, who), epoch, peer.get());
  return peer;
}

std::unique_ptr<MediaCall::Agent> MediaCall::OpenAgent(int session) {
  auto agent = std::make_unique<Agent>();
  Agent* a = agent.get();
  a->stream = new AudioStream(loop_.get());
  a->stream->on_message = [a](v1::StreamAudioResponse& response) {
    if (response.has_played()) a->played.push_back(response.played());
    if (!response.has_room()) return;
    ++a->frames;
    const auto& room = response.room();
    if (a->position >= 0 && room.position() != a->position + static_cast<int64_t>(kFrameSamples)) {
      ++a->gaps;
    }
    a->position = room.position();
    Frame frame;
    memcpy(frame.data(), room.pcm().data(), std::min(sizeof frame, room.pcm().size()));
    a->heard.push_back(frame);
    std::set<std::string> voices;
    for (const auto& voice : room.voices()) voices.insert(voice.participant());
    if (!voices.empty() && a->voice_at == 0) a->voice_at = g_get_monotonic_time();
    a->frame_voices.push_back(voices);
    if (a->heard.size() > 10) a->heard.pop_front();
    if (a->frame_voices.size() > 10) a->frame_voices.pop_front();
    a->voices.clear();
    for (const auto& v : a->frame_voices) a->voices.insert(v.begin(), v.end());
  };
  a->stream->on_closed = [a](absl::Status status) {
    a->stream = nullptr;
    a->ended = status;
  };
  a->stream->Start([this](grpc::ClientContext* context, auto* reactor) {
    stub_->async()->StreamAudio(context, reactor);
  });
  v1::StreamAudioRequest start;
  start.mutable_start()->set_session(Session(session));
  a->stream->Write(start);
  EXPECT_TRUE(WaitFor([a] { return a->frames > 0 || a->stream == nullptr; }));
  return agent;
}

void MediaCall::CloseAgent(Agent* agent) {
  if (agent->stream != nullptr) {
    agent->stream->Pause();  // No read may begin once it is cancelled.
    agent->stream->Cancel();
  }
  WaitFor([agent] { return agent->stream == nullptr; });
}

void MediaCall::Say(Agent* agent, const std::string& utterance, double hertz, int64_t from,
                    int64_t samples) {
  int64_t sent = from;
  EXPECT_TRUE(WaitFor([&] {
    int64_t played = from;
    for (const auto& p : agent->played) {
      if (p.utterance() == utterance) played = std::max(played, p.position());
    }
    while (sent < from + samples && sent < played + kCredit) {
      const int64_t count = std::min<int64_t>(2400, from + samples - sent);
      v1::StreamAudioRequest request;
      request.mutable_speech()->set_utterance(utterance);
      request.mutable_speech()->set_position(sent);
      request.mutable_speech()->set_pcm(TonePcm(hertz, 8000, sent, count));
      sent += count;
      request.mutable_speech()->set_last(sent == from + samples);
      agent->stream->Write(request);
    }
    return sent == from + samples;
  }));
}

int MediaCall::Threads() const { return CountOf(StrCat("/proc/", pid_, "/task")); }
int MediaCall::Descriptors() const { return CountOf(StrCat("/proc/", pid_, "/fd")); }
int MediaCall::ResidentKb() const {
  std::ifstream status(StrCat("/proc/", pid_, "/status"));
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with("VmRSS:")) return std::atoi(line.c_str() + 6);
  }
  return 0;
}

}  // namespace atrium::media
