// N2, N3, S4: what a page says of where it was, and what the terminal says to that.
#include <gtest/gtest.h>

#include "common/errors.h"
#include "gateway/limits.h"
#include "tests/support/fake_terminals.h"

namespace atrium::gateway {
namespace {

// Whatever a page says that it has seen: the others get every byte, and no snapshot.
TEST_F(TabFeedTest, S4_N3AFirstPagesOffsetBeyondTheEndCostsItASnapshotAndNobodyElse) {
  for (const int64_t claim : {int64_t{1000000000000}, INT64_MAX, INT64_MAX - 1, int64_t{101}}) {
    Viewer liar(&terminals_, &feeds_, "liar", claim);
    Viewer owner(&terminals_, &feeds_, "owner");
    terminals_.Opened("liar");
    terminals_.Opened("owner");
    terminals_.end = 100;
    terminals_.Snapshot("screen");  // The terminal does not keep that offset.
    const int asked = terminals_.Count(AttachRequest::kSnapshot);
    for (int i = 0; i < 1000; ++i) terminals_.Output("live");
    EXPECT_EQ(owner.seen.size(), 4000u) << claim;
    EXPECT_EQ(liar.seen, owner.seen) << claim;
    EXPECT_EQ(owner.screens, 1);
    EXPECT_EQ(liar.screens, 1);
    EXPECT_EQ(terminals_.Count(AttachRequest::kSnapshot), asked) << claim;
  }
}

TEST_F(TabFeedTest, S4_N3ALaterPagesOffsetBeyondTheEndCostsItOneSnapshot) {
  for (const int64_t claim : {int64_t{1000000000000}, INT64_MAX, int64_t{11}}) {
    terminals_.end = 0;
    Viewer owner(&terminals_, &feeds_, "owner", 0);
    terminals_.Opened("owner");
    terminals_.Output("0123456789");
    Viewer liar(&terminals_, &feeds_, "liar", claim);
    const int before = terminals_.Count(AttachRequest::kSnapshot);
    terminals_.Opened("liar");
    EXPECT_EQ(terminals_.Count(AttachRequest::kSnapshot), before + 1) << claim;
    terminals_.Snapshot("screen");
    for (int i = 0; i < 100; ++i) terminals_.Output("live");
    EXPECT_EQ(liar.screens, 1) << claim;
    EXPECT_EQ(liar.seen.size(), 400u);
    EXPECT_EQ(owner.seen.size(), 410u);
    EXPECT_EQ(owner.screens, 0);
    EXPECT_EQ(terminals_.Count(AttachRequest::kSnapshot), before + 1);
  }
}

TEST_F(TabFeedTest, N2AtTheEndAndAtTheStartAnOffsetIsBelieved) {
  Viewer owner(&terminals_, &feeds_, "owner", 100);
  terminals_.end = 100;
  terminals_.Opened("owner");
  owner.drawn = 100;
  terminals_.Output("0123456789");
  EXPECT_EQ(owner.seen, "0123456789");
  Viewer end(&terminals_, &feeds_, "end", 110), start(&terminals_, &feeds_, "start", 100);
  Viewer negative(&terminals_, &feeds_, "negative", -7);
  end.drawn = 110;
  start.drawn = 100;
  for (const char* name : {"end", "start", "negative"}) terminals_.Opened(name);
  terminals_.Snapshot("screen");
  terminals_.Output("x");
  EXPECT_EQ(end.seen, "x");
  EXPECT_EQ(start.seen, "0123456789x");
  EXPECT_EQ(end.screens + start.screens + owner.screens, 0);
  EXPECT_EQ(negative.screens, 1);
  EXPECT_EQ(negative.seen, "x");
  EXPECT_EQ(terminals_.streams, 1);
}

// The ring is behind the terminal: what a page has seen may be on its way.
TEST_F(TabFeedTest, N2AnOffsetThatIsOnItsWayIsBelievedOnceTheTerminalHasComeSoFar) {
  Viewer slow(&terminals_, &feeds_, "slow", 0);
  terminals_.Opened("slow");
  terminals_.Output("01234");
  Viewer ahead(&terminals_, &feeds_, "ahead", 8);
  ahead.drawn = 8;
  terminals_.Opened("ahead");
  terminals_.end = 10;
  terminals_.Snapshot("screen");
  terminals_.end = 5;
  terminals_.Output("56789");
  EXPECT_EQ(ahead.seen, "89");
  EXPECT_EQ(ahead.screens, 0);
}

TEST_F(TabFeedTest, N2_R5AStreamThatGoesOnElsewhereIsFollowedThere) {
  Viewer a(&terminals_, &feeds_, "a", 0);
  terminals_.Opened("a");
  terminals_.Output(std::string(1000, 'x'));
  terminals_.stream->listener->OnClosed(absl::UnavailableError(""));
  loop_.Advance(limits::kLinkRetry);
  terminals_.Opened("a");
  terminals_.end = 10;  // It knows less than we do.
  terminals_.Snapshot("new");
  terminals_.Output("live");
  EXPECT_EQ(a.screen, "new");
  EXPECT_EQ(a.seen, "live");
}

TEST_F(TabFeedTest, S4_P7HowMuchIsSaidElsewhereIsNotToldAsLag) {
  Viewer a(&terminals_, &feeds_, "a", 0), stranger(&terminals_, &feeds_, "stranger", 0);
  terminals_.Opened("a");
  terminals_.Output(std::string(1000, 'x'));
  EXPECT_EQ(stranger.feed->LagOf(stranger.cursor), 0);
}

TEST_F(TabFeedTest, N7_S4ALosslessReaderThatMayNotBeOneIsToldSoForGood) {
  for (const absl::Status& why :
       {MakeError(absl::StatusCode::kPermissionDenied, "", {.reason = "LOSSLESS_FOR_EDITORS"}),
        MakeError(absl::StatusCode::kPermissionDenied, "", {.reason = "ATTACHMENT_FOREIGN"}),
        MakeError(absl::StatusCode::kResourceExhausted, "", {.reason = "LOSSLESS_RESTS"})}) {
    Viewer viewer(&terminals_, &feeds_, "v", 0, /*lossless=*/true);
    const int streams = terminals_.streams;
    terminals_.stream->listener->OnClosed(why);
    EXPECT_EQ(viewer.refused, static_cast<int>(why.code()));
    EXPECT_EQ(viewer.revoked, 1);
    loop_.Advance(absl::Seconds(10));
    EXPECT_EQ(terminals_.streams, streams);
  }
}

}  // namespace
}  // namespace atrium::gateway
