// What we take of a browser's offer or answer, and the answer around GStreamer's. GStreamer
// never sees a browser's SDP: it gets one that is written here from what was
// understood, with one m-line: the call's audio or a screen's video (S18). Pure.
#ifndef ATRIUM_MEDIA_OFFER_H_
#define ATRIUM_MEDIA_OFFER_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "media/address.h"

namespace atrium::media {

struct Offer {
  enum class Kind { kAudio, kVideo };  // Opus, VP8.
  // As in `a=fingerprint`; the digest in upper-case hex with colons.
  struct Fingerprint {
    std::string hash;
    std::string digest;
    friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
  };
  // An m-line that is answered with a refusal, or the place of the one that is taken.
  struct Media {
    std::string kind, protocol, formats, mid;
    bool taken = false;
  };

  Kind kind = Kind::kAudio;
  std::vector<Media> media;           // In the offer's order.
  int payload_type = 0;               // Of Opus or VP8.
  int congestion_extension = 0;       // The id of the transport-wide sequence; 0: none.
  std::vector<std::string> feedback;  // Of rtcp-fb, those that we know.
  std::string direction;              // The browser's: sendrecv, sendonly or recvonly.
  std::string mid, ufrag, password, setup;
  std::vector<Fingerprint> fingerprints;
  std::vector<std::string> candidates;  // Clean.
  bool bundled = false;
  bool ours = false;  // Nothing is known of the other end yet.

  bool sends() const { return direction != "recvonly"; }
  bool receives() const { return direction != "sendonly"; }
};

// INVALID_ARGUMENT with what is wrong.
absl::StatusOr<Offer> ParseOffer(std::string_view sdp, const AddressPolicy& policy,
                                 Offer::Kind kind = Offer::Kind::kAudio);
// What we offer somebody who watches a screen: to send VP8, and nothing else.
Offer OurOffer();
// What answers `sdp`, an offer of ours: as an offer of the other side that fits it.
// INVALID_ARGUMENT with what is wrong.
absl::StatusOr<Offer> ParseAnswer(std::string_view sdp, const AddressPolicy& policy);
// Whether it fits the offer that GStreamer made, and with its m-line's name if it gave none.
absl::Status FitAnswer(std::string_view offer, Offer* answer);
// As GStreamer wants a capsfilter or a codec preference of the m-line; without SSRC.
std::string WriteCaps(const Offer& offer);
// The offer, or the answer, for GStreamer.
std::string WriteOffer(const Offer& offer);
// GStreamer's answer to that with the other m-lines refused, each in its place.
std::string WriteAnswer(const Offer& offer, std::string_view answer);

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_OFFER_H_
