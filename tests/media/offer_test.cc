#include "media/offer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/str_cat.h"
#include "media/certificate.h"
#include "media/limits.h"
#include "tests/media/sdp_mutator.h"

namespace atrium::media {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kDigest[] =
    "F4:BC:09:AC:64:5D:E9:2D:30:74:80:F0:4C:B9:9E:16:02:55:75:FB:E0:7E:3B:15:17:57:81:CC:B7:DF:7B:"
    "E6";

std::string Audio() {
  return StrCat(
      "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n"
      "a=ice-ufrag:R6QR\r\na=ice-pwd:nQl5lViJCqMw0gY+Jb2Pv9CO\r\na=ice-options:trickle\r\n"
      "a=fingerprint:sha-256 ",
      kDigest,
      "\r\na=setup:actpass\r\na=mid:0\r\n"
      "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=sendrecv\r\na=msid:- t\r\na=rtcp-mux\r\n"
      "a=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\n"
      "a=fmtp:111 minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1\r\na=rtpmap:63 red/48000/2\r\n"
      "a=candidate:1 1 udp 2122 10.0.0.7 50000 typ host\r\n"
      "a=candidate:2 1 udp 2122 6a1b.local 50001 typ host\r\n"
      "a=candidate:3 1 udp 2122 169.254.169.254 80 typ host\r\n"
      "a=ssrc:771 cname:WLkj\r\n");
}
std::string Session(std::string_view bundle = "0") {
  return StrCat("v=0\r\no=- 61 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE ", bundle,
                "\r\n");
}
constexpr char kVideo[] =
    "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=rtpmap:96 VP8/90000\r\n";
constexpr char kChannel[] = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:2\r\n";

std::string Replaced(std::string_view from, std::string_view to) {
  return absl::StrReplaceAll(Session() + Audio(), {{ToAbsl(from), ToAbsl(to)}});
}

TEST(OfferTest, ABrowsersOfferIsUnderstood) {
  const auto offer = ParseOffer(Session() + Audio(), {});
  ASSERT_TRUE(offer.ok()) << offer.status();
  EXPECT_EQ(offer->payload_type, 111);
  EXPECT_EQ(offer->direction, "sendrecv");
  EXPECT_EQ(offer->ufrag, "R6QR");
  EXPECT_TRUE(offer->bundled);
  EXPECT_THAT(offer->fingerprints, testing::ElementsAre(Offer::Fingerprint{"sha-256", kDigest}));
}
TEST(OfferTest, S17_ForbiddenAndUnresolvedCandidatesAreDropped) {
  const auto offer = ParseOffer(Session() + Audio(), {});
  EXPECT_THAT(offer->candidates,
              testing::ElementsAre("candidate:1 1 udp 2122 10.0.0.7 50000 typ host"));
}
TEST(OfferTest, S18_GStreamerGetsOnlyWhatWasUnderstood) {
  const auto offer = ParseOffer(Session("0 1 2") + Audio() + kVideo + kChannel, {});
  ASSERT_TRUE(offer.ok());
  const std::string written = WriteOffer(*offer);
  EXPECT_THAT(written, HasSubstr("m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"));
  for (const char* gone :
       {"stereo", "m=video", "m=application", "red/", "extmap", "ssrc", ".local"}) {
    EXPECT_THAT(written, Not(HasSubstr(gone)));
  }
  EXPECT_TRUE(ParseOffer(written, {}).ok());
}
// A screen's offer, as a browser makes it.
std::string Screen() {
  return absl::StrReplaceAll(
      Session() + Audio(),
      {{"m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8", "m=video 9 UDP/TLS/RTP/SAVPF 98 96 97"},
       {"a=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\n",
        "a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 goog-remb\r\na=rtcp-fb:96 transport-cc\r\n"
        "a=rtcp-fb:96 ccm fir\r\na=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\n"
        "a=rtcp-fb:98 transport-cc\r\na=rtpmap:98 VP9/90000\r\na=extmap:3 "
        "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n"},
       {"a=sendrecv", "a=sendonly"}});
}
TEST(OfferTest, S18_OfAScreenOnlyVp8IsTaken) {
  const auto offer = ParseOffer(Screen(), {}, Offer::Kind::kVideo);
  ASSERT_TRUE(offer.ok()) << offer.status();
  EXPECT_EQ(offer->payload_type, 96);
  EXPECT_EQ(offer->congestion_extension, 3);
  EXPECT_THAT(offer->feedback, testing::ElementsAre("transport-cc", "ccm fir", "nack pli"));
  const std::string written = WriteOffer(*offer);
  EXPECT_THAT(written, HasSubstr("m=video 9 UDP/TLS/RTP/SAVPF 96\r\n"));
  for (const char* gone : {"VP9", "remb", "opus", "m=audio", "sdes"}) {
    EXPECT_THAT(written, Not(HasSubstr(gone)));
  }
  EXPECT_TRUE(ParseOffer(written, {}, Offer::Kind::kVideo).ok());
  EXPECT_FALSE(ParseOffer(Screen(), {}).ok()) << "it is no voice";
  EXPECT_FALSE(ParseOffer(Session() + Audio(), {}, Offer::Kind::kVideo).ok());
}
TEST(OfferTest, S18_OtherMLinesAreRefusedInTheirPlaces) {
  const auto offer = ParseOffer(Session("1 0 2") + kVideo + Audio() + kChannel, {});
  ASSERT_TRUE(offer.ok());
  const std::string answer = WriteAnswer(
      *offer, "v=0\r\na=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n");
  const size_t video = answer.find("m=video 0 "), audio = answer.find("m=audio 9 "),
               channel = answer.find("m=application 0 UDP/DTLS/SCTP webrtc-datachannel");
  ASSERT_NE(video, std::string::npos);
  ASSERT_NE(channel, std::string::npos);
  EXPECT_LT(video, audio);
  EXPECT_LT(audio, channel);
}

struct BadCase {
  const char* name;
  std::string sdp;
};
class BadOfferTest : public testing::TestWithParam<BadCase> {};
TEST_P(BadOfferTest, S18_IsRefusedWithAReason) {
  const auto offer = ParseOffer(GetParam().sdp, {});
  EXPECT_EQ(offer.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_GT(offer.status().message().size(), 10u);
}
INSTANTIATE_TEST_SUITE_P(
    All, BadOfferTest,
    testing::Values(BadCase{"Empty", ""}, BadCase{"Garbage", "hello\n"},
                    BadCase{"NoMedia", Session()},
                    BadCase{"TooLong", Session() + Audio() + std::string(limits::kSdpBytes, 'a')},
                    BadCase{"TooManyLines",
                            [] {
                              std::string sdp = Session() + Audio();
                              for (int i = 0; i < 2001; ++i) sdp += "a=x\r\n";
                              return sdp;
                            }()},
                    BadCase{"TooManyMLines",
                            [] {
                              std::string sdp = Session() + Audio();
                              for (int i = 0; i < 8; ++i) sdp += kVideo;
                              return sdp;
                            }()},
                    BadCase{"OnlyVideo", Session() + kVideo},
                    BadCase{"NoOpus", Replaced("opus/48000/2", "speex/8000")},
                    BadCase{"OpusUnlisted", Replaced("SAVPF 111", "SAVPF 112")},
                    BadCase{"NoFingerprint", Replaced("a=fingerprint", "a=nofingerprint")},
                    BadCase{"WeakFingerprint", Replaced("sha-256", "sha-1")},
                    BadCase{"ShortFingerprint", Replaced(":E6", "")},
                    BadCase{"NoEncryption", Replaced("UDP/TLS/RTP/SAVPF", "RTP/AVP")},
                    BadCase{"NoUfrag", Replaced("a=ice-ufrag", "a=x")},
                    BadCase{"ShortPassword", Replaced("nQl5lViJCqMw0gY+", "")},
                    BadCase{"NoSetup", Replaced("a=setup:actpass", "a=setup:holdconn")},
                    BadCase{"NoMux", Replaced("a=rtcp-mux\r\n", "")},
                    BadCase{"Inactive", Replaced("a=sendrecv", "a=inactive")},
                    BadCase{"MidInjection", Replaced("a=mid:0", "a=mid:0 evil")},
                    BadCase{"ControlCharacters", Replaced("a=msid:- t", "a=msid:- \x01")},
                    BadCase{"NotAscii", Replaced("a=msid:- t", "a=msid:- \xff")}),
    [](const auto& info) { return std::string(info.param.name); });

// Whether GStreamer may see it: nothing but the lines that we write ourselves.
void ExpectClean(const std::string& written) {
  static const std::vector<std::string> kLines = {
      "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE ",
      "m=audio 9 UDP/TLS/RTP/SAVPF ", "m=video 9 UDP/TLS/RTP/SAVPF ", "c=IN IP4 0.0.0.0",
      "a=rtcp:9 IN IP4 0.0.0.0", "a=ice-ufrag:", "a=ice-pwd:", "a=setup:", "a=mid:",
      "a=sendrecv", "a=sendonly", "a=recvonly", "a=rtcp-mux", "a=rtpmap:", "a=fmtp:",
      "a=rtcp-fb:", "a=extmap:", "a=fingerprint:sha-", "a=candidate:"};
  int media = 0;
  for (absl::string_view line : absl::StrSplit(written, "\r\n", absl::SkipEmpty())) {
    ASSERT_TRUE(std::any_of(kLines.begin(), kLines.end(), [&](const std::string& known) {
      return absl::StartsWith(line, known);
    })) << line;
    ASSERT_TRUE(std::all_of(line.begin(), line.end(), [](char c) { return c >= 32 && c < 127; }));
    ASSERT_LT(line.size(), 600u);
    media += absl::StartsWith(line, "m=");
    if (absl::StartsWith(line, "a=rtpmap:")) {
      ASSERT_TRUE(absl::EndsWith(line, " opus/48000/2") || absl::EndsWith(line, " VP8/90000"));
    }
    if (absl::StartsWith(line, "a=candidate:")) {
      ASSERT_FALSE(CleanCandidate(ToStd(line.substr(12)), {}).empty()) << line;
    }
  }
  ASSERT_EQ(media, 1);
}

TEST(OfferTest, S18_R25_AHundredThousandMutatedSdpsNeverBreakTheParserNorPassWhatIsNotClean) {
  SdpMutator mutator(7);
  const std::string voice = Session("0 1") + Audio() + kVideo, screen = Screen();
  int taken = 0;
  for (int i = 0; i < 100000; ++i) {
    const bool video = i % 2 == 1;
    const auto kind = video ? Offer::Kind::kVideo : Offer::Kind::kAudio;
    const std::string sdp = mutator.Next(video ? screen : voice);
    const auto offer = ParseOffer(sdp, {}, kind);
    if (video) ParseAnswer(sdp, {}).status().IgnoreError();
    if (!offer.ok()) continue;
    ++taken;
    const std::string written = WriteOffer(*offer);
    ASSERT_NO_FATAL_FAILURE(ExpectClean(written));
    ASSERT_TRUE(ParseOffer(written, {}, kind).ok()) << written;
    WriteAnswer(*offer, written);
  }
  EXPECT_GT(taken, 5000);
}

TEST(CertificateTest, TheDigestIsThatOfTheCertificate) {
  // SHA-256 of the three bytes "abc".
  const std::string pem = "-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n";
  const std::string digest =
      "BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:B0:03:61:A3:96:17:7A:9C:B4:10:FF:61:F2:00:"
      "15:AD";
  EXPECT_EQ(DigestOf(pem, "sha-256"), digest);
  EXPECT_TRUE(IsPromised(pem, {{"sha-256", kDigest}, {"sha-256", digest}}));
  EXPECT_FALSE(IsPromised(pem, {{"sha-256", kDigest}}));
  EXPECT_FALSE(IsPromised(pem, {{"sha-1", ""}}));
  EXPECT_FALSE(IsPromised("", {{"sha-256", ""}}));
}

}  // namespace
}  // namespace atrium::media
