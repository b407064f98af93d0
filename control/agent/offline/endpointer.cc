#include "control/agent/offline/endpointer.h"

#include <webrtc/modules/audio_processing/include/audio_processing.h>
#include <webrtc/modules/interface/module_common_types.h>

#include <algorithm>
#include <cstring>

namespace atrium::agent {
namespace {

constexpr int kRate = 16000;
constexpr size_t kFrame = kRate / 100;  // 10 ms.
constexpr int kBeginFrames = 3;
constexpr size_t kLeadSamples = kRate * 3 / 10;
constexpr size_t kMostSamples = kRate * 15;  // Longer is no command.
// Below this a frame is silence whatever the detector says.
constexpr double kFloorPower = 60.0 * 60.0;

}  // namespace

struct Endpointer::Detector {
  std::unique_ptr<webrtc::AudioProcessing> apm{webrtc::AudioProcessing::Create()};
  webrtc::AudioFrame frame;

  Detector() {
    apm->high_pass_filter()->Enable(true);
    apm->voice_detection()->Enable(true);
    apm->voice_detection()->set_likelihood(webrtc::VoiceDetection::kLowLikelihood);
    apm->voice_detection()->set_frame_size_ms(10);
    frame.sample_rate_hz_ = kRate;
    frame.samples_per_channel_ = static_cast<int>(kFrame);
    frame.num_channels_ = 1;
  }
  bool HasVoice(const int16_t* samples) {
    double power = 0;
    for (size_t i = 0; i < kFrame; ++i) power += static_cast<double>(samples[i]) * samples[i];
    std::memcpy(frame.data_, samples, kFrame * sizeof *samples);
    apm->ProcessStream(&frame);
    return apm->voice_detection()->stream_has_voice() && power / kFrame > kFloorPower;
  }
};

Endpointer::Endpointer(Listener* listener)
    : listener_(listener), detector_(std::make_unique<Detector>()) {}
Endpointer::~Endpointer() = default;

void Endpointer::Process(const std::vector<int16_t>& samples) {
  rest_.insert(rest_.end(), samples.begin(), samples.end());
  size_t at = 0;
  for (; at + kFrame <= rest_.size(); at += kFrame) Frame(&rest_[at]);
  rest_.erase(rest_.begin(), rest_.begin() + static_cast<int64_t>(at));
}

void Endpointer::Discard() {
  inside_ = false;
  voiced_ = silent_ = 0;
  audio_.clear();
}

void Endpointer::Frame(const int16_t* samples) {
  const bool voice = detector_->HasVoice(samples);
  ++frames_;
  voiced_ = voice ? voiced_ + 1 : 0;
  silent_ = voice ? 0 : silent_ + 1;
  if (audio_.size() < kMostSamples) audio_.insert(audio_.end(), samples, samples + kFrame);
  if (!inside_) {
    if (audio_.size() > kLeadSamples) {
      audio_.erase(audio_.begin(), audio_.end() - static_cast<int64_t>(kLeadSamples));
    }
    if (voiced_ < kBeginFrames) return;
    inside_ = true;
    return listener_->OnBegin((frames_ - kBeginFrames) * 10);
  }
  if (silent_ < end_frames_) return;
  inside_ = false;
  listener_->OnEnd((frames_ - end_frames_) * 10, std::exchange(audio_, {}));
}

}  // namespace atrium::agent
