#include "media/mixer.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "media/limits.h"

namespace atrium::media {
namespace {

constexpr int kGateHoldFrames = 20;
constexpr float kSpeechDbfs = -40;
constexpr int kSpeechFrames = 3;       // So many loud ones make speech,
constexpr int kSpeechHoldFrames = 25;  // which lasts half a second longer.
constexpr float kFallPerFrame = 0.6f;  // 30 dB a second.
constexpr float kStayBonus = 6;        // Who is heard stays so unless another is louder by this.

// Full scale is approached, never cut: up to 3/4 nothing changes.
int16_t Soften(int32_t sum) {
  constexpr float kKnee = 24576, kRest = 32767 - kKnee;
  const float size = std::abs(static_cast<float>(sum));
  if (size <= kKnee) return static_cast<int16_t>(sum);
  const float soft = kKnee + kRest * (1 - std::exp((kKnee - size) / kRest));
  return static_cast<int16_t>(sum < 0 ? -soft : soft);
}

// A sample's part in the people's mix: the gain moves over the frame, so that
// nobody comes or goes with a click.
int32_t Part(const Frame& frame, size_t i, const std::array<float, 2>& gain) {
  if (gain[0] == 1 && gain[1] == 1) return frame[i];
  const float at = gain[0] + (gain[1] - gain[0]) * static_cast<float>(i + 1) / kFrameSamples;
  return static_cast<int32_t>(std::lround(static_cast<float>(frame[i]) * at));
}

}  // namespace

Mixer::Level Mixer::Measure(Voice* voice, const Frame* frame) {
  Level level;
  level.dbfs = frame == nullptr ? kFloorDbfs : LevelOf(*frame);
  voice->loudness = std::max(level.dbfs, voice->loudness - kFallPerFrame);
  voice->open_frames =
      level.dbfs > kAudibleDbfs ? kGateHoldFrames : std::max(0, voice->open_frames - 1);
  voice->loud_frames = level.dbfs > kSpeechDbfs ? std::min(voice->loud_frames + 1, kSpeechFrames)
                                                : std::max(0, voice->loud_frames - 1);
  voice->speech_frames = voice->loud_frames >= kSpeechFrames
                             ? kSpeechHoldFrames
                             : std::max(0, voice->speech_frames - 1);
  level.open = voice->open_frames > 0;
  level.speaking = voice->speech_frames > 0;
  return level;
}

void Mixer::Take(const std::vector<Input>& inputs, const Frame* agent) {
  ++turn_;
  inputs_ = inputs;
  levels_.clear();
  for (const Input& input : inputs_) {
    Voice& voice = voices_[input.id];
    voice.turn = turn_;
    levels_.push_back(Measure(&voice, input.frame));
  }
  std::erase_if(voices_, [this](const auto& entry) { return entry.second.turn != turn_; });
  agent_ = agent;
  agent_level_ = Measure(&agent_voice_, agent);
  const std::vector<bool> chosen = Choose(inputs_);
  people_.fill(0);
  gains_.clear();
  for (size_t i = 0; i < inputs_.size(); ++i) {
    AddVoice(inputs_[i], &voices_[inputs_[i].id], chosen[i]);
    levels_[i].mixed = gains_[i][0] > 0 || gains_[i][1] > 0;
  }
}

std::vector<bool> Mixer::Choose(const std::vector<Input>& inputs) const {
  const auto rank = [&](size_t i) {
    const Voice& voice = voices_.at(inputs[i].id);
    const int volume = inputs[i].volume_percent;
    const float louder = volume == 100 ? 0 : 20 * std::log10(static_cast<float>(volume) / 100);
    return voice.loudness + louder + (voice.gain > 0 ? kStayBonus : 0);
  };
  std::vector<size_t> order;
  for (size_t i = 0; i < inputs.size(); ++i) {
    // Who is turned off takes nobody's place.
    if (levels_[i].open && inputs[i].volume_percent > 0) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return rank(a) > rank(b); });
  if (order.size() > limits::kMixedVoices) order.resize(limits::kMixedVoices);
  std::vector<bool> chosen(inputs.size());
  for (size_t i : order) chosen[i] = true;
  return chosen;
}

void Mixer::AddVoice(const Input& input, Voice* voice, bool chosen) {
  // A first word is not faded in: its gate just opened on it.
  const float target = chosen ? static_cast<float>(input.volume_percent) / 100 : 0;
  const bool same =
      std::exchange(voice->volume_percent, input.volume_percent) == input.volume_percent;
  const bool opens = chosen && voice->gain == 0 && same;
  gains_.push_back({opens ? target : voice->gain, target});
  voice->gain = target;
  if (input.frame == nullptr) return;
  const std::array<float, 2>& gain = gains_.back();
  if (gain[0] == 0 && gain[1] == 0) return;
  for (size_t i = 0; i < kFrameSamples; ++i) people_[i] += Part(*input.frame, i, gain);
}

Frame Mixer::All() const {
  std::array<int32_t, kFrameSamples> sum{};
  for (const Input& input : inputs_) {
    if (input.frame == nullptr || input.withheld) continue;
    for (size_t i = 0; i < kFrameSamples; ++i) sum[i] += (*input.frame)[i];
  }
  Frame out;
  std::transform(sum.begin(), sum.end(), out.begin(), Soften);
  return out;
}

Frame Mixer::Mix(bool voices, int64_t without) const {
  std::array<int32_t, kFrameSamples> sum{};
  if (voices) sum = people_;
  if (agent_ != nullptr) {
    for (size_t i = 0; i < kFrameSamples; ++i) sum[i] += (*agent_)[i];
  }
  for (size_t k = 0; voices && without != 0 && k < inputs_.size(); ++k) {
    if (inputs_[k].id != without || inputs_[k].frame == nullptr || !levels_[k].mixed) continue;
    for (size_t i = 0; i < kFrameSamples; ++i) sum[i] -= Part(*inputs_[k].frame, i, gains_[k]);
  }
  Frame out;
  std::transform(sum.begin(), sum.end(), out.begin(), Soften);
  return out;
}

}  // namespace atrium::media
