// VoiceDecoder turns one voice's Opus packets, as the network brings them, into samples:
// in their order, each once. A missing packet is waited for until two that follow it
// are there, or until what was decoded before is used up (MakeUp); then it is made of what
// the next one repeats of it (in-band FEC, RFC 6716, section 2.1.7), or of what was before
// (PLC).
//
// Nothing waits for a timer: without loss a packet is decoded as it comes. On one thread
// at a time.
#ifndef ATRIUM_MEDIA_VOICE_DECODER_H_
#define ATRIUM_MEDIA_VOICE_DECODER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>

struct OpusDecoder;

namespace atrium::media {

class VoiceDecoder {
 public:
  // Samples at kSampleRate, mono; valid during the call.
  using Output = std::function<void(std::span<const int16_t>)>;
  // Packets of each kind, for tests and figures.
  struct Figures {
    int64_t decoded = 0;    // As they were.
    int64_t repaired = 0;   // From what the next one repeats, if it does.
    int64_t concealed = 0;  // From what was before.
    int64_t late = 0;       // Once more, or after they were given up.
  };

  explicit VoiceDecoder(Output output);
  ~VoiceDecoder();
  VoiceDecoder(const VoiceDecoder&) = delete;
  VoiceDecoder& operator=(const VoiceDecoder&) = delete;

  // One packet: its place in RTP's numbers, which wrap, and its Opus payload, whatever it is.
  void Take(uint16_t sequence, std::span<const uint8_t> opus);
  // Whoever listens needs a packet's time of samples now. Gives what waits beyond a gap,
  // with the gap filled, and returns true; or, if nothing does, makes up one packet from
  // what was before: in the place of the next one, should that turn out to be lost; or
  // `beside` it, so that from now on what comes has more time.
  bool MakeUp(bool beside);
  const Figures& figures() const { return figures_; }

 private:
  struct FreeDecoder {
    void operator()(OpusDecoder* decoder) const;
  };
  void Advance();
  void FillGap();
  void Decode(const std::string& opus);
  void Run(const std::string& opus, bool repair, int64_t* figure);

  const Output output_;
  const std::unique_ptr<OpusDecoder, FreeDecoder> decoder_;
  std::optional<int64_t> next_;             // Counted on from the first's.
  std::map<int64_t, std::string> waiting_;  // Beyond a gap; few.
  int packet_samples_;                      // Of the last one.
  int64_t made_up_ = 0;                     // In the places of the next ones.
  Figures figures_;
};

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_VOICE_DECODER_H_
