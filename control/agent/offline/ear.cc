#include "control/agent/offline/ear.h"

#include <utility>

#include "control/agent/offline/g711.h"
#include "control/agent/offline/limits.h"

namespace atrium::agent {
namespace {

constexpr int kPcmRate = 24000, kG711Rate = 8000, kOurRate = 16000;

bool IsPcm(const std::string& format) { return format == "audio/pcm"; }
G711 LawOf(const std::string& format) { return format == "audio/pcmu" ? G711::kMu : G711::kA; }

std::vector<int16_t> Samples(const std::string& bytes) {
  std::vector<int16_t> samples(bytes.size() / sizeof(int16_t));
  bytes.copy(reinterpret_cast<char*>(samples.data()), samples.size() * sizeof(int16_t));
  return samples;
}

}  // namespace

void Ear::Set(const std::string& format, bool detect, int silence_ms) {
  endpointer_.SetSilence(silence_ms);
  if (format != std::exchange(format_, format)) {
    resampler_ = std::make_unique<Resampler>(IsPcm(format) ? kPcmRate : kG711Rate, kOurRate);
  }
  if (detect != std::exchange(detect_, detect)) endpointer_.Discard();
}

void Ear::Append(const std::string& bytes) {
  const std::vector<int16_t> in =
      IsPcm(format_) ? Samples(bytes) : FromG711(LawOf(format_), bytes);
  const std::vector<int16_t> heard = resampler_->Process(in.data(), in.size());
  pending_.insert(pending_.end(), heard.begin(), heard.end());
  if (pending_.size() > limits::kPendingSamples) {
    pending_.erase(pending_.begin(), pending_.end() - static_cast<int64_t>(limits::kPendingSamples));
  }
  endpointer_.Process(heard);
}

std::vector<int16_t> Ear::Take() {
  endpointer_.Discard();
  return std::exchange(pending_, {});
}

void Ear::OnBegin(int64_t at_ms) {
  if (detect_) listener_->OnBegin(at_ms);
}

void Ear::OnEnd(int64_t at_ms, std::vector<int16_t> utterance) {
  if (!detect_) return;
  pending_.clear();
  listener_->OnEnd(at_ms, utterance);
}

std::string ToFormat(const std::string& format, const std::string& pcm) {
  if (IsPcm(format)) return pcm;
  const std::vector<int16_t> samples = Samples(pcm);
  return ToG711(LawOf(format),
                Resampler(kPcmRate, kG711Rate).Process(samples.data(), samples.size()));
}

int64_t BytesAMs(const std::string& format) { return IsPcm(format) ? kPcmRate * 2 / 1000 : kG711Rate / 1000; }

}  // namespace atrium::agent
