// N2, N3: one tab's stream, its cursors, and what becomes of those who fall behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/bridge/lag.h"
#include "gateway/figures.h"
#include "gateway/limits.h"
#include "tests/support/fake_terminals.h"

namespace atrium::gateway {
namespace {

using Kind = FeedItem::Kind;

TEST_F(TabFeedTest, N2AllSeeTheSameBytesOverOneStream) {
  Viewer a(&terminals_, &feeds_, "a"), b(&terminals_, &feeds_, "b");
  EXPECT_EQ(terminals_.streams, 1);
  EXPECT_EQ(terminals_.asked[0].start().offset(), -1);
  terminals_.Opened("a");
  terminals_.Opened("b");
  terminals_.Snapshot("screen");
  terminals_.Output("hello");
  for (const Viewer* viewer : {&a, &b}) {
    EXPECT_EQ(viewer->screen, "screen");
    EXPECT_EQ(viewer->seen, "hello");
  }
}

// The ring is shared: that somebody may see a tab gives nobody else the right.
TEST_F(TabFeedTest, S4_S21WhoWasNotAcceptedSeesNothingThoughOthersDo) {
  Viewer a(&terminals_, &feeds_, "a");
  terminals_.Opened("a");
  terminals_.Snapshot("screen");
  terminals_.Output("secret");
  Viewer stranger(&terminals_, &feeds_, "stranger"), guesser(&terminals_, &feeds_, "guesser", 0);
  AttachResponse refused;
  refused.mutable_refused()->set_attachment("stranger");
  refused.mutable_refused()->set_code(7);
  terminals_.Say(refused);
  terminals_.Snapshot("screen");
  terminals_.Output("secret");
  for (Viewer* viewer : {&stranger, &guesser}) {
    viewer->OnMore();
    EXPECT_EQ(viewer->screen + viewer->seen, "");
  }
  EXPECT_EQ(stranger.refused, 7);
  EXPECT_EQ(a.seen, "secretsecret");
}

TEST_F(TabFeedTest, N2OneWhoComesBackGoesOnWhereItWas) {
  Viewer a(&terminals_, &feeds_, "a", 0);
  EXPECT_EQ(terminals_.asked[0].start().offset(), 0);
  terminals_.Opened("a");
  terminals_.Output("0123456789");
  Viewer b(&terminals_, &feeds_, "b", 4);
  b.drawn = 4;
  terminals_.Opened("b");
  EXPECT_EQ(b.seen, "456789");
  EXPECT_EQ(b.screens, 0);
}

// The gateway was started again, and another page was here first.
TEST_F(TabFeedTest, M4_R16OneThatComesBackToBytesFromBeforeTheStreamGetsThemAndNoScreen) {
  Viewer a(&terminals_, &feeds_, "a");
  terminals_.Opened("a");
  terminals_.end = 10;
  terminals_.Snapshot("screen");
  {
    Viewer b(&terminals_, &feeds_, "b", 4);
    b.drawn = 4;
    EXPECT_EQ(terminals_.streams, 2);
    EXPECT_EQ(terminals_.asked[terminals_.asked.size() - 2].start().offset(), 4);
    terminals_.Opened("b");
    terminals_.end = 4;
    terminals_.Output("456789");
    EXPECT_EQ(b.seen, "456789");
    EXPECT_EQ(b.screens, 0);
    EXPECT_EQ(feeds_.size(), 2u);
  }
  EXPECT_EQ(feeds_.size(), 1u) << "it goes with its page";
  {
    std::optional<Viewer> late[limits::kOwnFeedsPerTab + 1];
    for (auto& viewer : late) viewer.emplace(&terminals_, &feeds_, "late", 4);
    EXPECT_EQ(feeds_.size(), 1 + limits::kOwnFeedsPerTab) << "whoever comes beyond gets a screen";
  }
  EXPECT_EQ(feeds_.size(), 1u);
  {
    Viewer b(&terminals_, &feeds_, "b", 4);
    b.drawn = 4;
    terminals_.Opened("b");
    terminals_.end = 4;
    terminals_.Output("456789");
    b.feed = feeds_.Settle(kTab, &b.cursor, b.feed);
    EXPECT_EQ(feeds_.size(), 1u) << "it has caught up";
    EXPECT_EQ(b.feed, a.feed);
  }
  const int streams = terminals_.streams;
  Viewer c(&terminals_, &feeds_, "c", 10);
  EXPECT_EQ(terminals_.streams, streams) << "the others' stream has it";
}

TEST_F(TabFeedTest, M10_R29ASizeThatIsAskedForTooEarlyIsToldOnceItIsHeard) {
  Viewer a(&terminals_, &feeds_, "a");
  atrium::v1::TerminalSize size;
  for (const int columns : {90, 100}) {
    size.set_columns(columns);
    a.feed->Resize(&a.cursor, size);
  }
  EXPECT_EQ(terminals_.Count(AttachRequest::kResize), 0) << "nobody would take it";
  terminals_.Opened("a");
  ASSERT_EQ(terminals_.Count(AttachRequest::kResize), 1);
  EXPECT_EQ(terminals_.asked.back().resize().size().columns(), 100);
}

// Its old socket is dead without anybody knowing.
TEST_F(TabFeedTest, R16OneThatComesBackBesideItsOldSocketIsServedAndStaysOpen) {
  std::optional<Viewer> viewers[2];
  for (const int old : {0, 1}) {  // Whichever of them is first in memory.
    Viewer& before = viewers[old].emplace(&terminals_, &feeds_, "page");
    terminals_.Opened("page");
    terminals_.Snapshot("screen");
    terminals_.Output("before");
    before.drains = false;
    const int64_t drawn = before.cursor.offset;
    Viewer& now = viewers[1 - old].emplace(&terminals_, &feeds_, "page", drawn);
    now.drawn = drawn;
    terminals_.Opened("page");
    terminals_.Output("after");
    EXPECT_EQ(now.seen, "after");
    const int closes = terminals_.Count(AttachRequest::kClose);
    viewers[old].reset();
    EXPECT_EQ(terminals_.Count(AttachRequest::kClose), closes) << "the page is still there";
    now.feed->Input(&now.cursor, 1, "x");
    AttachResponse ack;
    ack.add_input_acks()->set_attachment("page");
    ack.mutable_input_acks(0)->set_sequence(1);
    terminals_.Say(ack);
    EXPECT_TRUE(now.cursor.unconfirmed.empty());
    viewers[1 - old].reset();
    EXPECT_EQ(terminals_.Count(AttachRequest::kClose), closes + 1);
  }
}

TEST_F(TabFeedTest, N3OneThatFallsBehindSkipsToASnapshotAndTheOthersMissNothing) {
  Viewer fast(&terminals_, &feeds_, "fast", 0), slow(&terminals_, &feeds_, "slow", 0);
  terminals_.Opened("fast");
  terminals_.Opened("slow");
  slow.drains = false;
  const std::string piece(64 << 10, 'x');
  for (int i = 0; i < 40; ++i) terminals_.Output(piece);
  EXPECT_EQ(fast.seen.size(), 40 * piece.size());
  EXPECT_EQ(fast.skips, 0);
  EXPECT_EQ(slow.feed->LagOf(slow.cursor), static_cast<int64_t>(40 * piece.size()));
  EXPECT_EQ(terminals_.Count(AttachRequest::kSnapshot), 0) << "nobody asked yet";
  slow.drains = true;
  slow.OnMore();
  EXPECT_EQ(slow.skips, 1);
  EXPECT_EQ(terminals_.Count(AttachRequest::kSnapshot), 1);
  slow.OnMore();
  EXPECT_EQ(terminals_.Count(AttachRequest::kSnapshot), 1);
  terminals_.Snapshot("now");
  terminals_.Output("tail");
  EXPECT_EQ(slow.screen, "now");
  EXPECT_EQ(slow.seen, "tail");
  EXPECT_EQ(slow.feed->LagOf(slow.cursor), 0);
  EXPECT_EQ(fast.screens, 0);
}

TEST_F(TabFeedTest, N3LaggardsShareOneSnapshot) {
  Viewer a(&terminals_, &feeds_, "a", 0), b(&terminals_, &feeds_, "b", 0);
  terminals_.Opened("a");
  terminals_.Opened("b");
  a.drains = b.drains = false;
  for (int i = 0; i < 40; ++i) terminals_.Output(std::string(64 << 10, 'x'));
  a.drains = b.drains = true;
  a.OnMore();
  b.OnMore();
  EXPECT_EQ(terminals_.Count(AttachRequest::kSnapshot), 1);
  terminals_.Snapshot("now");
  EXPECT_EQ(a.screens + b.screens, 2);
}

TEST_F(TabFeedTest, N3OneThatDrawsSlowlyGetsItsWindowAndNoMore) {
  Viewer slow(&terminals_, &feeds_, "slow", 0);
  slow.acknowledges = false;
  terminals_.Opened("slow");
  for (int i = 0; i < 16; ++i) terminals_.Output(std::string(64 << 10, 'x'));
  EXPECT_EQ(static_cast<int64_t>(slow.seen.size()), limits::kTerminalWindowBytes);
  slow.feed->Acknowledge(&slow.cursor, 1000);
  EXPECT_EQ(static_cast<int64_t>(slow.seen.size()), limits::kTerminalWindowBytes + 1000);
  // What it cannot have drawn is no acknowledgement.
  slow.feed->Acknowledge(&slow.cursor, 1 << 30);
  slow.feed->Acknowledge(&slow.cursor, 10);
  EXPECT_EQ(static_cast<int64_t>(slow.seen.size()), limits::kTerminalWindowBytes + 1000);
}

TEST_F(TabFeedTest, N3NothingFollowsASnapshotUntilItIsDrawn) {
  Viewer slow(&terminals_, &feeds_, "slow");
  slow.acknowledges = false;
  terminals_.Opened("slow");
  terminals_.Snapshot("screen");
  terminals_.Output("more");
  EXPECT_EQ(slow.screens, 1);
  EXPECT_EQ(slow.seen, "");
  slow.feed->Acknowledge(&slow.cursor, 0);
  EXPECT_EQ(slow.seen, "more");
}

TEST_F(TabFeedTest, N8AWindowIsToldAgainToATerminalThatMayHaveForgottenIt) {
  Viewer a(&terminals_, &feeds_, "a", 0);
  atrium::v1::TerminalSize size;
  size.set_columns(90);
  size.set_rows(20);
  a.feed->Resize(&a.cursor, size);
  EXPECT_EQ(terminals_.Count(AttachRequest::kResize), 0) << "it is not let in yet";
  terminals_.Opened("a");
  ASSERT_EQ(terminals_.Count(AttachRequest::kResize), 1);
  EXPECT_FALSE(terminals_.asked.back().resize().again());
  terminals_.stream->listener->OnClosed(absl::UnavailableError(""));
  loop_.Advance(limits::kLinkRetry);
  terminals_.Opened("a");
  ASSERT_EQ(terminals_.Count(AttachRequest::kResize), 2);
  EXPECT_TRUE(terminals_.asked.back().resize().again());
  EXPECT_EQ(terminals_.asked.back().resize().size().columns(), 90);
}

TEST_F(TabFeedTest, N2ARequiredSnapshotReachesThoseWhoMissedNothing) {
  Viewer a(&terminals_, &feeds_, "a", 0);
  terminals_.Opened("a");
  terminals_.Output("x");
  terminals_.Snapshot("resized", /*required=*/true);
  EXPECT_EQ(a.screen, "resized");
}

TEST_F(TabFeedTest, R3_N4AfterTheStreamEndsItGoesOnFromWhereItWas) {
  Viewer a(&terminals_, &feeds_, "a", 0);
  terminals_.Opened("a");
  terminals_.Output("0123");
  a.feed->Input(&a.cursor, 1, "one");
  a.feed->Input(&a.cursor, 2, "two");
  terminals_.stream->listener->OnClosed(absl::UnavailableError(""));
  loop_.Advance(limits::kLinkRetry);
  EXPECT_EQ(terminals_.streams, 2);
  terminals_.asked.clear();
  terminals_.Output("4567");
  EXPECT_EQ(a.seen, "0123") << "not before it was accepted again";
  terminals_.Opened("a", 1);
  EXPECT_EQ(a.seen, "01234567");
  EXPECT_EQ(a.acked, 1);
  ASSERT_EQ(terminals_.Count(AttachRequest::kInput), 1);
  EXPECT_EQ(terminals_.asked.back().input().data(), "two");
}

TEST_F(TabFeedTest, R33InputIsNumberedOnceAndConfirmedInOrder) {
  Viewer a(&terminals_, &feeds_, "a", 0);
  a.feed->Input(&a.cursor, 1, "early");
  EXPECT_EQ(terminals_.Count(AttachRequest::kInput), 0);
  terminals_.Opened("a");
  a.feed->Input(&a.cursor, 2, "b");
  a.feed->Input(&a.cursor, 2, "again");
  EXPECT_EQ(terminals_.Count(AttachRequest::kInput), 2);
  AttachResponse ack;
  ack.add_input_acks()->set_attachment("a");
  ack.mutable_input_acks(0)->set_sequence(2);
  terminals_.Say(ack);
  EXPECT_EQ(a.acked, 2);
  EXPECT_EQ(a.cursor.unconfirmed_bytes, 0u);
}

TEST_F(TabFeedTest, R32ATerminalProcessOfBeforeConfirmsInputToo) {
  Viewer a(&terminals_, &feeds_, "a", 0);
  terminals_.Opened("a");
  a.feed->Input(&a.cursor, 1, "b");
  AttachResponse ack;
  ack.mutable_input_ack()->set_attachment("a");
  ack.mutable_input_ack()->set_sequence(1);
  terminals_.Say(ack);
  EXPECT_EQ(a.acked, 1);
}

TEST_F(TabFeedTest, T5InputThatIsNotTakenIsBoundedAndRefused) {
  Viewer a(&terminals_, &feeds_, "a", 0);
  terminals_.Opened("a");
  for (int i = 1; i <= 8; ++i) {
    EXPECT_TRUE(a.feed->Input(&a.cursor, i, std::string(64 << 10, 'x')));
  }
  EXPECT_FALSE(a.feed->Input(&a.cursor, 9, "x"));
  EXPECT_EQ(a.cursor.unconfirmed_bytes, limits::kUnconfirmedInputBytes);
}

TEST_F(TabFeedTest, N9ARevokedOneIsConfirmedAndSeesNoMore) {
  Viewer a(&terminals_, &feeds_, "a", 0), b(&terminals_, &feeds_, "b", 0);
  terminals_.Opened("a");
  terminals_.Opened("b");
  AttachResponse revoked;
  revoked.mutable_revoked()->set_attachment("a");
  terminals_.Say(revoked);
  EXPECT_EQ(a.revoked, 1);
  EXPECT_EQ(terminals_.asked.back().close().attachment(), "a");
  terminals_.Output("x");
  EXPECT_EQ(a.seen, "");
  EXPECT_EQ(b.seen, "x");
}

TEST_F(TabFeedTest, M3TheExitComesAfterTheLastByteOnce) {
  Viewer a(&terminals_, &feeds_, "a", 0);
  terminals_.Opened("a");
  a.drains = false;
  terminals_.Output("last words");
  AttachResponse exit;
  exit.mutable_exit()->set_exit_code(3);
  terminals_.Say(exit);
  FeedItem item;
  ASSERT_TRUE(a.feed->Next(&a.cursor, &item));
  EXPECT_EQ(item.kind, Kind::kOutput);
  item = {};
  ASSERT_TRUE(a.feed->Next(&a.cursor, &item));
  EXPECT_EQ(item.kind, Kind::kExit);
  EXPECT_EQ(item.exit_code, 3);
  EXPECT_FALSE(a.feed->Next(&a.cursor, &item));
}

TEST_F(TabFeedTest, N7ALosslessReaderHasItsStreamAndIsToldWhenItWasTooSlow) {
  Viewer shared(&terminals_, &feeds_, "a", 0);
  FakeTerminals::Stream* first = terminals_.stream;
  Viewer reader(&terminals_, &feeds_, "r", 0, /*lossless=*/true);
  EXPECT_EQ(terminals_.streams, 2);
  EXPECT_EQ(terminals_.asked.back().start().lossless_attachment(), "r");
  terminals_.Opened("r");
  for (int i = 0; i < 40; ++i) terminals_.Output(std::string(64 << 10, 'x'));
  EXPECT_EQ(reader.seen.size(), size_t{40 * 64 << 10});
  EXPECT_EQ(terminals_.asked.back().ack_offset(), 40 * 64 << 10);
  EXPECT_EQ(reader.skips, 0);
  // It held the program for too long.
  terminals_.stream->listener->OnClosed(absl::OutOfRangeError("too slow"));
  EXPECT_EQ(reader.refused, 11);
  EXPECT_EQ(reader.revoked, 1);
  loop_.Advance(absl::Seconds(10));
  EXPECT_EQ(terminals_.streams, 2);
  terminals_.stream = first;
}

TEST_F(TabFeedTest, M8TheLastOneToLeaveEndsTheStream) {
  {
    Viewer a(&terminals_, &feeds_, "a", 0);
    Viewer b(&terminals_, &feeds_, "b", 0);
  }
  EXPECT_EQ(feeds_.size(), 0u);
  loop_.RunPosted();
  EXPECT_EQ(terminals_.stream, nullptr);
}

TEST(LagTest, N3IsToldWhenItChangesAndOnceWhenItRecovers) {
  LagTeller teller;
  EXPECT_FALSE(teller.Look(0, 0));
  const auto behind = teller.Look(1 << 20, 1);
  ASSERT_TRUE(behind);
  EXPECT_EQ(behind->bytes(), 1 << 20);
  EXPECT_EQ(behind->skips(), 1);
  EXPECT_FALSE(teller.Look(1 << 20, 1));
  EXPECT_TRUE(teller.Look(2 << 20, 1));
  const auto recovered = teller.Look(0, 1);
  ASSERT_TRUE(recovered);
  EXPECT_EQ(recovered->bytes(), 0);
  EXPECT_FALSE(teller.Look(0, 1));
}

TEST(LagTest, N3WithinItsWindowAPageIsNotBehind) {
  EXPECT_EQ(LagTeller::Counted(limits::kTerminalWindowBytes), 0);
  EXPECT_EQ(LagTeller::Counted(limits::kTerminalWindowBytes + 1), limits::kTerminalWindowBytes + 1);
}

TEST(FiguresTest, X5_N3ThePrometheusTextNamesWhatItCounts) {
  Figures figures;
  figures.sockets["join"] = 3;
  figures.requests["/ws"] = 7;
  figures.skips = 2;
  figures.worst_lag_bytes = 99;
  figures.CountRefusal("BAD_TOKEN");
  const std::string text = ToPrometheus(figures);
  for (const char* line :
       {"# TYPE atrium_gateway_connections gauge\n", "atrium_gateway_connections{kind=\"join\"} 3\n",
        "atrium_gateway_requests_total{route=\"/ws\"} 7\n", "atrium_gateway_skips_total 2\n",
        "atrium_gateway_refused_total{reason=\"BAD_TOKEN\"} 1\n", "atrium_gateway_worst_lag_bytes 99\n",
        "atrium_gateway_stalled_total 0\n"}) {
    EXPECT_THAT(text, testing::HasSubstr(line));
  }
}

TEST(FiguresTest, X5NobodyCanMakeUpReasonsWithoutEnd) {
  Figures figures;
  for (int i = 0; i < 10000; ++i) figures.CountRefusal("R" + std::to_string(i));
  figures.CountRefusal("a\"} 1\nx{y=\"");
  EXPECT_LE(figures.refused.size(), limits::kRefusalReasons + 1);
  EXPECT_EQ(figures.refused.count("a\"} 1\nx{y=\""), 0u);
}

}  // namespace
}  // namespace atrium::gateway
