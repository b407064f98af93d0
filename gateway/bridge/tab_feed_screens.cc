// Snapshots: how they come, who gets which, and who lets go of one.
#include <algorithm>
#include <utility>

#include "common/rpc/output_codec.h"
#include "gateway/bridge/tab_feed.h"
#include "gateway/limits.h"

namespace atrium::gateway {
namespace {

// At most `limit` bytes of `all`, from `at`.
size_t Cut(const std::vector<grpc::Slice>& all, size_t at, size_t limit,
           std::vector<grpc::Slice>* out) {
  size_t taken = 0;
  for (const grpc::Slice& slice : all) {
    if (at >= slice.size()) {
      at -= slice.size();
      continue;
    }
    const size_t n = std::min(limit - taken, slice.size() - at);
    if (n == 0) break;
    out->push_back(slice.sub(at, at + n));
    taken += n;
    at = 0;
  }
  return taken;
}

}  // namespace

void TabFeed::OnSnapshot(const atrium::v1::TerminalSnapshot& piece) {
  if (arriving_ == nullptr || piece.first()) {
    arriving_ = std::make_shared<SharedSnapshot>();
    arriving_->offset = piece.offset();
    arriving_->size = piece.size();
    arriving_->scrollback = !piece.without_scrollback();
    // It may come before output that precedes it, which is on its way.
    moved_ = Place(piece.offset());
    if (!ring_.SizeAt(piece.offset())) ring_.MarkResize(piece.offset(), piece.size());
  }
  arriving_->data.emplace_back(piece.data());
  arriving_->data_bytes += piece.data().size();
  if (!piece.last()) return;
  snapshot_asked_ = false;
  Share(std::exchange(arriving_, nullptr), piece.required());
}

void TabFeed::Share(const std::shared_ptr<const SharedSnapshot>& snapshot, bool required) {
  for (Cursor* cursor : cursors_) {
    const bool due = Needs(cursor, *snapshot, required);
    // What one who is slow is to have, and what others must, are not the same.
    cursor->waits_for_snapshot = due && !required && snapshot->scrollback == cursor->lean;
    if (!cursor->waits_for_snapshot) cursor->claimed = false;
    if (!due) continue;
    cursor->snapshot = cursor->waits_for_snapshot ? nullptr : snapshot;
    cursor->snapshot_sent = cursor->sent_at_look = 0;
    cursor->snapshot_begun = false;
    cursor->idle_looks = 0;
    WatchSnapshots();
  }
  PumpAll();
  for (const Cursor* cursor : cursors_) {
    if (cursor->waits_for_snapshot) AskSnapshot(!cursor->lean);
  }
}

// The terminal has come to the snapshot's offset at least, so a page may have been
// anywhere between the ring's start and there.
bool TabFeed::Needs(const Cursor* cursor, const SharedSnapshot& snapshot, bool required) const {
  if (required && cursor->offset >= 0 && !cursor->lossless) return true;
  if (cursor->snapshot != nullptr) return moved_;
  const bool held = cursor->offset >= ring_.start() && cursor->offset <= snapshot.offset;
  if (held && cursor->claimed) return false;
  return cursor->waits_for_snapshot || cursor->offset < 0 || (!held && (moved_ || cursor->claimed));
}

void TabFeed::AskSnapshot(bool scrollback) {
  if (stream_ == nullptr || std::exchange(snapshot_asked_, true)) return;
  Request request;
  scrollback ? request.set_snapshot(true) : request.set_screen(true);
  Send(request);
}

// A snapshot that its page takes so slowly that much more came since would only be
// followed by another: it is let go, and the page begins with a newer one, of the screen
// alone.
void TabFeed::DropStaleSnapshots() {
  for (Cursor* cursor : cursors_) {
    if (cursor->snapshot == nullptr || cursor->lossless) continue;
    if (ring_.end() - cursor->snapshot->offset > limits::kLagBytes) Drop(cursor);
  }
}

void TabFeed::Drop(Cursor* cursor) {
  cursor->snapshot = nullptr;
  cursor->lean = takes_screen_;
  // Its page may have been reset, or must be: it does not go on without another.
  cursor->waits_for_snapshot = true;
  AskSnapshot(!cursor->lean);
}

void TabFeed::WatchSnapshots() {
  if (look_) return;
  look_ = loop_->After(limits::kSnapshotLook, [this] {
    const auto done = std::move(look_);
    LookAtSnapshots();
  });
}

// Whoever has taken nothing of a snapshot for long holds it no longer; whoever
// was shown a screen alone, and has caught up with a program that rests, gets all of it.
void TabFeed::LookAtSnapshots() {
  const bool rests =
      ring_.end() - std::exchange(end_at_look_, ring_.end()) <= limits::kSnapshotRest;
  bool again = false;
  for (Cursor* cursor : cursors_) {
    if (cursor->lossless) continue;
    const bool taken =
        std::exchange(cursor->sent_at_look, cursor->snapshot_sent) != cursor->snapshot_sent;
    cursor->idle_looks = taken ? 0 : cursor->idle_looks + 1;
    if (cursor->snapshot != nullptr && cursor->idle_looks == limits::kSnapshotIdleLooks) {
      Drop(cursor);
    }
    const bool caught_up =
        cursor->settled() && ring_.end() - cursor->acknowledged <= limits::kSnapshotRest;
    if (rests && cursor->owes_scrollback && caught_up) {
      cursor->lean = cursor->owes_scrollback = false;
      cursor->waits_for_snapshot = true;
      AskSnapshot();
    }
    again = again || cursor->snapshot != nullptr || cursor->owes_scrollback;
  }
  if (again) WatchSnapshots();
}

bool TabFeed::NextOfSnapshot(Cursor* cursor, FeedItem* item) {
  const SharedSnapshot& whole = *cursor->snapshot;
  item->kind = FeedItem::Kind::kScreen;
  item->offset = whole.offset;
  item->size = whole.size;
  item->data_bytes = Cut(whole.data, cursor->snapshot_sent, cursor->piece_bytes, &item->data);
  item->first = !std::exchange(cursor->snapshot_begun, true);
  cursor->snapshot_sent += item->data_bytes;
  if (cursor->snapshot_sent < whole.data_bytes) return true;
  item->last = true;
  cursor->offset = cursor->acknowledged = whole.offset;
  cursor->told_size = whole.size;
  cursor->owes_scrollback = !whole.scrollback;
  if (whole.scrollback) cursor->lean = false;
  cursor->snapshot = nullptr;
  // A page that is slow to draw must not be buried under snapshots.
  cursor->snapshot_drawing = true;
  return true;
}

}  // namespace atrium::gateway
