#include "media/bitrate.h"

#include <gtest/gtest.h>

namespace atrium::media {
namespace {

constexpr int64_t kStart = limits::kScreenStartBps, kFloor = limits::kScreenFloorBps;

// The same report so many times, half a second apart.
int64_t After(int times, const LinkReport& report, LinkEstimate* link) {
  static absl::Duration now;  // Only goes forward.
  for (int i = 0; i < times; ++i) link->Take(report, now += absl::Milliseconds(500));
  return link->bps();
}

struct Case {
  const char* name;
  LinkReport report;
  int times;
  int64_t least, most;  // What it then bears.
};
class LinkEstimateTest : public testing::TestWithParam<Case> {};
TEST_P(LinkEstimateTest, L13_FollowsTheLink) {
  LinkEstimate link;
  const int64_t bps = After(GetParam().times, GetParam().report, &link);
  EXPECT_GE(bps, GetParam().least);
  EXPECT_LE(bps, GetParam().most);
}
INSTANTIATE_TEST_SUITE_P(
    All, LinkEstimateTest,
    testing::Values(
        Case{"AGoodLinkGivesMoreSlowly",
             {.received_bps = kStart},
             2,
             kStart * 107 / 100,
             kStart * 109 / 100},
        Case{"UpToTheCeiling",
             {.received_bps = 100'000'000},
             1000,
             limits::kScreenCeilingBps,
             limits::kScreenCeilingBps},
        Case{"WhatIsNotUsedIsNotProven", {.received_bps = kStart / 10}, 1000, kStart, kStart},
        Case{"LossTakesAtOnce",
             {.loss = 0.2, .received_bps = kStart},
             1,
             kStart * 89 / 100,
             kStart * 91 / 100},
        Case{"HeavyLossTakesMuch",
             {.loss = 0.8, .received_bps = kStart / 5},
             1,
             0,
             kStart * 31 / 100},
        Case{"SomeLossHolds", {.loss = 0.05, .received_bps = kStart}, 100, kStart, kStart},
        Case{"OneLateReportIsChance",
             {.delay_growth = absl::Milliseconds(50), .received_bps = kStart / 10},
             1,
             kStart,
             kStart * 105 / 100},
        Case{"GrowingDelayTakesBeforeAnythingIsLost",
             {.delay_growth = absl::Milliseconds(50), .received_bps = kStart},
             2,
             kStart * 80 / 100,
             kStart * 91 / 100},
        Case{"DelayThatFallsIsNone",
             {.delay_growth = -absl::Milliseconds(500), .received_bps = kStart / 10},
             100,
             kStart,
             kStart},
        Case{"NeverBelowHalfTheFloor", {.loss = 1}, 1000, kFloor / 2, kFloor / 2}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(LinkEstimateTest, L13_WhoIsLeftBehindComesBackOnlyWithSomeRoom) {
  LinkEstimate link;
  After(20, {.loss = 0.5}, &link);
  EXPECT_TRUE(link.left_behind());
  // Hardly anything is sent to it, so hardly anything comes: it is tried again all the same.
  int reports = 0;
  while (link.left_behind() && reports < 1000) {
    EXPECT_LT(link.bps(), kFloor * 3 / 2);
    After(1, {.received_bps = 20'000}, &link);
    ++reports;
  }
  EXPECT_FALSE(link.left_behind());
  EXPECT_GT(reports, 20);
  After(1, {.loss = 0.15, .received_bps = kFloor * 3 / 2}, &link);
  EXPECT_FALSE(link.left_behind()) << "it does not flap";
}

TEST(BitrateForTest, L13_TheWorstDecidesUnlessItIsLeftBehind) {
  std::map<std::string, LinkEstimate> links;
  EXPECT_EQ(BitrateFor(links), kStart) << "nobody watches";
  After(100, {.received_bps = 100'000'000}, &links["good"]);
  EXPECT_EQ(BitrateFor(links), limits::kScreenCeilingBps);
  After(2, {.loss = 0.3, .received_bps = kStart}, &links["poor"]);
  EXPECT_EQ(BitrateFor(links), links["poor"].bps());
  EXPECT_FALSE(links["poor"].left_behind());
  After(50, {.loss = 0.5}, &links["broken"]);
  EXPECT_EQ(BitrateFor(links), links["poor"].bps()) << "one bad link does not ruin it for all";
  After(50, {.loss = 0.5}, &links["poor"]);
  After(50, {.loss = 0.5}, &links["good"]);
  EXPECT_EQ(BitrateFor(links), kFloor) << "all are left behind";
}

}  // namespace
}  // namespace atrium::media
