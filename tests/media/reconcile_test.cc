#include "media/reconcile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace atrium::media {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const PeerKey kOld{"a", 1}, kNew{"a", 2};

TEST(ReconcileTest, APeerOfThePlanStays) {
  EXPECT_THAT(PeersToClose({{"a", 1}}, {{kOld, true, {}}}), IsEmpty());
  EXPECT_THAT(PeersToClose({{"a", 1}}, {{kOld, false, {}}}), IsEmpty());
}
TEST(ReconcileTest, APeerOfNobodyInThePlanIsClosed) {
  EXPECT_THAT(PeersToClose({}, {{kOld, true, {}}}), ElementsAre(kOld));
  EXPECT_THAT(PeersToClose({{"b", 1}}, {{kOld, true, {}}, {{"b", 1}, true, {}}}),
              ElementsAre(kOld));
}
TEST(ReconcileTest, R1_AReplacedPeerStaysUntilTheNewOneIsConnected) {
  EXPECT_THAT(PeersToClose({{"a", 2}}, {{kOld, true, absl::Seconds(1)}}), IsEmpty());
  EXPECT_THAT(PeersToClose({{"a", 2}}, {{kOld, true, absl::Seconds(1)}, {kNew, false, {}}}),
              IsEmpty());
  EXPECT_THAT(PeersToClose({{"a", 2}}, {{kOld, true, absl::Seconds(1)}, {kNew, true, {}}}),
              ElementsAre(kOld));
}
TEST(ReconcileTest, AReplacedPeerIsClosedAfterFiveSeconds) {
  EXPECT_THAT(PeersToClose({{"a", 2}}, {{kOld, true, absl::Milliseconds(4999)}}), IsEmpty());
  EXPECT_THAT(PeersToClose({{"a", 2}}, {{kOld, true, absl::Seconds(5)}}), ElementsAre(kOld));
}
TEST(ReconcileTest, AReplacedPeerThatNeverConnectedIsClosedAtOnce) {
  EXPECT_THAT(PeersToClose({{"a", 2}}, {{kOld, false, absl::ZeroDuration()}}), ElementsAre(kOld));
}
TEST(ReconcileTest, APeerNewerThanThePlanIsClosed) {
  EXPECT_THAT(PeersToClose({{"a", 1}}, {{kNew, true, {}}}), ElementsAre(kNew));
}
TEST(ReconcileTest, TheNewestConnectedPeerIsHeard) {
  EXPECT_THAT(HeardEpochs({{kOld, true, {}}, {kNew, false, {}}}),
              ElementsAre(testing::Pair("a", 1)));
  EXPECT_THAT(HeardEpochs({{kOld, true, {}}, {kNew, true, {}}}),
              ElementsAre(testing::Pair("a", 2)));
  EXPECT_THAT(HeardEpochs({{kNew, false, {}}}), IsEmpty());
}
TEST(ReconcileTest, AnOfferIsConnectedKeptOrStaleAsThePlanSays) {
  EXPECT_EQ(JudgeOffer(std::nullopt, 3), OfferVerdict::kWait);
  EXPECT_EQ(JudgeOffer(2, 3), OfferVerdict::kWait);
  EXPECT_EQ(JudgeOffer(3, 3), OfferVerdict::kConnect);
  EXPECT_EQ(JudgeOffer(4, 3), OfferVerdict::kStale);
}

}  // namespace
}  // namespace atrium::media
