// Cursor is one page's place in one tab's output, and its input on the way to the
// terminal. FeedItem is one step of that output.
#ifndef ATRIUM_GATEWAY_BRIDGE_CURSOR_H_
#define ATRIUM_GATEWAY_BRIDGE_CURSOR_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "atrium/v1/live.pb.h"
#include "atrium/v1/tab.pb.h"
#include "gateway/limits.h"
#include "gateway/ws/connection.h"

namespace atrium::gateway {

// A snapshot, shared by all who wait for it.
struct SharedSnapshot {
  int64_t offset = 0;
  atrium::v1::TerminalSize size;
  std::vector<grpc::Slice> data;
  size_t data_bytes = 0;   // All of `data`.
  bool scrollback = true;  // With all that has scrolled away.
};

// What a cursor meets next.
struct FeedItem {
  enum class Kind { kOutput, kScreen, kResized, kExit };
  Kind kind = Kind::kOutput;
  int64_t offset = 0;                 // Of kOutput: of its first byte.
  atrium::v1::TerminalSize size;      // Of kScreen and kResized.
  std::vector<grpc::Slice> data;      // Of kOutput, and one piece of kScreen.
  size_t data_bytes = 0;              // All of `data`.
  bool first = false, last = false;   // Of kScreen: which piece.
  int exit_code = 0;                  // Of kExit.
};

struct Cursor {
  // Upward news.
  class Listener {
   public:
    virtual ~Listener() = default;
    // There may be something for Next().
    virtual void OnMore() = 0;
    // OnMore() follows, so that it may go out with what there is then.
    virtual void OnInputAck(const std::string& tab, int64_t sequence) = 0;
    // It fell too far behind and goes on from a snapshot.
    virtual void OnSkipped() = 0;
    virtual void OnRefused(const std::string& tab, int code, const std::string& message) = 0;
    // It may not follow this tab any more; already removed.
    virtual void OnRevoked(const std::string& tab) = 0;
  };
  struct Typed {
    int64_t sequence;
    std::string data;
  };

  // Given.
  Listener* listener = nullptr;
  std::string attachment;
  bool lossless = false;
  size_t piece_bytes = limits::kOutputPieceBytes;  // The most of a snapshot in one item.
  // State.
  std::string feed;  // Names the feed that it is on; see Feeds.
  // State: output.
  int64_t offset = -1;        // The next byte to send; -1: a snapshot first.
  bool claimed = false;       // `offset` is the page's word, which nothing confirmed yet.
  int64_t acknowledged = -1;  // Drawn up to here.
  bool waits_for_snapshot = false;
  std::shared_ptr<const SharedSnapshot> snapshot;  // Being sent,
  size_t snapshot_sent = 0;                        // up to here.
  bool snapshot_begun = false;
  bool snapshot_drawing = false;  // Sent, but not acknowledged: nothing follows yet.
  // Its link is too slow for a whole snapshot while the program writes on: it gets what
  // is on the screen, and the rest once it has caught up.
  bool lean = false;
  bool owes_scrollback = false;  // It drew a screen without.
  size_t sent_at_look = 0;       // Of a snapshot, when it was looked at last;
  int idle_looks = 0;            // so often in a row there was no more.
  atrium::v1::TerminalSize told_size;
  bool exit_told = false;
  // State: what the terminal process has not confirmed.
  std::optional<atrium::v1::TerminalSize> window;  // As the page said last,
  bool window_told = false;                        // and the terminal heard.
  std::deque<Typed> unconfirmed;
  size_t unconfirmed_bytes = 0;
  bool opened = false;  // The terminal process accepted it; nothing is shown before.

  // It is at its offset, with no screen on its way.
  bool settled() const {
    return opened && offset >= 0 && !waits_for_snapshot && !snapshot && !snapshot_drawing;
  }
};

}  // namespace atrium::gateway

#endif  // ATRIUM_GATEWAY_BRIDGE_CURSOR_H_
