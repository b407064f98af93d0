// Cursor is one page's place in one tab's output, and its input on the way to the
// terminal.
#ifndef ATRIUM_GATEWAY_BRIDGE_CURSOR_H_
#define ATRIUM_GATEWAY_BRIDGE_CURSOR_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "atrium/v1/live.pb.h"
#include "atrium/v1/tab.pb.h"
#include "gateway/ws/connection.h"

namespace atrium::gateway {

// A snapshot, shared by all who wait for it.
struct SharedSnapshot {
  int64_t offset = 0;
  atrium::v1::TerminalSize size;
  grpc::Slice data;
};

struct Cursor {
  // Upward news.
  class Listener {
   public:
    virtual ~Listener() = default;
    // There may be something for Next().
    virtual void OnMore() = 0;
    virtual void OnInputAck(const std::string& tab, int64_t sequence) = 0;
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
  // State: output.
  int64_t offset = -1;        // The next byte to send; -1: a snapshot first.
  int64_t acknowledged = -1;  // Drawn up to here.
  bool waits_for_snapshot = false;
  std::shared_ptr<const SharedSnapshot> snapshot;  // Being sent,
  size_t snapshot_sent = 0;                        // up to here.
  bool snapshot_begun = false;
  bool snapshot_drawing = false;  // Sent, but not acknowledged: nothing follows yet.
  atrium::v1::TerminalSize told_size;
  bool exit_told = false;
  int64_t skips = 0;
  // State: input that was not confirmed.
  std::deque<Typed> unconfirmed;
  size_t unconfirmed_bytes = 0;
  bool opened = false;
};

}  // namespace atrium::gateway

#endif  // ATRIUM_GATEWAY_BRIDGE_CURSOR_H_
