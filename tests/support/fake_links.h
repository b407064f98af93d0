// A terminal host and a media process, as control sees them, that keep what they
// were asked and answer when they are told.
#ifndef ATRIUM_TESTS_SUPPORT_FAKE_LINKS_H_
#define ATRIUM_TESTS_SUPPORT_FAKE_LINKS_H_

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "control/session/host_link.h"
#include "control/session/media_link.h"

namespace atrium::control {

class FakeHostLink final : public HostLink {
 public:
  template <typename Request, typename Response>
  struct Asked {
    Request request;
    Done<Response> done;
  };

  int64_t PlanChanged() override { return ++generation; }
  bool connected() const override { return is_connected; }
  void ReadScreen(const atrium::v1::ReadScreenRequest& request,
                  Done<atrium::v1::ReadScreenResponse> done) override {
    screens.push_back({request, std::move(done)});
  }
  void ReadOutput(const atrium::terminal::v1::ReadOutputRequest& request,
                  Done<atrium::terminal::v1::ReadOutputResponse> done) override {
    outputs.push_back({request, std::move(done)});
  }
  std::function<void()> WaitForOutput(const atrium::v1::WaitForOutputRequest& request,
                                      absl::Duration timeout,
                                      Done<atrium::v1::WaitForOutputResponse> done) override {
    waits.push_back({request, std::move(done)});
    wait_timeouts.push_back(timeout);
    return [this] { ++cancelled_waits; };
  }
  void ListCommands(const atrium::v1::ListCommandsRequest& request,
                    Done<atrium::v1::ListCommandsResponse> done) override {
    lists.push_back({request, std::move(done)});
  }
  std::function<void()> RunAtPrompt(const atrium::terminal::v1::RunAtPromptRequest& request,
                                    absl::Duration,
                                    Done<atrium::terminal::v1::RunAtPromptResponse> done) override {
    runs.push_back({request, std::move(done)});
    return [this, id = request.run_id()] { cancelled_runs.push_back(id); };
  }
  void WriteInput(const atrium::terminal::v1::WriteInputRequest& request,
                  Done<atrium::terminal::v1::WriteInputResponse> done) override {
    writes.push_back({request, std::move(done)});
  }

  int64_t generation = 0;
  bool is_connected = true;
  std::deque<Asked<atrium::v1::ReadScreenRequest, atrium::v1::ReadScreenResponse>> screens;
  std::deque<Asked<atrium::v1::WaitForOutputRequest, atrium::v1::WaitForOutputResponse>> waits;
  std::vector<absl::Duration> wait_timeouts;
  std::vector<std::string> cancelled_runs;
  int cancelled_waits = 0;
  std::deque<Asked<atrium::v1::ListCommandsRequest, atrium::v1::ListCommandsResponse>> lists;
  std::deque<
      Asked<atrium::terminal::v1::ReadOutputRequest, atrium::terminal::v1::ReadOutputResponse>>
      outputs;
  std::deque<
      Asked<atrium::terminal::v1::RunAtPromptRequest, atrium::terminal::v1::RunAtPromptResponse>>
      runs;
  std::deque<
      Asked<atrium::terminal::v1::WriteInputRequest, atrium::terminal::v1::WriteInputResponse>>
      writes;
};

class FakeAudio final : public MediaLink::Audio {
 public:
  explicit FakeAudio(bool* open = nullptr) : open_(open) {
    if (open_ != nullptr) *open_ = true;
  }
  ~FakeAudio() override {
    if (open_ != nullptr) *open_ = false;
  }
  void Speak(const atrium::media::v1::StreamAudioRequest::Speech& speech) override {
    spoken.push_back(speech);
  }
  void Flush(const std::string& utterance) override { flushed.push_back(utterance); }

  // The end of what was sent of `utterance`, in samples.
  int64_t SentEnd(const std::string& utterance) const {
    int64_t end = 0;
    for (const auto& speech : spoken) {
      if (speech.utterance() != utterance) continue;
      end = speech.position() + static_cast<int64_t>(speech.pcm().size()) / 2;
    }
    return end;
  }
  bool SentLast(const std::string& utterance) const {
    for (const auto& speech : spoken) {
      if (speech.utterance() == utterance && speech.last()) return true;
    }
    return false;
  }

  std::vector<atrium::media::v1::StreamAudioRequest::Speech> spoken;
  std::vector<std::string> flushed;

 private:
  bool* const open_;
};

class FakeMediaLink final : public MediaLink {
 public:
  void PlanChanged() override { ++plans; }
  bool connected() const override { return is_connected; }
  void Signal(const atrium::media::v1::Signal& signal) override { signals.push_back(signal); }
  void TakeStill(const atrium::media::v1::TakeStillRequest& request,
                 std::function<void(absl::StatusOr<atrium::media::v1::TakeStillResponse>)> done)
      override {
    stills.push_back({request, std::move(done)});
  }
  std::unique_ptr<Audio> OpenAudio(const std::string&, Audio::Listener* listener) override {
    auto opened = std::make_unique<FakeAudio>(&audio_open);
    audio = opened.get();
    audio_listener = listener;
    return opened;
  }

  struct AskedStill {
    atrium::media::v1::TakeStillRequest request;
    std::function<void(absl::StatusOr<atrium::media::v1::TakeStillResponse>)> done;
  };

  bool is_connected = true;
  int plans = 0;
  std::deque<AskedStill> stills;
  bool audio_open = false;
  FakeAudio* audio = nullptr;  // The latest; gone unless audio_open.
  Audio::Listener* audio_listener = nullptr;
  std::vector<atrium::media::v1::Signal> signals;
};

}  // namespace atrium::control

#endif  // ATRIUM_TESTS_SUPPORT_FAKE_LINKS_H_
