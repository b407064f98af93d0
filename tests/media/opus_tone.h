// A tone in Opus packets of 20 ms, each of which repeats the one before.
#ifndef ATRIUM_TESTS_MEDIA_OPUS_TONE_H_
#define ATRIUM_TESTS_MEDIA_OPUS_TONE_H_

#include <opus/opus.h>

#include <string>
#include <vector>

#include "media/frame.h"
#include "tests/media/tones.h"

namespace atrium::media {

inline constexpr double kOpusToneHertz = 300;

inline std::vector<std::string> OpusTone(int count) {
  int error = 0;
  OpusEncoder* encoder = opus_encoder_create(kSampleRate, 1, OPUS_APPLICATION_VOIP, &error);
  opus_encoder_ctl(encoder, OPUS_SET_BITRATE(32000));
  opus_encoder_ctl(encoder, OPUS_SET_INBAND_FEC(1));
  opus_encoder_ctl(encoder, OPUS_SET_PACKET_LOSS_PERC(20));
  std::vector<std::string> packets;
  for (int i = 0; i < count; ++i) {
    const Frame frame = ToneFrame(kOpusToneHertz, 8000, i * static_cast<int64_t>(kFrameSamples));
    std::string packet(1500, '\0');
    const int size = opus_encode(encoder, frame.data(), kFrameSamples,
                                 reinterpret_cast<uint8_t*>(packet.data()), 1500);
    packets.emplace_back(packet, 0, static_cast<size_t>(size));
  }
  opus_encoder_destroy(encoder);
  return packets;
}

}  // namespace atrium::media

#endif  // ATRIUM_TESTS_MEDIA_OPUS_TONE_H_
