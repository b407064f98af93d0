#include "control/agent/offline/g711.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace atrium::agent {
namespace {

constexpr int kMuBias = 0x84;

int16_t MuSample(uint8_t code) {
  code = ~code;
  const int magnitude = (((code & 0x0f) << 3) + kMuBias) << ((code >> 4) & 7);
  return static_cast<int16_t>((code & 0x80) != 0 ? kMuBias - magnitude : magnitude - kMuBias);
}

int16_t ASample(uint8_t code) {
  code ^= 0x55;
  const int exponent = (code >> 4) & 7;
  int magnitude = ((code & 0x0f) << 4) + 8;
  if (exponent > 0) magnitude = (magnitude + 0x100) << (exponent - 1);
  return static_cast<int16_t>((code & 0x80) != 0 ? magnitude : -magnitude);
}

int16_t Sample(G711 law, uint8_t code) { return law == G711::kMu ? MuSample(code) : ASample(code); }

// The code whose sample is nearest to each 16th sample.
const std::array<uint8_t, 4096>& Codes(G711 law) {
  const auto make = [](G711 of) {
    std::array<uint8_t, 4096> codes{};
    for (int i = 0; i < 4096; ++i) {
      const int wanted = (i - 2048) * 16 + 8;
      int best = 1 << 30;
      for (int code = 0; code < 256; ++code) {
        const int distance = std::abs(Sample(of, static_cast<uint8_t>(code)) - wanted);
        if (distance >= best) continue;
        best = distance;
        codes[i] = static_cast<uint8_t>(code);
      }
    }
    return codes;
  };
  static const std::array<uint8_t, 4096> kMu = make(G711::kMu), kA = make(G711::kA);
  return law == G711::kMu ? kMu : kA;
}

}  // namespace

std::vector<int16_t> FromG711(G711 law, const std::string& bytes) {
  std::vector<int16_t> samples;
  samples.reserve(bytes.size());
  for (const char byte : bytes) samples.push_back(Sample(law, static_cast<uint8_t>(byte)));
  return samples;
}

std::string ToG711(G711 law, const std::vector<int16_t>& samples) {
  const std::array<uint8_t, 4096>& codes = Codes(law);
  std::string bytes;
  bytes.reserve(samples.size());
  for (const int16_t sample : samples) bytes += static_cast<char>(codes[(sample >> 4) + 2048]);
  return bytes;
}

}  // namespace atrium::agent
