#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "common/poller.h"
#include "gtest/gtest.h"

namespace atrium {
namespace {

// Two ends of one connection.
struct Pair {
  Pair() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0); }
  ~Pair() {
    for (int end : ends) {
      if (end >= 0) close(end);
    }
  }
  void Say() { EXPECT_EQ(write(ends[1], "x", 1), 1); }
  void Hear() {
    char byte;
    EXPECT_EQ(read(ends[0], &byte, 1), 1);
  }
  int ends[2];
};

TEST(PollerTest, RunsWhatCanBeReadAndNothingElse) {
  Poller poller;
  Pair one, other;
  int ones = 0, others = 0;
  const auto first = poller.Watch(one.ends[0], false, [&] { ++ones, one.Hear(); });
  const auto second = poller.Watch(other.ends[0], false, [&] { ++others; });
  poller.RunReady();
  EXPECT_EQ(ones, 0);
  one.Say();
  poller.RunReady();
  poller.RunReady();
  EXPECT_EQ(ones, 1);
  EXPECT_EQ(others, 0);
}

TEST(PollerTest, ReadingAndWritingOfOneDescriptorAreApart) {
  Poller poller;
  Pair pair;
  int reads = 0, writes = 0;
  const auto readable = poller.Watch(pair.ends[0], false, [&] { ++reads; });
  auto writable = poller.Watch(pair.ends[0], true, [&] { ++writes; });
  poller.RunReady();
  EXPECT_EQ(reads, 0);
  EXPECT_EQ(writes, 1);
  writable.reset();
  pair.Say();
  poller.RunReady();
  EXPECT_EQ(reads, 1);
  EXPECT_EQ(writes, 1);
}

TEST(PollerTest, AnEndIsToldToBoth) {
  Poller poller;
  Pair pair;
  int told = 0;
  const auto readable = poller.Watch(pair.ends[0], false, [&] { ++told; });
  const auto writable = poller.Watch(pair.ends[0], true, [&] { ++told; });
  close(std::exchange(pair.ends[1], -1));
  poller.RunReady();
  EXPECT_EQ(told, 2);
}

TEST(PollerTest, ACallbackMayEndAnyWatch) {
  Poller poller;
  Pair one, other;
  Loop::HandlePtr first, second;
  int ran = 0;
  const auto end_both = [&] { ++ran, first.reset(), second.reset(); };
  first = poller.Watch(one.ends[0], false, end_both);
  second = poller.Watch(other.ends[0], false, end_both);
  one.Say();
  other.Say();
  poller.RunReady();
  EXPECT_EQ(ran, 1);
}

// What was reported of a descriptor is not taken for the next that has its number.
TEST(PollerTest, ANumberThatIsUsedAgainIsAnotherDescriptor) {
  Poller poller;
  Pair one, other, next;
  Loop::HandlePtr first, second, third;
  int taken = 0;
  const auto replace = [&](Loop::HandlePtr* theirs, Pair* pair) {
    theirs->reset();
    EXPECT_EQ(dup2(next.ends[0], pair->ends[0]), pair->ends[0]);
    third = poller.Watch(pair->ends[0], false, [&] { ++taken; });
  };
  first = poller.Watch(one.ends[0], false, [&] { first.reset(), replace(&second, &other); });
  second = poller.Watch(other.ends[0], false, [&] { second.reset(), replace(&first, &one); });
  one.Say();
  other.Say();
  poller.RunReady();
  EXPECT_EQ(taken, 0);
  next.Say();
  poller.RunReady();
  EXPECT_EQ(taken, 1);
}

TEST(PollerTest, WhoClosedBeforeItEndedItsWatchDoesNotHarmTheNext) {
  Poller poller;
  Pair one, other;
  auto first = poller.Watch(one.ends[0], false, [] {});
  EXPECT_EQ(dup2(other.ends[0], one.ends[0]), one.ends[0]);
  int ran = 0;
  const auto second = poller.Watch(one.ends[0], false, [&] { ++ran; });
  first.reset();
  other.Say();
  poller.RunReady();
  EXPECT_EQ(ran, 1);
}

// A callback that owns its own handle, and another's, ends with it.
TEST(PollerTest, ACallbackMayOwnItsHandle) {
  struct Own {
    Loop::HandlePtr watch, other, timer;
  };
  Poller poller;
  Pair one, other;
  auto own = std::make_shared<Own>();
  std::weak_ptr<Own> left = own;
  own->watch = poller.Watch(one.ends[0], false, [own] { own->watch.reset(); });
  own->other = poller.Watch(one.ends[0], true, [] {});
  own->timer = poller.At(absl::Seconds(1), [own] { own->timer.reset(); });
  own.reset();
  one.Say();
  poller.RunReady();
  poller.RunDue(absl::Seconds(1));
  EXPECT_TRUE(left.expired());
}

TEST(PollerTest, WhatCallbacksStillOwnEndsWithIt) {
  struct Own {
    Loop::HandlePtr watch, timer;
  };
  Pair pair;
  std::weak_ptr<Own> left;
  {
    Poller poller;
    auto own = std::make_shared<Own>();
    left = own;
    own->watch = poller.Watch(pair.ends[0], false, [own] {});
    own->timer = poller.At(absl::Seconds(1), [own] {});
  }
  EXPECT_TRUE(left.expired());
}

TEST(PollerTest, TimersRunOnceInTheirOrder) {
  Poller poller;
  std::string order;
  const auto late = poller.At(absl::Seconds(2), [&] { order += "late "; });
  const auto soon = poller.At(absl::Seconds(1), [&] { order += "soon "; });
  const auto same = poller.At(absl::Seconds(1), [&] { order += "same "; });
  EXPECT_EQ(poller.next(), absl::Seconds(1));
  poller.RunDue(absl::Milliseconds(999));
  EXPECT_EQ(order, "");
  poller.RunDue(absl::Seconds(3));
  poller.RunDue(absl::Seconds(3));
  EXPECT_EQ(order, "soon same late ");
  EXPECT_EQ(poller.next(), std::nullopt);
}

TEST(PollerTest, ATimerMayEndOthersAndStartMore) {
  Poller poller;
  int ran = 0;
  Loop::HandlePtr own, other, more;
  own = poller.At(absl::Seconds(1), [&] {
    ++ran;
    own.reset(), other.reset();
    more = poller.At(absl::Seconds(1), [&] { ran += 10; });
  });
  other = poller.At(absl::Seconds(1), [&] { ran += 100; });
  poller.RunDue(absl::Seconds(1));
  EXPECT_EQ(ran, 1) << "what it started waits for the next turn";
  poller.RunDue(absl::Seconds(1));
  EXPECT_EQ(ran, 11);
}

}  // namespace
}  // namespace atrium
