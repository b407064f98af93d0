// The gateway's pure parts.
#include <gmock/gmock.h>
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>


#include <random>

#include "gateway/bridge/ring.h"
#include "gateway/http/guard.h"
#include "gateway/http/listener.h"
#include "gateway/rate.h"
#include "tests/support/manual_loop.h"

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

TEST(GuardTest, N9OnlyNamesThatLeadHereFromElsewhereArePublic) {
  const Guard guard(8080, {"http://127.0.0.1:9000", "https://atrium.example.org", "http://localhost:3000",
                           "http://[::1]:7", "http://a.localhost", "no scheme", "http://10.0.0.7:8080"});
  EXPECT_THAT(guard.public_origins(),
              testing::ElementsAre("https://atrium.example.org", "http://10.0.0.7:8080"));
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

TEST(RingTest, S5R18KeepsNothingAliveOfTheBuffersThatOutputCameIn) {
  Ring ring(1 << 20);
  bool gone = false;
  std::string buffer(64 << 10, 'x');
  {
    const grpc::Slice read(
        buffer.data(), buffer.size(), [](void* gone) { *static_cast<bool*>(gone) = true; }, &gone);
    ring.Append(0, {read.sub(10, 20)});
    EXPECT_FALSE(gone);
  }
  EXPECT_TRUE(gone) << "ten bytes hold 64 KiB";
  std::vector<grpc::Slice> slices;
  EXPECT_EQ(ring.Take(0, 100, &slices), 10u);
}

TEST(RingTest, N2WhatAReaderHoldsStaysAsItWasWhileMoreComes) {
  Ring ring(1000);
  ring.Append(0, {grpc::Slice("abc")});
  std::vector<grpc::Slice> held;
  ring.Take(0, 100, &held);
  for (int i = 0; i < 100; ++i) ring.Append(ring.end(), {grpc::Slice(std::string(100, 'x'))});
  ring.Reset(0);
  EXPECT_EQ(Text(held), "abc");
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

TEST(GcraTest, S5ABurstPassesThenOneAfterTheOtherAndTheRestIsToldWhen) {
  Gcra words(10, 5);
  absl::Duration now = absl::Hours(1);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(words.Take(now), absl::ZeroDuration()) << i;
  EXPECT_EQ(words.Take(now), absl::Milliseconds(100));
  EXPECT_EQ(words.Take(now), absl::Milliseconds(100)) << "what is refused costs nothing";
  EXPECT_FALSE(words.Rested(now));
  now += absl::Milliseconds(100);
  EXPECT_EQ(words.Take(now), absl::ZeroDuration());
  EXPECT_GT(words.Take(now), absl::ZeroDuration());
  now += absl::Seconds(10);
  EXPECT_TRUE(words.Rested(now));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(words.Take(now), absl::ZeroDuration()) << i;
  EXPECT_GT(words.Take(now), absl::ZeroDuration());
}

// Descriptors as they are, and back again.
class DescriptorLimit {
 public:
  DescriptorLimit() { getrlimit(RLIMIT_NOFILE, &before_); }
  ~DescriptorLimit() { Restore(); }
  void LeaveNone() {
    const int next = dup(0);
    close(next);
    rlimit now = before_;
    now.rlim_cur = static_cast<rlim_t>(next);
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &now), 0);
  }
  void Restore() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST(ListenerTest, R22WithoutDescriptorsItRefusesAndGoesOnOnceThereAreSome) {
  ManualLoop loop;
  auto listener = *Listener::Listen(&loop, 0);
  std::vector<int> accepted, dialled;
  listener->Start([&](int fd, const sockaddr_storage&, socklen_t) { accepted.push_back(fd); });
  const auto dial = [&] {
    dialled.push_back(socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(listener->port()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(connect(dialled.back(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  };
  dial();
  loop.Poll();
  ASSERT_EQ(accepted.size(), 1u);
  for (int i = 0; i < 5; ++i) dial();
  DescriptorLimit descriptors;
  descriptors.LeaveNone();
  loop.Poll();
  EXPECT_EQ(accepted.size(), 1u);
  EXPECT_EQ(listener->refused(), 5);
  char byte;
  for (size_t i = 1; i < dialled.size(); ++i) {
    EXPECT_EQ(recv(dialled[i], &byte, 1, MSG_DONTWAIT), 0) << "it was told";
  }
  EXPECT_EQ(send(accepted[0], "x", 1, 0), 1) << "the old one stays";
  EXPECT_EQ(recv(dialled[0], &byte, 1, 0), 1);
  descriptors.Restore();
  dial();
  loop.Poll();
  loop.Advance(absl::Seconds(1));
  loop.Poll();
  EXPECT_EQ(accepted.size(), 2u);
  for (const int fd : accepted) close(fd);
  for (const int fd : dialled) close(fd);
}

}  // namespace
}  // namespace atrium::gateway
