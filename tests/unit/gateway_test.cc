// The gateway's pure parts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "gateway/bridge/ring.h"
#include "gateway/http/guard.h"

namespace atrium::gateway {
namespace {

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
