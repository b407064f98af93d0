#include "gateway/bridge/tab_feed.h"

#include <algorithm>
#include <utility>

#include "common/errors.h"
#include "common/log.h"
#include "common/rpc/output_codec.h"
#include "gateway/limits.h"

namespace atrium::gateway {

namespace {

constexpr absl::Duration kNotFoundRetry = absl::Milliseconds(200);
// Why the terminal process refuses a reader for now: control has not told it yet.
constexpr char kNotKnownYet[] = "ATTACHMENT_UNKNOWN";

bool SameSize(const atrium::v1::TerminalSize& a, const atrium::v1::TerminalSize& b) {
  return a.columns() == b.columns() && a.rows() == b.rows();
}

}  // namespace

TabFeed::TabFeed(Loop* loop, Terminals* terminals, Options options)
    : loop_(loop),
      terminals_(terminals),
      options_(std::move(options)),
      ring_(limits::kRingBytes) {}

void TabFeed::Add(Cursor* cursor) {
  cursors_.insert(cursor);
  cursor->acknowledged = cursor->offset;
  cursor->claimed = cursor->offset >= 0;
  if (stream_ == nullptr && !retry_) {
    Connect();
  } else if (stream_ != nullptr) {
    Open(cursor);
  }
}

void TabFeed::Remove(Cursor* cursor) {
  if (cursors_.erase(cursor) == 0 || !Of(cursor->attachment).empty()) return;
  Request request;
  request.mutable_close()->set_attachment(cursor->attachment);
  Send(request);
}

void TabFeed::Connect() {
  retry_.reset();
  stream_ = terminals_->Attach(this);
  Request start;
  start.mutable_start()->set_tab(options_.tab);
  start.mutable_start()->set_offset(StartOffset());
  start.mutable_start()->set_lossless_attachment(options_.lossless_attachment);
  start.mutable_start()->set_acks_together(true);
  start.mutable_start()->set_screens_in_pieces(true);
  placed_ = false;
  arriving_ = nullptr;
  snapshot_asked_ = start.start().offset() < 0;
  Send(start);
  for (Cursor* cursor : cursors_) Open(cursor);
  const bool asked = std::any_of(cursors_.begin(), cursors_.end(),
                                 [](const Cursor* cursor) { return cursor->waits_for_snapshot; });
  if (asked) AskSnapshot();
}

// Where we are; at first where a page says that it was: the terminal answers where
// the stream really begins.
int64_t TabFeed::StartOffset() const {
  if (ring_.started()) return ring_.end();
  for (const Cursor* cursor : cursors_) {
    if (cursor->offset >= 0) return cursor->offset;
  }
  return -1;
}

// What comes first on a stream says where it goes on; true if that is elsewhere than
// where we are: all that was known of the tab then counts no more.
bool TabFeed::Place(int64_t offset) {
  if (std::exchange(placed_, true) || offset == ring_.end()) return false;
  const bool moved = ring_.started();
  ring_.Reset(offset);
  return moved;
}

void TabFeed::Open(Cursor* cursor) {
  cursor->opened = false;
  if (lossless()) return;  // Its `start` opened it.
  Request request;
  request.mutable_open()->set_attachment(cursor->attachment);
  Send(request);
}

void TabFeed::Send(const Request& request) {
  if (stream_ != nullptr) stream_->Write(rpc::EncodeMessage(request));
}

void TabFeed::OnClosed(const absl::Status& status) {
  // We are inside its call.
  loop_->Post([last = std::shared_ptr<Upstream>(std::move(stream_))] {});
  for (Cursor* cursor : cursors_) cursor->opened = false;
  const bool final =
      absl::IsOutOfRange(status) || absl::IsResourceExhausted(status) ||
      (absl::IsPermissionDenied(status) && DetailsOf(status).reason != kNotKnownYet);
  if (lossless() && final) {
    const std::set<Cursor*> all = std::exchange(cursors_, {});
    for (Cursor* cursor : all) {
      cursor->listener->OnRefused(options_.tab, static_cast<int>(status.code()),
                                  std::string(status.message()));
      cursor->listener->OnRevoked(options_.tab);
    }
    return;
  }
  // Not there yet, or the process is coming back: go on from where we are.
  const bool absent = absl::IsNotFound(status) || absl::IsPermissionDenied(status);
  retry_ = loop_->After(absent ? kNotFoundRetry : limits::kLinkRetry, [this] {
    auto done = std::move(retry_);
    if (!cursors_.empty()) Connect();
  });
}

void TabFeed::OnBuffer(const grpc::ByteBuffer& buffer) {
  int64_t offset;
  std::vector<grpc::Slice> data;
  std::string more;
  Response response;
  if (rpc::DecodeOutput(buffer, &offset, &data, &more)) {
    Place(offset);
    ring_.Append(offset, data);
    DropStaleSnapshots();
    if (!more.empty() && response.ParseFromString(more)) OnInputAcks(response);
    return PumpAll();
  }
  if (!rpc::DecodeMessage(buffer, &response)) {
    LogWarning("an unreadable message from the terminal process", {{"tab", options_.tab}});
    return stream_->Cancel();
  }
  OnResponse(&response);
}

void TabFeed::OnResponse(Response* response) {
  switch (response->message_case()) {
    case Response::kResized:
      Place(response->resized().offset());
      ring_.MarkResize(response->resized().offset(), response->resized().size());
      return PumpAll();
    case Response::kSnapshot:
      return OnSnapshot(response->snapshot());
    case Response::kExit:
      exit_code_ = response->exit().exit_code();
      return PumpAll();
    case Response::kOpened:
      return OnOpened(response->opened());
    case Response::kRefused:
      return OnRefused(response->refused());
    case Response::kRevoked:
      return OnRevoked(response->revoked());
    default:
      OnInputAcks(*response);
      return PumpAll();
  }
}

// What the terminal has written is waited for no more.
void TabFeed::Confirm(Cursor* cursor, int64_t sequence) {
  while (!cursor->unconfirmed.empty() && cursor->unconfirmed.front().sequence <= sequence) {
    cursor->unconfirmed_bytes -= cursor->unconfirmed.front().data.size();
    cursor->unconfirmed.pop_front();
  }
  if (sequence > 0) cursor->listener->OnInputAck(options_.tab, sequence);
}

// The terminal knows the page: what it has not confirmed is sent (again).
void TabFeed::OnOpened(const Response::Opened& opened) {
  takes_screen_ = opened.takes_screen();
  for (Cursor* cursor : Of(opened.attachment())) {
    if (cursors_.count(cursor) == 0 || std::exchange(cursor->opened, true)) continue;
    Confirm(cursor, opened.sequence());
    if (cursor->window) TellWindow(cursor);
    for (const Cursor::Typed& typed : cursor->unconfirmed) {
      Request request;
      request.mutable_input()->set_attachment(cursor->attachment);
      request.mutable_input()->set_sequence(typed.sequence);
      request.mutable_input()->set_data(typed.data);
      Send(request);
    }
    cursor->listener->OnMore();
  }
}

void TabFeed::OnInputAcks(const Response& response) {
  const auto take = [this](const Response::Ack& ack) {
    for (Cursor* cursor : Of(ack.attachment())) {
      if (cursors_.count(cursor) > 0) Confirm(cursor, ack.sequence());
    }
  };
  for (const Response::Ack& ack : response.input_acks()) take(ack);
  // From a terminal process of before.
  if (response.has_input_ack()) take(response.input_ack());
}

void TabFeed::OnRefused(const Response::Refused& refused) {
  for (Cursor* cursor : Of(refused.attachment())) {
    if (cursors_.count(cursor) == 0) continue;
    if (refused.sequence() != 0) {
      cursor->unconfirmed.clear();
      cursor->unconfirmed_bytes = 0;
    }
    cursor->listener->OnRefused(options_.tab, refused.code(), refused.message());
  }
}

void TabFeed::OnRevoked(const Response::Revoked& revoked) {
  Request close;
  close.mutable_close()->set_attachment(revoked.attachment());
  Send(close);
  for (Cursor* cursor : Of(revoked.attachment())) {
    if (cursors_.erase(cursor) > 0) cursor->listener->OnRevoked(options_.tab);
  }
}

void TabFeed::PumpAll() {
  const std::vector<Cursor*> all(cursors_.begin(), cursors_.end());
  for (Cursor* cursor : all) {
    if (cursors_.count(cursor) > 0) cursor->listener->OnMore();
  }
}

int64_t TabFeed::LagOf(const Cursor& cursor) const {
  if (!cursor.opened || cursor.offset < 0 || !ring_.started()) return 0;
  return std::max<int64_t>(0, ring_.end() - std::max<int64_t>(cursor.acknowledged, 0));
}

bool TabFeed::Next(Cursor* cursor, FeedItem* item) {
  // The ring is shared by all who may see the tab; whether this one may is the
  // terminal process's to say.
  if (!cursor->opened) return false;
  if (cursor->snapshot != nullptr) return NextOfSnapshot(cursor, item);
  if (cursor->snapshot_drawing) return false;
  if (cursor->waits_for_snapshot || !ring_.started()) {
    if (cursor->offset < 0) {
      cursor->waits_for_snapshot = true;
      AskSnapshot(!cursor->lean);
    }
    return false;
  }
  if (cursor->offset > ring_.end()) {
    // It is on its way; or only said to be, which the next snapshot shows.
    if (cursor->claimed) AskSnapshot();
    return false;
  }
  cursor->claimed = false;
  const bool behind = ring_.end() - cursor->offset > limits::kLagBytes && !cursor->lossless;
  if (!ring_.Holds(cursor->offset) || behind) {
    if (cursor->offset >= 0) cursor->listener->OnSkipped();
    cursor->waits_for_snapshot = true;
    AskSnapshot(!cursor->lean);
    return false;
  }
  return NextOfRing(cursor, item);
}

bool TabFeed::NextOfRing(Cursor* cursor, FeedItem* item) {
  item->offset = cursor->offset;
  if (const auto size = ring_.SizeAt(cursor->offset); size && !SameSize(*size, cursor->told_size)) {
    cursor->told_size = item->size = *size;
    item->kind = FeedItem::Kind::kResized;
    return true;
  }
  const int64_t room = cursor->acknowledged + limits::kTerminalWindowBytes - cursor->offset;
  if (room > 0) {
    const size_t limit = std::min(limits::kOutputPieceBytes, static_cast<size_t>(room));
    item->data_bytes = ring_.Take(cursor->offset, limit, &item->data);
    if (item->data_bytes > 0) {
      item->kind = FeedItem::Kind::kOutput;
      cursor->offset += static_cast<int64_t>(item->data_bytes);
      return true;
    }
  }
  if (!exit_code_ || cursor->exit_told || cursor->offset != ring_.end()) return false;
  cursor->exit_told = true;
  item->kind = FeedItem::Kind::kExit;
  item->exit_code = *exit_code_;
  return true;
}

void TabFeed::Acknowledge(Cursor* cursor, int64_t offset) {
  if (offset < cursor->acknowledged || offset > cursor->offset) return;
  cursor->snapshot_drawing = false;
  cursor->acknowledged = offset;
  if (lossless()) {
    Request request;
    request.set_ack_offset(offset);
    Send(request);
  }
  cursor->listener->OnMore();
}

bool TabFeed::Input(Cursor* cursor, int64_t sequence, std::string data) {
  if (!cursor->unconfirmed.empty() && sequence <= cursor->unconfirmed.back().sequence) return true;
  if (cursor->unconfirmed_bytes + data.size() > limits::kUnconfirmedInputBytes) return false;
  if (cursor->opened) {
    Request request;
    request.mutable_input()->set_attachment(cursor->attachment);
    request.mutable_input()->set_sequence(sequence);
    request.mutable_input()->set_data(data);
    Send(request);
  }
  cursor->unconfirmed_bytes += data.size();
  cursor->unconfirmed.push_back({sequence, std::move(data)});
  return true;
}

void TabFeed::Resize(Cursor* cursor, const atrium::v1::TerminalSize& size) {
  cursor->window = size;
  cursor->window_told = false;
  if (cursor->opened) TellWindow(cursor);
}

void TabFeed::TellWindow(Cursor* cursor) {
  // A terminal of before takes no window for one of no size.
  const bool none = cursor->window->columns() == 0 && cursor->window->rows() == 0;
  if (none && !takes_screen_) return;
  Request request;
  request.mutable_resize()->set_attachment(cursor->attachment);
  *request.mutable_resize()->mutable_size() = *cursor->window;
  request.mutable_resize()->set_again(std::exchange(cursor->window_told, true));
  Send(request);
}

std::vector<Cursor*> TabFeed::Of(const std::string& attachment) const {
  std::vector<Cursor*> cursors;
  for (Cursor* cursor : cursors_) {
    if (cursor->attachment == attachment) cursors.push_back(cursor);
  }
  return cursors;
}

}  // namespace atrium::gateway
