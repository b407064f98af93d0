// N2, N3: one tab's stream, its cursors, and what becomes of those who fall behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/rpc/output_codec.h"
#include "gateway/bridge/feeds.h"
#include "gateway/bridge/lag.h"
#include "gateway/bridge/tab_feed.h"
#include "gateway/figures.h"
#include "gateway/limits.h"
#include "tests/support/manual_loop.h"

namespace atrium::gateway {
namespace {

using atrium::terminal::v1::AttachRequest;
using atrium::terminal::v1::AttachResponse;
using Kind = FeedItem::Kind;

constexpr char kTab[] = "sessions/main/tabs/a";

// The terminal process.
struct FakeTerminals final : Terminals {
  struct Stream final : Upstream {
    FakeTerminals* owner;
    Listener* listener;
    Stream(FakeTerminals* o, Listener* l) : owner(o), listener(l) {}
    ~Stream() override {
      if (owner->stream == this) owner->stream = nullptr;
    }
    void Write(grpc::ByteBuffer message) override {
      AttachRequest request;
      EXPECT_TRUE(rpc::DecodeMessage(message, &request));
      owner->asked.push_back(request);
    }
    void Cancel() override { listener->OnClosed(absl::CancelledError("")); }
  };
  std::unique_ptr<Upstream> Attach(Upstream::Listener* listener) override {
    ++streams;
    auto made = std::make_unique<Stream>(this, listener);
    stream = made.get();
    return made;
  }
  void Say(const AttachResponse& response) { stream->listener->OnBuffer(rpc::EncodeMessage(response)); }
  void Opened(const std::string& attachment, int64_t sequence = 0) {
    AttachResponse response;
    response.mutable_opened()->set_attachment(attachment);
    response.mutable_opened()->set_sequence(sequence);
    Say(response);
  }
  void Output(const std::string& bytes) {
    stream->listener->OnBuffer(rpc::EncodeOutput(end, grpc::Slice(bytes)));
    end += static_cast<int64_t>(bytes.size());
  }
  void Snapshot(const std::string& bytes, bool required = false) {
    AttachResponse response;
    auto* snapshot = response.mutable_snapshot();
    snapshot->set_offset(end);
    snapshot->mutable_size()->set_columns(80);
    snapshot->mutable_size()->set_rows(24);
    snapshot->set_data(bytes);
    snapshot->set_required(required);
    Say(response);
  }
  int Count(AttachRequest::MessageCase kind) const {
    int count = 0;
    for (const AttachRequest& request : asked) count += request.message_case() == kind ? 1 : 0;
    return count;
  }

  Stream* stream = nullptr;
  int streams = 0;
  int64_t end = 0;
  std::vector<AttachRequest> asked;
};

// A page that takes what it is given.
struct Viewer : Cursor::Listener {
  Viewer(FakeTerminals* t, Feeds* f, const std::string& attachment, int64_t offset = -1,
         bool lossless = false)
      : terminals(t), feeds(f) {
    cursor.listener = this;
    cursor.attachment = attachment;
    cursor.offset = offset;
    cursor.lossless = lossless;
    feed = feeds->Join(kTab, &cursor);
  }
  ~Viewer() override {
    if (feed != nullptr) feeds->Leave(kTab, &cursor);
  }
  void OnMore() override {
    for (FeedItem item; drains && feed != nullptr && feed->Next(&cursor, &item); item = {}) Take(item);
  }
  void Take(const FeedItem& item) {
    std::string bytes;
    for (const grpc::Slice& slice : item.data) bytes.append(slice.begin(), slice.end());
    EXPECT_EQ(bytes.size(), item.data_bytes);
    if (item.kind == Kind::kOutput) {
      EXPECT_EQ(item.offset, drawn);
      seen += bytes;
      drawn = item.offset + static_cast<int64_t>(bytes.size());
    } else if (item.kind == Kind::kScreen) {
      if (item.first) screen.clear();
      screen += bytes;
      if (item.last) {
        ++screens;
        drawn = item.offset;
        seen.clear();
      }
    } else if (item.kind == Kind::kExit) {
      exit_code = item.exit_code;
    }
    if (acknowledges) feed->Acknowledge(&cursor, cursor.offset);
  }
  void OnInputAck(const std::string&, int64_t sequence) override { acked = sequence; }
  void OnSkipped() override { ++skips; }
  void OnRefused(const std::string&, int code, const std::string&) override { refused = code; }
  void OnRevoked(const std::string&) override {
    ++revoked;
    feed = nullptr;
  }

  FakeTerminals* terminals;
  Feeds* feeds;
  Cursor cursor;
  TabFeed* feed;
  bool drains = true, acknowledges = true;
  std::string seen, screen;
  int64_t drawn = 0;
  int screens = 0, skips = 0, refused = 0, revoked = 0, exit_code = -1;
  int64_t acked = 0;
};

class TabFeedTest : public testing::Test {
 protected:
  ManualLoop loop_;
  FakeTerminals terminals_;
  Feeds feeds_{&loop_, &terminals_};
};

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
  terminals_.Snapshot("newer");
  EXPECT_EQ(slow.screen, "newer");
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
  ack.mutable_input_ack()->set_attachment("a");
  ack.mutable_input_ack()->set_sequence(2);
  terminals_.Say(ack);
  EXPECT_EQ(a.acked, 2);
  EXPECT_EQ(a.cursor.unconfirmed_bytes, 0u);
}

TEST_F(TabFeedTest, T5InputThatIsNotTakenIsBoundedAndRefused) {
  Viewer a(&terminals_, &feeds_, "a", 0);
  terminals_.Opened("a");
  for (int i = 1; i <= 8; ++i) a.feed->Input(&a.cursor, i, std::string(64 << 10, 'x'));
  EXPECT_EQ(a.refused, 0);
  a.feed->Input(&a.cursor, 9, "x");
  EXPECT_EQ(a.refused, 8);
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
