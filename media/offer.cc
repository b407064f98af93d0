#include "media/offer.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/status_macros.h"
#include "common/str_cat.h"
#include "media/errors.h"
#include "media/limits.h"

namespace atrium::media {
namespace {

using Words = std::vector<std::string>;

// One m-line and its attributes, or what stands before the first.
struct Section {
  std::string line;  // After "m=".
  std::vector<std::pair<std::string, std::string>> attributes;

  std::string Get(std::string_view name) const {
    for (const auto& [key, value] : attributes) {
      if (key == name) return value;
    }
    return "";
  }
  bool Has(std::string_view name) const {
    return std::any_of(attributes.begin(), attributes.end(),
                       [&](const auto& a) { return a.first == name; });
  }
};

bool IsWord(std::string_view text, size_t least, size_t most, std::string_view marks) {
  return text.size() >= least && text.size() <= most &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                  marks.find(c) != std::string_view::npos;
         });
}
bool IsMid(std::string_view text) { return IsWord(text, 1, 32, "-_.+"); }

// Session first, then one section for each m-line.
absl::StatusOr<std::vector<Section>> Split(std::string_view sdp) {
  if (sdp.size() > limits::kSdpBytes) return OfferTooLong(sdp.size());
  std::vector<Section> sections(1);
  size_t lines = 0;
  for (absl::string_view raw : absl::StrSplit(ToAbsl(sdp), '\n')) {
    const std::string_view line = ToStd(absl::StripTrailingAsciiWhitespace(raw));
    if (line.empty()) continue;
    if (++lines > limits::kSdpLines) return BadSdp("has too many lines");
    if (line.size() < 2 || line[1] != '=') return BadSdp("is not an SDP");
    if (std::any_of(line.begin(), line.end(), [](char c) { return c < 32 || c > 126; })) {
      return BadSdp("holds control or non-ASCII characters");
    }
    if (lines == 1 && line != "v=0") return BadSdp("does not begin with v=0");
    if (line[0] == 'm') {
      if (sections.size() > limits::kSdpMedia) return BadSdp("has too many m-lines");
      sections.push_back({.line = std::string(line.substr(2))});
    } else if (line[0] == 'a') {
      const size_t colon = line.find(':');
      const bool bare = colon == std::string_view::npos;
      sections.back().attributes.emplace_back(line.substr(2, bare ? colon : colon - 2),
                                              bare ? "" : line.substr(colon + 1));
    }
  }
  return sections;
}

// What is taken of a kind.
struct Codec {
  const char* media;
  const char* rtpmap;
  const char* name;  // For people.
};
constexpr Codec kOpus = {"audio", "opus/48000/2", "Opus"};
constexpr Codec kVp8 = {"video", "VP8/90000", "VP8"};
const Codec& CodecOf(Offer::Kind kind) { return kind == Offer::Kind::kAudio ? kOpus : kVp8; }

constexpr char kCongestionUri[] =
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

// The codec's payload type among the m-line's formats; -1 if there is none.
int PayloadOf(const Codec& codec, const Section& section, const Words& m) {
  const std::set<std::string> formats(m.begin() + 3, m.end());
  for (const auto& [key, value] : section.attributes) {
    if (key != "rtpmap") continue;
    const Words words = absl::StrSplit(value, ' ', absl::SkipEmpty());
    int type = -1;
    if (words.size() != 2 || !absl::EqualsIgnoreCase(words[1], codec.rtpmap)) continue;
    if (formats.count(words[0]) == 0 || !absl::SimpleAtoi(words[0], &type)) continue;
    // Outside of RTCP's range and of the static types.
    if ((type >= 96 && type <= 127) || (type >= 35 && type <= 63)) return type;
  }
  return -1;
}

absl::StatusOr<std::vector<Offer::Fingerprint>> Fingerprints(const Section& session,
                                                             const Section& media) {
  static const std::map<std::string, size_t> kBytes = {
      {"sha-256", 32}, {"sha-384", 48}, {"sha-512", 64}};
  const Section& from = media.Has("fingerprint") ? media : session;
  std::vector<Offer::Fingerprint> found;
  for (const auto& [key, value] : from.attributes) {
    if (key != "fingerprint") continue;
    const Words words = absl::StrSplit(value, ' ', absl::SkipEmpty());
    if (words.size() != 2) return BadSdp("has a malformed a=fingerprint");
    const auto hash = kBytes.find(absl::AsciiStrToLower(words[0]));
    if (hash == kBytes.end()) continue;
    if (words[1].size() != hash->second * 3 - 1 || !IsWord(words[1], 1, 256, ":")) {
      return BadSdp("has a malformed a=fingerprint");
    }
    found.push_back({hash->first, absl::AsciiStrToUpper(words[1])});
    if (found.size() > 4) return BadSdp("has too many fingerprints");
  }
  if (found.empty()) return BadSdp("has no a=fingerprint of SHA-256, SHA-384 or SHA-512");
  return found;
}

