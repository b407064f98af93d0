// TabFeed is one stream from the terminal process, shared by all pages that look
// at one tab: a ring of what came, and a cursor for each page. Whoever falls out
// of the ring, or too far behind, waits for a snapshot that all laggards share.
//
// On the loop.
#ifndef ATRIUM_GATEWAY_BRIDGE_TAB_FEED_H_
#define ATRIUM_GATEWAY_BRIDGE_TAB_FEED_H_

#include <grpcpp/support/byte_buffer.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "atrium/terminal/v1/host.pb.h"
#include "common/loop.h"
#include "gateway/bridge/cursor.h"
#include "gateway/bridge/ring.h"
#include "gateway/bridge/upstream.h"

namespace atrium::gateway {

class TabFeed final : private Upstream::Listener {
 public:
  struct Options {
    std::string tab;
    std::string lossless_attachment;  // Of the one reader that may miss nothing.
  };
  // `terminals` outlives it.
  TabFeed(Loop* loop, Terminals* terminals, Options options);
  TabFeed(const TabFeed&) = delete;
  TabFeed& operator=(const TabFeed&) = delete;

  const std::string& tab() const { return options_.tab; }
  // Its offset is believed once what the terminal says confirms it (N3); else it gets
  // a snapshot. Ask Next() afterwards.
  void Add(Cursor* cursor);
  void Remove(Cursor* cursor);
  bool empty() const { return cursors_.empty(); }

  // The next item for a cursor; false if there is none, or none may be sent yet.
  // Asks for a snapshot if the cursor needs one.
  bool Next(Cursor* cursor, FeedItem* item);
  // Bytes of output that are here and that its page has not drawn.
  int64_t LagOf(const Cursor& cursor) const;
  // A page has drawn up to here.
  void Acknowledge(Cursor* cursor, int64_t offset);
  // False if too much waits to be confirmed: it was not taken.
  bool Input(Cursor* cursor, int64_t sequence, std::string data);
  void Resize(Cursor* cursor, const atrium::v1::TerminalSize& size);
  bool Holds(int64_t offset) const { return ring_.Holds(offset); }
  // What it has begins behind `offset`, which a page has and would go on from.
  bool BeganAfter(int64_t offset) const {
    return ring_.started() && offset >= 0 && offset < ring_.start();
  }

 private:
  using Request = atrium::terminal::v1::AttachRequest;
  using Response = atrium::terminal::v1::AttachResponse;

  // Upstream::Listener.
  void OnBuffer(const grpc::ByteBuffer& buffer) override;
  void OnClosed(const absl::Status& status) override;

  void Connect();
  void OnResponse(Response* response);
  void OnOpened(const Response::Opened& opened);
  void OnInputAcks(const Response& response);
  void OnRefused(const Response::Refused& refused);
  void OnRevoked(const Response::Revoked& revoked);
  void TellWindow(Cursor* cursor);
  void Confirm(Cursor* cursor, int64_t sequence);
  void OnSnapshot(const atrium::v1::TerminalSnapshot& piece);
  void Share(const std::shared_ptr<const SharedSnapshot>& snapshot, bool required);
  bool Place(int64_t offset);
  bool Needs(const Cursor* cursor, const SharedSnapshot& snapshot, bool required) const;
  int64_t StartOffset() const;
  void Open(Cursor* cursor);
  void AskSnapshot(bool scrollback = true);
  void DropStaleSnapshots();
  void Drop(Cursor* cursor);
  // Once a second, while somebody takes a snapshot or is to get another.
  void WatchSnapshots();
  void LookAtSnapshots();
  bool NextOfSnapshot(Cursor* cursor, FeedItem* item);
  bool NextOfRing(Cursor* cursor, FeedItem* item);
  void PumpAll();
  void Send(const Request& request);
  // A page that comes back has two for a while: its old socket may be dead without
  // anybody knowing.
  std::vector<Cursor*> Of(const std::string& attachment) const;
  bool lossless() const { return !options_.lossless_attachment.empty(); }

  // Given.
  Loop* const loop_;
  Terminals* const terminals_;
  const Options options_;
  // State.
  std::unique_ptr<Upstream> stream_;
  Loop::HandlePtr retry_;
  std::set<Cursor*> cursors_;
  Ring ring_;
  bool placed_ = false;  // The terminal said where this stream goes on.
  bool snapshot_asked_ = false;
  std::shared_ptr<SharedSnapshot> arriving_;  // In pieces.
  bool takes_screen_ = false;                 // The terminal knows how to tell the screen alone.
  bool moved_ = false;                        // It began elsewhere than where we were.
  int64_t end_at_look_ = 0;                   // Of the ring.
  Loop::HandlePtr look_;
  std::optional<int> exit_code_;
};

}  // namespace atrium::gateway

#endif  // ATRIUM_GATEWAY_BRIDGE_TAB_FEED_H_
