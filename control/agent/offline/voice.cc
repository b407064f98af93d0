#include "control/agent/offline/voice.h"

#include <espeak-ng/speak_lib.h>

#include <vector>

#include "common/errors.h"
#include "control/agent/offline/resampler.h"

namespace atrium::agent {
namespace {

constexpr int kRate = 24000;
constexpr int kWordsAMinute = 165;

int Collect(short* samples, int count, espeak_EVENT* events) {
  auto* all = static_cast<std::vector<int16_t>*>(events->user_data);
  if (samples != nullptr && all != nullptr) all->insert(all->end(), samples, samples + count);
  return 0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Voice>> Voice::Create() {
  const int rate = espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, nullptr, espeakINITIALIZE_DONT_EXIT);
  if (rate <= 0 || espeak_SetVoiceByName("en-us") != EE_OK) {
    return MakeError(absl::StatusCode::kFailedPrecondition,
                     "The voice cannot be loaded: install espeak-ng-data", {.reason = "NO_VOICE"});
  }
  espeak_SetSynthCallback(Collect);
  espeak_SetParameter(espeakRATE, kWordsAMinute, 0);
  return std::unique_ptr<Voice>(new Voice(rate));
}

Voice::~Voice() { espeak_Terminate(); }

std::string Voice::Speak(const std::string& text) {
  std::vector<int16_t> samples;
  espeak_Synth(text.c_str(), text.size() + 1, 0, POS_CHARACTER, 0, espeakCHARS_UTF8, nullptr, &samples);
  Resampler resampler(rate_hz_, kRate);
  const std::vector<int16_t> out = resampler.Process(samples.data(), samples.size());
  return std::string(reinterpret_cast<const char*>(out.data()), out.size() * sizeof(int16_t));
}

}  // namespace atrium::agent
