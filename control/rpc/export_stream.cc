// ExportTimeline: a session's timeline as a document, at the reader's pace.
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "common/errors.h"
#include "common/rpc/status.h"
#include "common/status_macros.h"
#include "control/errors.h"
#include "control/limits.h"
#include "control/rpc/caller.h"
#include "control/rpc/services.h"
#include "control/session/timeline_writer.h"

namespace atrium::control {

using atrium::v1::ExportTimelineRequest;
using atrium::v1::ExportTimelineResponse;
using atrium::v1::TimelineEntry;

namespace {

// Deletes itself on the loop. One page of entries is read once what the page before
// made was taken, so that a slow reader costs one page.
class ExportStream final : public grpc::ServerWriteReactor<ExportTimelineResponse> {
 public:
  ExportStream(const Doors& doors, std::string token, const ExportTimelineRequest& request)
      : doors_(doors), token_(std::move(token)), request_(request), writer_(request.format()) {
    doors_.loop->Post([this] { Begin(); });
  }

  void OnWriteDone(bool ok) override {
    doors_.loop->Post([this, ok] {
      writing_ = false;
      if (ending_) return FinishOnce();
      if (!ok) return End(absl::CancelledError("cancelled"));
      Next();
    });
  }
  void OnCancel() override {
    doors_.loop->Post([this] { End(absl::CancelledError("cancelled")); });
  }
  void OnDone() override {
    doors_.loop->Post([this] { delete this; });
  }

 private:
  void Begin() {
    if (const absl::Status status = Check(); !status.ok()) return End(status);
    text_ = writer_.Begin();
    Read();
  }
  absl::Status Check() {
    ASSIGN_OR_RETURN(actor_, doors_.auth->CheckBearer(token_));
    ASSIGN_OR_RETURN(Session * session, doors_.registry->Find(actor_, request_.parent()));
    if (request_.format() == ExportTimelineRequest::FORMAT_UNSPECIFIED) {
      return MissingField("format");
    }
    if (!ExportTimelineRequest::Format_IsValid(request_.format())) {
      return BadField("format", "must be TEXT, JSON or WEBVTT");
    }
    last_ = session->last_entry();
    return absl::OkStatus();
  }

  void Read() {
    const absl::StatusOr<Session*> session = doors_.registry->Find(actor_, request_.parent());
    if (!session.ok()) return End(SessionEnded());
    (*session)->ReadEntries(after_, [this, alive = std::weak_ptr<bool>(alive_)](auto entries) {
      if (alive.expired() || ending_) return;
      if (!entries.ok()) return End(entries.status());
      entries_ = *std::move(entries);
      at_ = 0;
      page_after_ = after_;
      Next();
    });
  }

  // Writes the next piece, or reads what it is made of, or ends.
  void Next() {
    while (at_ < entries_.size() && text_.size() < limits::kExportPieceBytes) {
      const TimelineEntry& entry = entries_[at_++];
      const size_t slash = entry.name().rfind('/');
      int64_t number = 0;
      if (!absl::SimpleAtoi(entry.name().substr(slash + 1), &number)) continue;
      if (number > last_) {
        read_all_ = true;
        at_ = entries_.size();
        break;
      }
      after_ = number;
      text_ += writer_.Add(entry);
    }
    const bool page_over = at_ == entries_.size();
    if (page_over && after_ == page_after_) read_all_ = true;
    if (text_.size() < limits::kExportPieceBytes && !read_all_) return Read();
    if (read_all_ && page_over && !std::exchange(closed_, true)) {
      text_ += writer_.End();
    }
    if (text_.empty()) return End(absl::OkStatus());
    piece_.set_data(std::exchange(text_, ""));
    writing_ = true;
    StartWrite(&piece_);
  }

  void End(const absl::Status& status) {
    if (std::exchange(ending_, true)) return;
    status_ = rpc::ToGrpc(status);
    if (!writing_) FinishOnce();
  }
  void FinishOnce() {
    if (!std::exchange(finished_, true)) Finish(status_);
  }

  // Given.
  const Doors& doors_;
  const std::string token_;
  const ExportTimelineRequest request_;
  // State.
  Actor actor_;
  TimelineWriter writer_;
  std::vector<TimelineEntry> entries_;
  size_t at_ = 0;           // The next of them.
  int64_t after_ = 0;       // The number of the last one that was written.
  int64_t page_after_ = 0;  // The same when this page was read.
  int64_t last_ = 0;        // The newest one when the export began.
  std::string text_;        // For the next piece.
  ExportTimelineResponse piece_;
  grpc::Status status_;
  bool read_all_ = false, closed_ = false;
  bool writing_ = false, ending_ = false, finished_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace

grpc::ServerWriteReactor<ExportTimelineResponse>* TimelineDoor::ExportTimeline(
    grpc::CallbackServerContext* context, const ExportTimelineRequest* request) {
  return new ExportStream(doors_, BearerOf(*context), *request);
}

}  // namespace atrium::control
