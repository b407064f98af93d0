#include "control/agent/speech.h"

#include <algorithm>
#include <utility>

#include "control/limits.h"

namespace atrium::control {
namespace {

constexpr int64_t kBytesASample = 2;
constexpr int64_t kSamplesAMs = 24;
constexpr int64_t kPieceSamples = 4800;  // 200 ms.

int64_t Samples(const std::string& pcm) { return static_cast<int64_t>(pcm.size()) / kBytesASample; }

}  // namespace

void Speech::SetAudio(MediaLink::Audio* audio) {
  audio_ = audio;
  Pump();
}

void Speech::Resend() {
  for (Utterance& utterance : utterances_) {
    utterance.sent = utterance.played;
    utterance.complete_sent = false;
  }
  Pump();
}

void Speech::Append(const std::string& id, const std::string& pcm) {
  if (utterances_.empty() || utterances_.back().id != id) utterances_.push_back({.id = id});
  std::string& all = utterances_.back().pcm;
  all.append(pcm, 0, limits::kUtteranceBytes - std::min(all.size(), limits::kUtteranceBytes));
  Pump();
}

void Speech::Complete(const std::string& id) {
  for (Utterance& utterance : utterances_) {
    if (utterance.id == id) utterance.complete = true;
  }
  Pump();
}

bool Speech::has(const std::string& id) const {
  return std::any_of(utterances_.begin(), utterances_.end(),
                     [&](const Utterance& utterance) { return utterance.id == id; });
}

void Speech::Pump() {
  if (utterances_.empty()) return;
  Utterance& now = utterances_.front();
  if (!std::exchange(now.begun, true)) listener_->OnUtteranceBegun(now.id);
  if (audio_ == nullptr) {
    // Nobody is there to hear it.
    now.sent = now.played = Samples(now.pcm);
    if (now.complete) Finish();
    return;
  }
  const int64_t end = std::min(Samples(now.pcm), now.played + limits::kSpeechAheadSamples);
  while (now.sent < end) {
    const int64_t n = std::min(kPieceSamples, end - now.sent);
    atrium::media::v1::StreamAudioRequest::Speech speech;
    speech.set_utterance(now.id);
    speech.set_position(now.sent);
    speech.set_pcm(now.pcm.substr(now.sent * kBytesASample, n * kBytesASample));
    now.sent += n;
    audio_->Speak(speech);
  }
  if (now.complete && now.sent == Samples(now.pcm) && !std::exchange(now.complete_sent, true)) {
    atrium::media::v1::StreamAudioRequest::Speech last;
    last.set_utterance(now.id);
    last.set_position(now.sent);
    last.set_last(true);
    audio_->Speak(last);
  }
}

void Speech::OnPlayed(const atrium::media::v1::StreamAudioResponse::Played& played) {
  if (utterances_.empty() || utterances_.front().id != played.utterance()) return;
  Utterance& now = utterances_.front();
  const int64_t before = now.played;
  now.played = std::clamp(played.position(), before, now.sent);
  if (now.played > before) {
    listener_->OnUtterancePlayed(
        now.pcm.substr(before * kBytesASample, (now.played - before) * kBytesASample));
  }
  if (played.ended() && now.complete_sent) return Finish();
  Pump();
}

void Speech::Finish() {
  const std::string id = utterances_.front().id;
  utterances_.pop_front();
  listener_->OnUtteranceEnded(id);
  Pump();
}

std::deque<Speech::Cut> Speech::CutOff() {
  std::deque<Cut> cuts;
  for (const Utterance& utterance : utterances_) {
    if (audio_ != nullptr) audio_->Flush(utterance.id);
    cuts.push_back(
        {utterance.id, utterance.played / kSamplesAMs, Samples(utterance.pcm) / kSamplesAMs});
  }
  utterances_.clear();
  return cuts;
}

}  // namespace atrium::control
