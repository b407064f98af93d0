// The terminal process as the gateway's feeds see it, and a page that takes what it
// is given.
#ifndef ATRIUM_TESTS_SUPPORT_FAKE_TERMINALS_H_
#define ATRIUM_TESTS_SUPPORT_FAKE_TERMINALS_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "common/rpc/output_codec.h"
#include "gateway/bridge/feeds.h"
#include "gateway/bridge/tab_feed.h"
#include "tests/support/manual_loop.h"

namespace atrium::gateway {

using atrium::terminal::v1::AttachRequest;
using atrium::terminal::v1::AttachResponse;

inline constexpr char kTab[] = "sessions/main/tabs/a";

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
    response.mutable_opened()->set_takes_screen(takes_screen);
    Say(response);
  }
  void Output(const std::string& bytes) {
    stream->listener->OnBuffer(rpc::EncodeOutput(end, grpc::Slice(bytes)));
    end += static_cast<int64_t>(bytes.size());
  }
  void Snapshot(const std::string& bytes, bool required = false) {
    atrium::v1::TerminalSnapshot snapshot = PieceOf(end, bytes, true, true);
    snapshot.set_required(required);
    Tell(snapshot);
  }
  // What is on the screen alone.
  void Screen(const std::string& bytes) {
    atrium::v1::TerminalSnapshot screen = PieceOf(end, bytes, true, true);
    screen.set_without_scrollback(true);
    Tell(screen);
  }
  void Piece(int64_t offset, const std::string& bytes, bool first, bool last) {
    Tell(PieceOf(offset, bytes, first, last));
  }
  static atrium::v1::TerminalSnapshot PieceOf(int64_t offset, const std::string& bytes, bool first,
                                              bool last) {
    atrium::v1::TerminalSnapshot piece;
    piece.set_offset(offset);
    piece.mutable_size()->set_columns(80);
    piece.mutable_size()->set_rows(24);
    piece.set_data(bytes);
    piece.set_first(first);
    piece.set_last(last);
    return piece;
  }
  void Tell(const atrium::v1::TerminalSnapshot& snapshot) {
    AttachResponse response;
    *response.mutable_snapshot() = snapshot;
    Say(response);
  }
  int Count(AttachRequest::MessageCase kind) const {
    int count = 0;
    for (const AttachRequest& request : asked) count += request.message_case() == kind ? 1 : 0;
    return count;
  }

  Stream* stream = nullptr;
  int streams = 0;
  bool takes_screen = true;
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
    if (feed != nullptr) feeds->Leave(&cursor);
  }
  void OnMore() override {
    for (FeedItem item; drains && feed != nullptr && feed->Next(&cursor, &item); item = {}) Take(item);
  }
  void Take(const FeedItem& item) {
    std::string bytes;
    for (const grpc::Slice& slice : item.data) bytes.append(slice.begin(), slice.end());
    EXPECT_EQ(bytes.size(), item.data_bytes);
    if (item.kind == FeedItem::Kind::kOutput) {
      EXPECT_EQ(item.offset, drawn);
      seen += bytes;
      drawn = item.offset + static_cast<int64_t>(bytes.size());
    } else if (item.kind == FeedItem::Kind::kScreen) {
      if (item.first) screen.clear();
      screen += bytes;
      if (item.last) {
        ++screens;
        drawn = item.offset;
        seen.clear();
      }
    } else if (item.kind == FeedItem::Kind::kExit) {
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
    feeds->Leave(&cursor);
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
  FakeTerminals terminals_;  // Outlives what the loop still holds: a feed that was left.
  ManualLoop loop_;
  Feeds feeds_{&loop_, &terminals_};
};

}  // namespace atrium::gateway

#endif  // ATRIUM_TESTS_SUPPORT_FAKE_TERMINALS_H_
