// Snapshots that a page takes slowly, that come in pieces, or that are let go.
#include <gtest/gtest.h>

#include <string>

#include "gateway/limits.h"
#include "tests/support/fake_terminals.h"

namespace atrium::gateway {
namespace {

TEST_F(TabFeedTest, R17_N3ASnapshotThatIsTakenTooSlowlyIsLetGo) {
  Viewer slow(&terminals_, &feeds_, "slow"), fast(&terminals_, &feeds_, "fast");
  terminals_.Opened("slow");
  terminals_.Opened("fast");
  slow.drains = false;
  terminals_.Snapshot(std::string(3 << 20, 'a'));
  FeedItem item;
  ASSERT_TRUE(slow.feed->Next(&slow.cursor, &item));
  EXPECT_EQ(item.data_bytes, limits::kOutputPieceBytes);
  ASSERT_NE(slow.cursor.snapshot, nullptr);
  for (int i = 0; i < 20; ++i) terminals_.Output(std::string(64 << 10, 'x'));
  EXPECT_EQ(slow.cursor.snapshot, nullptr) << "nothing is held for it";
  slow.drains = true;
  slow.OnMore();
  EXPECT_EQ(terminals_.Count(AttachRequest::kScreen), 1);
  terminals_.Screen("newer");
  EXPECT_EQ(slow.screen, "newer");
}

TEST_F(TabFeedTest, R18_N3WhoIsTooSlowSeesTheNewestScreenAndAllOfItOnceTheProgramRests) {
  Viewer slow(&terminals_, &feeds_, "slow"), fast(&terminals_, &feeds_, "fast");
  terminals_.Opened("slow");
  terminals_.Opened("fast");
  slow.drains = false;
  terminals_.Snapshot(std::string(3 << 20, 'a'));
  FeedItem item;
  ASSERT_TRUE(slow.feed->Next(&slow.cursor, &item));
  for (int i = 0; i < 20; ++i) terminals_.Output(std::string(64 << 10, 'x'));
  slow.drains = true;
  slow.OnMore();
  // Whoever comes meanwhile needs all of it: the two do not take each other's.
  Viewer late(&terminals_, &feeds_, "late");
  terminals_.Opened("late");
  terminals_.Screen("newest");
  EXPECT_EQ(slow.screen, "newest");
  EXPECT_EQ(late.screens, 0);
  terminals_.Snapshot("newest and before");
  EXPECT_EQ(late.screen, "newest and before");
  EXPECT_EQ(slow.screens, 1);
  // The program writes on: nothing changes.
  const int asked = terminals_.Count(AttachRequest::kSnapshot);
  const std::string much(limits::kSnapshotRest + 1, 'x');
  for (int i = 0; i < 5; ++i) {
    terminals_.Output(much);
    loop_.Advance(limits::kSnapshotLook);
  }
  EXPECT_EQ(terminals_.Count(AttachRequest::kSnapshot), asked);
  EXPECT_EQ(slow.seen.size(), 5 * much.size());
  // A line a second is rest enough.
  for (int i = 0; i < 2; ++i) {
    terminals_.Output("x");
    loop_.Advance(limits::kSnapshotLook);
  }
  EXPECT_EQ(terminals_.Count(AttachRequest::kSnapshot), asked + 1);
  terminals_.Snapshot("all");
  EXPECT_EQ(slow.screen, "all");
  EXPECT_EQ(slow.screens, 2);
  EXPECT_EQ(fast.screens + late.screens, 2) << "theirs was whole";
  loop_.Advance(10 * limits::kSnapshotLook);
  EXPECT_EQ(terminals_.Count(AttachRequest::kSnapshot), asked + 1);
  terminals_.Output("on");
  EXPECT_EQ(slow.seen, "on");
}

TEST_F(TabFeedTest, R17ASnapshotOfWhichNothingIsTakenIsLetGo) {
  Viewer stalled(&terminals_, &feeds_, "stalled");
  terminals_.Opened("stalled");
  stalled.drains = false;
  terminals_.Snapshot(std::string(1 << 20, 'a'));
  FeedItem item;
  for (int i = 0; i < 2 * limits::kSnapshotIdleLooks; ++i) {
    ASSERT_TRUE(stalled.feed->Next(&stalled.cursor, &item)) << "a little is taken";
    loop_.Advance(limits::kSnapshotLook);
    ASSERT_NE(stalled.cursor.snapshot, nullptr);
  }
  loop_.Advance(limits::kSnapshotIdleLooks * limits::kSnapshotLook);
  EXPECT_EQ(stalled.cursor.snapshot, nullptr);
  stalled.drains = true;
  stalled.OnMore();
  terminals_.Screen("now");
  EXPECT_EQ(stalled.screen, "now");
}

// A resize that renderers may not reflow alike: also where its screen is old as it comes.
TEST_F(TabFeedTest, N2_R18ARequiredSnapshotThatIsLetGoIsFollowedByAScreen) {
  Viewer a(&terminals_, &feeds_, "a", 0);
  terminals_.Opened("a");
  terminals_.Output("0");
  a.drains = false;
  terminals_.Snapshot(std::string(3 << 20, 'a'), /*required=*/true);
  ASSERT_NE(a.cursor.snapshot, nullptr);
  a.cursor.offset = 1;
  for (int i = 0; i < 20; ++i) terminals_.Output(std::string(64 << 10, 'x'));
  EXPECT_EQ(a.cursor.snapshot, nullptr);
  a.drains = true;
  a.OnMore();
  EXPECT_EQ(a.seen, "0") << "nothing of what follows, drawn on the wrong screen";
  terminals_.Screen("right");
  EXPECT_EQ(a.screen, "right");
}

TEST_F(TabFeedTest, R5WhoeverHasNothingYetAsksWhateverOthersHave) {
  Viewer claims(&terminals_, &feeds_, "claims", 500), fresh(&terminals_, &feeds_, "fresh");
  const int asked = terminals_.Count(AttachRequest::kSnapshot);
  terminals_.Opened("fresh");
  EXPECT_EQ(terminals_.Count(AttachRequest::kSnapshot), asked + 1);
}

TEST_F(TabFeedTest, R32ATerminalOfBeforeIsNeverAskedForTheScreenAlone) {
  terminals_.takes_screen = false;
  Viewer slow(&terminals_, &feeds_, "slow"), fast(&terminals_, &feeds_, "fast");
  terminals_.Opened("slow");
  terminals_.Opened("fast");
  slow.drains = false;
  terminals_.Snapshot(std::string(3 << 20, 'a'));
  for (int i = 0; i < 20; ++i) terminals_.Output(std::string(64 << 10, 'x'));
  slow.drains = true;
  slow.OnMore();
  EXPECT_EQ(terminals_.Count(AttachRequest::kScreen), 0);
  EXPECT_EQ(terminals_.Count(AttachRequest::kSnapshot), 1);
  terminals_.Snapshot("newer");
  EXPECT_EQ(slow.screen, "newer");
}

TEST_F(TabFeedTest, N2ASnapshotInPiecesWithOutputBetweenThemIsOneAndMissesNothing) {
  Viewer a(&terminals_, &feeds_, "a");
  terminals_.Opened("a");
  terminals_.Piece(0, "one ", true, false);
  terminals_.Output("01");
  terminals_.Piece(0, "two ", false, false);
  EXPECT_EQ(a.screens, 0);
  EXPECT_EQ(a.screen, "");
  terminals_.Output("23");
  terminals_.Piece(0, "three", false, true);
  EXPECT_EQ(a.screen, "one two three");
  EXPECT_EQ(a.seen, "0123");
  // One that a stream's end cut is no part of the next.
  Viewer b(&terminals_, &feeds_, "b");
  terminals_.Opened("b");
  terminals_.Piece(4, "half", true, false);
  terminals_.stream->listener->OnClosed(absl::UnavailableError(""));
  loop_.Advance(limits::kLinkRetry);
  terminals_.Opened("b");
  terminals_.Piece(4, "whole", true, true);
  EXPECT_EQ(b.screen, "whole");
}

}  // namespace
}  // namespace atrium::gateway
