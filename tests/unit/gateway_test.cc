// The gateway's pure parts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "gateway/bridge/ring.h"
#include "gateway/http/guard.h"
#include "gateway/ws/frame.h"

namespace atrium::gateway {
namespace {

using ws::FrameReader;
using ws::Message;
using ws::Opcode;

// A client's frame.
std::string Frame(int first, std::string payload, bool masked = true) {
  std::string frame(1, static_cast<char>(first));
  const size_t n = payload.size();
  const char mask_bit = static_cast<char>(masked ? 0x80 : 0);
  if (n < 126) {
    frame += static_cast<char>(mask_bit | static_cast<char>(n));
  } else if (n <= 0xffff) {
    frame += static_cast<char>(mask_bit | 126);
    frame += static_cast<char>(n >> 8);
    frame += static_cast<char>(n);
  } else {
    frame += static_cast<char>(mask_bit | 127);
    for (int i = 7; i >= 0; --i) frame += static_cast<char>(static_cast<uint64_t>(n) >> (8 * i));
  }
  const std::string mask = "\x01\x02\x83\x04";
  if (masked) {
    frame += mask;
    for (size_t i = 0; i < n; ++i) payload[i] ^= mask[i & 3];
  }
  return frame + payload;
}

struct Read {
  std::vector<Message> messages;
  std::optional<ws::Violation> violation;
};
Read ReadAll(const std::string& bytes, size_t step = 1 << 20, size_t max = 1 << 20) {
  FrameReader reader(max);
  Read read;
  for (size_t at = 0; at < bytes.size() && !read.violation; at += step) {
    read.violation = reader.Feed(std::string_view(bytes).substr(at, step), [&](Message message) {
      read.messages.push_back(std::move(message));
      return true;
    });
  }
  return read;
}

TEST(FrameReaderTest, ReadsMessagesHoweverTheBytesAreSplit) {
  std::mt19937 random(3);
  std::string bytes;
  std::vector<std::string> sent;
  for (size_t size : {0, 1, 125, 126, 127, 65535, 65536, 70000}) {
    std::string payload(size, 'x');
    for (char& c : payload) c = static_cast<char>('a' + random() % 26);
    sent.push_back(payload);
    bytes += Frame(0x82, payload);
  }
  for (size_t step : {size_t{1}, size_t{2}, size_t{3}, size_t{7}, size_t{4096}, bytes.size()}) {
    const Read read = ReadAll(bytes, step);
    ASSERT_FALSE(read.violation) << step;
    ASSERT_EQ(read.messages.size(), sent.size());
    for (size_t i = 0; i < sent.size(); ++i) EXPECT_TRUE(read.messages[i].payload == sent[i]);
  }
}

TEST(FrameReaderTest, JoinsFragmentsAndLetsControlFramesBetweenThem) {
  const Read read = ReadAll(Frame(0x01, "hel") + Frame(0x89, "p") + Frame(0x00, "l") + Frame(0x80, "o"));
  ASSERT_FALSE(read.violation);
  ASSERT_EQ(read.messages.size(), 2u);
  EXPECT_EQ(read.messages[0].opcode, Opcode::kPing);
  EXPECT_EQ(read.messages[1].payload, "hello");
}

struct Bad {
  const char* what;
  std::string bytes;
  int code;
};
class FrameViolationTest : public testing::TestWithParam<Bad> {};
TEST_P(FrameViolationTest, S5IsClosedWithItsCode) {
  const Read read = ReadAll(GetParam().bytes, 1, 1000);
  ASSERT_TRUE(read.violation) << GetParam().what;
  EXPECT_EQ(read.violation->code, GetParam().code) << GetParam().what;
}
INSTANTIATE_TEST_SUITE_P(
    All, FrameViolationTest,
    testing::Values(
        Bad{"not masked", Frame(0x81, "x", false), 1002}, Bad{"reserved bit", Frame(0xc1, "x"), 1002},
        Bad{"reserved opcode", Frame(0x83, "x"), 1002}, Bad{"reserved control", Frame(0x8b, "x"), 1002},
        Bad{"fragmented ping", Frame(0x09, "x"), 1002},
        Bad{"long ping", Frame(0x89, std::string(126, 'x')), 1002},
        Bad{"nothing to continue", Frame(0x80, "x"), 1002},
        Bad{"new message inside one", Frame(0x01, "x") + Frame(0x81, "y"), 1002},
        Bad{"text is not UTF-8", Frame(0x81, "\xc3\x28"), 1007},
        Bad{"close of one byte", Frame(0x88, "x"), 1002},
        Bad{"close code 1005", Frame(0x88, std::string("\x03\xed", 2)), 1002},
        Bad{"close code 999", Frame(0x88, std::string("\x03\xe7", 2)), 1002},
        Bad{"close reason is not UTF-8", Frame(0x88, std::string("\x03\xe8\xff", 3)), 1007},
        Bad{"too big", Frame(0x82, std::string(1001, 'x')), 1009},
        Bad{"too big in fragments", Frame(0x02, std::string(600, 'x')) + Frame(0x80, std::string(600, 'x')), 1009},
        Bad{"length not minimal", std::string("\x82\xfe\x00\x05", 4) + "mask", 1002},
        Bad{"2^63 bytes", std::string("\x82\xff\x80\0\0\0\0\0\0\0", 10) + "mask", 1002}));

TEST(FrameReaderTest, R27AGiantFrameIsRefusedBeforeAnyOfItIsHeld) {
  FrameReader reader(1 << 20);
  const std::string header = std::string("\x82\xff\0\0\0\0\x7f\xff\xff\xff", 10) + "mask";
  EXPECT_TRUE(reader.Feed(header, [](Message) { return true; }));
  EXPECT_LT(reader.held_bytes(), 64u);
}

TEST(FrameReaderTest, RandomBytesNeverMakeItHoldMoreThanItsBound) {
  std::mt19937 random(11);
  for (int round = 0; round < 2000; ++round) {
    FrameReader reader(4096);
    std::string bytes(random() % 600, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    if (!bytes.empty()) bytes[0] = static_cast<char>(random() % 2 != 0 ? 0x82 : 0x01);
    reader.Feed(bytes, [](Message message) {
      EXPECT_LE(message.payload.size(), 4096u);
      return true;
    });
    EXPECT_LE(reader.held_bytes(), 4096u + 256u);
  }
}

TEST(FrameTest, CloseFramesCutTheirReasonBetweenCharacters) {
  std::string reason;
  for (int i = 0; i < 100; ++i) reason += "ä";
  const std::string frame = ws::CloseFrame(1000, reason);
  EXPECT_EQ(frame.size(), 2u + 2u + 122u);
}

TEST(GuardTest, S1OnlyOurOwnOriginsPass) {
  const Guard guard(8080, {"https://atrium.example.org"});
  for (const char* good : {"http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080",
                           "https://atrium.example.org"}) {
    EXPECT_TRUE(guard.CheckOrigin(good).ok()) << good;
  }
  for (const char* bad :
       {"", "null", "http://localhost", "http://localhost:80", "http://localhost:8081",
        "https://localhost:8080", "http://localhost:8080.evil.org", "http://localhost:8080/",
        "http://evil.org", "http://evil.localhost:8080", "HTTP://LOCALHOST:8080", "http://localhost.:8080",
        "http://127.0.0.1:8080@evil.org", "http://127.0.0.2:8080", "http://0.0.0.0:8080",
        "file://", "https://atrium.example.org:443", "https://atrium.example.org.evil.org",
        "https://xatrium.example.org", "http://atrium.example.org"}) {
    EXPECT_FALSE(guard.CheckOrigin(bad).ok()) << bad;
  }
}

TEST(GuardTest, S1NamesThatResolveToUsAreNotUs) {
  const Guard guard(8080, {});
  EXPECT_TRUE(guard.CheckHost("localhost:8080").ok());
  EXPECT_FALSE(guard.CheckHost("rebound.evil.org:8080").ok());
  EXPECT_FALSE(guard.CheckHost("").ok());
}

std::string Text(const std::vector<grpc::Slice>& slices) {
  std::string out;
  for (const grpc::Slice& slice : slices) out.append(slice.begin(), slice.end());
  return out;
}

TEST(RingTest, N2GivesEveryReaderTheSameBytesAtTheSameOffsets) {
  Ring ring(1 << 20);
  std::mt19937 random(5);
  std::string all;
  for (int i = 0; i < 500; ++i) {
    std::string piece(1 + random() % 900, '\0');
    for (char& c : piece) c = static_cast<char>(random());
    ring.Append(static_cast<int64_t>(all.size()), {grpc::Slice(piece)});
    all += piece;
  }
  for (int i = 0; i < 500; ++i) {
    const size_t offset = random() % all.size(), limit = 1 + random() % 5000;
    std::vector<grpc::Slice> slices;
    const size_t n = ring.Take(static_cast<int64_t>(offset), limit, &slices);
    EXPECT_EQ(n, std::min(limit, all.size() - offset));
    EXPECT_TRUE(Text(slices) == all.substr(offset, n));
  }
}

TEST(RingTest, PassesOverWhatItHasAndNeverHoldsMoreThanItsBound) {
  Ring ring(1000);
  ring.Append(0, {grpc::Slice("abcdef")});
  ring.Append(3, {grpc::Slice("defghi")});
  std::vector<grpc::Slice> slices;
  EXPECT_EQ(ring.Take(0, 100, &slices), 9u);
  EXPECT_EQ(Text(slices), "abcdefghi");
  for (int i = 0; i < 100; ++i) ring.Append(ring.end(), {grpc::Slice(std::string(100, 'x'))});
  EXPECT_LE(ring.end() - ring.start(), 1000);
  EXPECT_FALSE(ring.Holds(0));
}

TEST(RingTest, AGapBeginsAnew) {
  Ring ring(1000);
  ring.Append(0, {grpc::Slice("abc")});
  ring.Append(10, {grpc::Slice("xyz")});
  EXPECT_EQ(ring.start(), 10);
  EXPECT_FALSE(ring.Holds(2));
}

TEST(RingTest, StopsAtEveryChangeOfSize) {
  Ring ring(1000);
  atrium::v1::TerminalSize small, large;
  small.set_columns(80);
  large.set_columns(120);
  ring.MarkResize(0, small);
  ring.Append(0, {grpc::Slice("abcdef")});
  ring.MarkResize(4, large);
  std::vector<grpc::Slice> slices;
  EXPECT_EQ(ring.Take(0, 100, &slices), 4u);
  EXPECT_EQ(ring.SizeAt(3)->columns(), 80);
  EXPECT_EQ(ring.SizeAt(4)->columns(), 120);
}

}  // namespace
}  // namespace atrium::gateway
