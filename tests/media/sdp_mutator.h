// SdpMutator damages session descriptions, the same way in every run.
#ifndef ATRIUM_TESTS_MEDIA_SDP_MUTATOR_H_
#define ATRIUM_TESTS_MEDIA_SDP_MUTATOR_H_

#include <cstdint>
#include <random>
#include <string>

namespace atrium::media {

class SdpMutator {
 public:
  explicit SdpMutator(uint32_t seed) : random_(seed) {}

  // `good` with one to five wounds.
  std::string Next(const std::string& good) {
    std::string sdp = good;
    for (uint32_t n = random_() % 5 + 1; n > 0 && !sdp.empty(); --n) Wound(&sdp);
    return sdp;
  }

 private:
  void Wound(std::string* sdp) {
    static constexpr const char* kPieces[] = {"\r\na=",
                                              "\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111",
                                              "%n%s",
                                              "\r\na=candidate:",
                                              ":",
                                              " ",
                                              "a=rtpmap:111 opus/48000/2\r\n",
                                              "-1",
                                              "99999999999999999999",
                                              "\r",
                                              "\n\n",
                                              "0.0.0.0"};
    const size_t at = random_() % sdp->size();
    switch (random_() % 6) {
      case 0:
        (*sdp)[at] = static_cast<char>(random_());
        return;
      case 1:
        sdp->erase(at, random_() % 40);
        return;
      case 2:
        sdp->insert(at, sdp->substr(random_() % sdp->size(), random_() % 60));
        return;
      case 3:
        sdp->insert(at, kPieces[random_() % std::size(kPieces)]);
        return;
      case 4:
        // A whole line goes, or comes twice.
        if (const size_t end = sdp->find('\n', at); end != std::string::npos) {
          const size_t begin = sdp->rfind('\n', at) + 1;
          if (random_() % 2 == 0) {
            sdp->erase(begin, end + 1 - begin);
          } else {
            sdp->insert(begin, sdp->substr(begin, end + 1 - begin));
          }
        }
        return;
      case 5:
        (*sdp)[at] = static_cast<char>((*sdp)[at] ^ (1 << random_() % 8));
        return;
    }
  }

  std::mt19937 random_;
};

}  // namespace atrium::media

#endif  // ATRIUM_TESTS_MEDIA_SDP_MUTATOR_H_
