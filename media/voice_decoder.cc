#include "media/voice_decoder.h"

#include <opus/opus.h>

#include <algorithm>
#include <array>
#include <utility>

#include "media/frame.h"

namespace atrium::media {
namespace {

// Opus's longest: 120 ms.
constexpr size_t kLongestPacket = 2880;
// That many packets beyond a gap, and it is not waited for any longer.
constexpr size_t kOvertaken = 2;
// Missing packets that are made up; a longer gap is silence.
constexpr int64_t kMadeUp = 5;
// Whoever is so far from its place began anew.
constexpr int64_t kLeap = 250;

}  // namespace

void VoiceDecoder::FreeDecoder::operator()(OpusDecoder* decoder) const {
  opus_decoder_destroy(decoder);
}

// Decodes to 24 kHz mono at once: Opus does that without a resampler.
VoiceDecoder::VoiceDecoder(Output output)
    : output_(std::move(output)),
      decoder_(opus_decoder_create(kSampleRate, 1, nullptr)),
      packet_samples_(kFrameSamples) {}

VoiceDecoder::~VoiceDecoder() = default;

void VoiceDecoder::Take(uint16_t sequence, std::span<const uint8_t> opus) {
  if (decoder_ == nullptr) return;
  const auto ahead = static_cast<int16_t>(sequence - static_cast<uint16_t>(next_.value_or(0)));
  if (!next_ || ahead < -kLeap || ahead > kLeap) {
    // What waits belongs to what was before.
    waiting_.clear();
    made_up_ = 0;
    next_ = sequence;
  } else if (ahead < 0) {
    ++figures_.late;
    return;
  }
  const int64_t place = *next_ + static_cast<int16_t>(sequence - static_cast<uint16_t>(*next_));
  if (!waiting_.try_emplace(place, opus.begin(), opus.end()).second) ++figures_.late;
  Advance();
}

bool VoiceDecoder::MakeUp(bool beside) {
  if (decoder_ == nullptr || !next_) return false;
  if (!waiting_.empty()) {
    FillGap();
    next_ = waiting_.begin()->first;
    Advance();
    return true;
  }
  Run("", false, &figures_.concealed);
  if (!beside) ++made_up_;
  return false;
}

void VoiceDecoder::Advance() {
  // What was made up stands for what is missing; if the packet itself comes after all,
  // it is said too, and all that follows has its time more.
  if (!waiting_.empty()) {
    const int64_t missing = waiting_.begin()->first - *next_;
    next_ = *next_ + std::min(missing, std::exchange(made_up_, 0));
  }
  while (!waiting_.empty()) {
    if (waiting_.begin()->first > *next_) {
      if (waiting_.size() < kOvertaken) return;
      FillGap();
    }
    const auto packet = waiting_.extract(waiting_.begin());
    next_ = packet.key() + 1;
    Decode(packet.mapped());
  }
}

// Up to the first that waits.
void VoiceDecoder::FillGap() {
  const auto& [place, opus] = *waiting_.begin();
  const int64_t missing = std::min(place - *next_, kMadeUp);
  for (int64_t i = 1; i < missing; ++i) Run("", false, &figures_.concealed);
  Run(opus, true, &figures_.repaired);
}

void VoiceDecoder::Decode(const std::string& opus) {
  const int samples = opus_packet_get_nb_samples(reinterpret_cast<const uint8_t*>(opus.data()),
                                                 static_cast<opus_int32>(opus.size()), kSampleRate);
  const bool whole = samples > 0 && samples <= static_cast<int>(kLongestPacket);
  if (!whole) return Run("", false, &figures_.concealed);
  packet_samples_ = samples;
  Run(opus, false, &figures_.decoded);
}

// Without data Opus conceals.
void VoiceDecoder::Run(const std::string& opus, bool repair, int64_t* figure) {
  std::array<int16_t, kLongestPacket> pcm;
  const int made = opus_decode(
      decoder_.get(), opus.empty() ? nullptr : reinterpret_cast<const uint8_t*>(opus.data()),
      static_cast<opus_int32>(opus.size()), pcm.data(), packet_samples_, repair ? 1 : 0);
  if (made <= 0) return;
  ++*figure;
  output_({pcm.data(), static_cast<size_t>(made)});
}

}  // namespace atrium::media