// What a screen needs beside its codec: key frames on demand, and how the link is.
void ReadVideo(const Section& section, Offer* offer) {
  const std::string type = StrCat(offer->payload_type);
  for (const auto& [key, value] : section.attributes) {
    const Words words = absl::StrSplit(value, absl::MaxSplits(' ', 1));
    if (words.size() != 2) continue;
    if (key == "rtcp-fb" && (words[0] == type || words[0] == "*")) {
      for (const char* known : {"nack pli", "ccm fir", "transport-cc"}) {
        if (words[1] == known) offer->feedback.push_back(known);
      }
    }
    int id = 0;
    if (key == "extmap" && words[1] == kCongestionUri && absl::SimpleAtoi(words[0], &id) &&
        id >= 1 && id <= 14) {
      offer->congestion_extension = id;
    }
  }
}

absl::Status ReadMedia(const Section& session, const Section& section, const Words& m,
                       const AddressPolicy& policy, Offer* offer) {
  const Codec& codec = CodecOf(offer->kind);
  const auto get = [&](std::string_view name) {
    return section.Has(name) ? section.Get(name) : session.Get(name);
  };
  if (m[2] != "UDP/TLS/RTP/SAVPF") return BadSdp("must use UDP/TLS/RTP/SAVPF");
  if (!section.Has("rtcp-mux")) return BadSdp("must have a=rtcp-mux");
  offer->payload_type = PayloadOf(codec, section, m);
  if (offer->payload_type < 0) return BadSdp(StrCat("has no ", codec.name));
  if (offer->kind == Offer::Kind::kVideo) ReadVideo(section, offer);
  offer->direction = "sendrecv";
  for (const char* direction : {"sendonly", "recvonly", "inactive"}) {
    if (section.Has(direction)) offer->direction = direction;
  }
  if (offer->direction == "inactive") return BadSdp(StrCat("has inactive ", codec.media));
  offer->ufrag = get("ice-ufrag");
  offer->password = get("ice-pwd");
  if (!IsWord(offer->ufrag, 4, 256, "+/") || !IsWord(offer->password, 22, 256, "+/")) {
    return BadSdp("has no proper a=ice-ufrag and a=ice-pwd");
  }
  offer->setup = get("setup");
  if (offer->setup != "actpass" && offer->setup != "active" && offer->setup != "passive") {
    return BadSdp("has no proper a=setup");
  }
  ASSIGN_OR_RETURN(offer->fingerprints, Fingerprints(session, section));
  for (const auto& [key, value] : section.attributes) {
    if (key != "candidate" || offer->candidates.size() >= limits::kCandidates) continue;
    std::string clean = CleanCandidate(value, policy);
    if (!clean.empty()) offer->candidates.push_back(std::move(clean));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Offer> ParseOffer(std::string_view sdp, const AddressPolicy& policy,
                                 Offer::Kind kind) {
  ASSIGN_OR_RETURN(const std::vector<Section> sections, Split(sdp));
  Offer offer;
  offer.kind = kind;
  bool found = false;
  for (size_t i = 1; i < sections.size(); ++i) {
    const Words m = absl::StrSplit(sections[i].line, ' ', absl::SkipEmpty());
    // Also `kind`, protocol and formats are words that we repeat.
    if (m.size() < 4 || m.size() > 64 || !IsWord(m[0], 1, 32, "-") || !IsWord(m[2], 1, 32, "/-") ||
        !std::all_of(m.begin() + 3, m.end(), [](const auto& f) { return IsWord(f, 1, 32, "-"); })) {
      return BadSdp("has a malformed m-line");
    }
    const std::string mid = sections[i].Get("mid");
    if (!mid.empty() && !IsMid(mid)) return BadSdp("has a malformed a=mid");
    const bool taken = !found && m[0] == CodecOf(kind).media && m[1] != "0";
    offer.media.push_back({m[0], m[2], absl::StrJoin(m.begin() + 3, m.end(), " "), mid, taken});
    if (!taken) continue;
    found = true;
    offer.mid = mid.empty() ? "0" : mid;
    RETURN_IF_ERROR(ReadMedia(sections[0], sections[i], m, policy, &offer));
  }
  if (!found) return BadSdp(StrCat("has no ", CodecOf(kind).media));
  for (const auto& [key, value] : sections[0].attributes) {
    const Words words = absl::StrSplit(value, ' ', absl::SkipEmpty());
    if (key == "group" && !words.empty() && words[0] == "BUNDLE") {
      offer.bundled |= std::count(words.begin(), words.end(), offer.mid) > 0;
    }
  }
  return offer;
}

Offer OurOffer() {
  Offer offer;
  offer.kind = Offer::Kind::kVideo;
  offer.payload_type = 96;
  offer.congestion_extension = 1;
  offer.feedback = {"nack pli", "ccm fir", "transport-cc"};
  offer.direction = "recvonly";
  offer.bundled = true;
  offer.ours = true;
  return offer;
}

absl::StatusOr<Offer> ParseAnswer(std::string_view sdp, const AddressPolicy& policy) {
  ASSIGN_OR_RETURN(Offer answer, ParseOffer(sdp, policy, Offer::Kind::kVideo));
  if (answer.media.size() != 1) return BadSdp("has other m-lines than were offered");
  if (answer.payload_type != OurOffer().payload_type) {
    return BadSdp("has another payload type than was offered");
  }
  if (answer.setup == "actpass") return BadSdp("has no proper a=setup");
  if (!answer.receives()) return BadSdp("does not receive video");
  answer.direction = "recvonly";
  return answer;
}

absl::Status FitAnswer(std::string_view offer, Offer* answer) {
  const absl::StatusOr<std::vector<Section>> sections = Split(offer);
  if (!sections.ok()) return sections.status();
  if (sections->size() != 2) return BadSdp("answers an offer of more than one m-line");
  const std::string mid = sections->at(1).Get("mid");
  if (!answer->media[0].mid.empty() && answer->mid != mid) {
    return BadSdp("has another a=mid than was offered");
  }
  answer->mid = mid;
  // Only what was offered may be used.
  if (answer->congestion_extension != OurOffer().congestion_extension) {
    answer->congestion_extension = 0;
  }
  return absl::OkStatus();
}

std::string WriteCaps(const Offer& offer) {
  if (offer.kind == Offer::Kind::kAudio) {
    return StrCat("application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000,payload=",
                  offer.payload_type);
  }
  std::string caps =
      StrCat("application/x-rtp,media=video,encoding-name=VP8,clock-rate=90000,payload=",
             offer.payload_type);
  for (const std::string& feedback : offer.feedback) {
    StrAppend(&caps, ",rtcp-fb-", absl::StrReplaceAll(ToAbsl(feedback), {{" ", "-"}}), "=true");
  }
  if (offer.congestion_extension != 0) {
    StrAppend(&caps, ",extmap-", offer.congestion_extension, "=", kCongestionUri);
  }
  return caps;
}

std::string WriteOffer(const Offer& offer) {
  const int type = offer.payload_type;
  const Codec& codec = CodecOf(offer.kind);
  std::string sdp = StrCat(
      "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE ", offer.mid,
      "\r\nm=", codec.media, " 9 UDP/TLS/RTP/SAVPF ", type,
      "\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0", "\r\na=ice-ufrag:", offer.ufrag,
      "\r\na=ice-pwd:", offer.password, "\r\na=setup:", offer.setup, "\r\na=mid:", offer.mid,
      "\r\na=", offer.direction, "\r\na=rtcp-mux\r\na=rtpmap:", type, " ", codec.rtpmap, "\r\n");
  if (offer.kind == Offer::Kind::kAudio) {
    StrAppend(&sdp, "a=fmtp:", type, " minptime=10;useinbandfec=1\r\n");
  }
  for (const std::string& feedback : offer.feedback) {
    StrAppend(&sdp, "a=rtcp-fb:", type, " ", feedback, "\r\n");
  }
  if (offer.congestion_extension != 0) {
    StrAppend(&sdp, "a=extmap:", offer.congestion_extension, " ", kCongestionUri, "\r\n");
  }
  for (const Offer::Fingerprint& f : offer.fingerprints) {
    StrAppend(&sdp, "a=fingerprint:", f.hash, " ", f.digest, "\r\n");
  }
  for (const std::string& candidate : offer.candidates) StrAppend(&sdp, "a=", candidate, "\r\n");
  return sdp;
}

std::string WriteAnswer(const Offer& offer, std::string_view answer) {
  const size_t m = answer.find(StrCat("m=", CodecOf(offer.kind).media));
  if (m == std::string_view::npos) return "";
  std::string session(answer.substr(0, m)), taken(answer.substr(m));
  if (!offer.bundled) {
    // No group was offered, so none may be answered.
    const size_t group = session.find("a=group:");
    if (group != std::string::npos) session.erase(group, session.find('\n', group) + 1 - group);
  }
  std::string out = session;
  for (const Offer::Media& media : offer.media) {
    if (media.taken) {
      out += taken;
      continue;
    }
    StrAppend(&out, "m=", media.kind, " 0 ", media.protocol, " ", media.formats,
              "\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\n");
    if (!media.mid.empty()) StrAppend(&out, "a=mid:", media.mid, "\r\n");
  }
  return out;
}

}  // namespace atrium::media
