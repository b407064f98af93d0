// TimelineWriter writes timeline entries as a document: text, JSON lines or WebVTT.
// It touches nothing but what it is given; on any one thread.
#ifndef ATRIUM_CONTROL_SESSION_TIMELINE_WRITER_H_
#define ATRIUM_CONTROL_SESSION_TIMELINE_WRITER_H_

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "atrium/v1/timeline.pb.h"

namespace atrium::control {

class TimelineWriter {
 public:
  using Format = atrium::v1::ExportTimelineRequest::Format;

  // `format` is one of the three. The document is Begin(), each entry's Add() in the
  // order of the timeline, and End(), all in UTF-8; a piece may be empty.
  explicit TimelineWriter(Format format) : format_(format) {}

  std::string Begin() const;
  std::string Add(const atrium::v1::TimelineEntry& entry);
  std::string End();

 private:
  struct Cue {
    absl::Duration start;  // From the first cue's.
    std::string text;      // Escaped.
    absl::Duration most;   // The longest that it may stand.
  };

  std::string AddCue(const atrium::v1::TimelineEntry& entry);

  // Given.
  const Format format_;
  // State.
  std::optional<absl::Time> first_;  // When the first cue began.
  std::optional<Cue> waiting_;       // Until the next says how long it stands.
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_SESSION_TIMELINE_WRITER_H_
