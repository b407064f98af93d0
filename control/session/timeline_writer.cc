#include "control/session/timeline_writer.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "absl/strings/str_join.h"
#include "common/proto_time.h"
#include "common/str_cat.h"
#include "common/text.h"
#include "control/limits.h"

namespace atrium::control {

using atrium::v1::ExportTimelineRequest;
using atrium::v1::TimelineEntry;

namespace {

// How long a cue stands: for the time of reading it, within these.
constexpr absl::Duration kCueLeast = absl::Milliseconds(500);
constexpr absl::Duration kCueShort = absl::Seconds(2);
constexpr absl::Duration kCueMost = absl::Seconds(10);
constexpr absl::Duration kCueByte = absl::Milliseconds(60);

std::string Who(const TimelineEntry& entry) { return absl::StrJoin(entry.speaker_names(), ", "); }

std::string TextLine(const TimelineEntry& entry) {
  const absl::Time time = FromProtoTime(entry.create_time());
  std::string line = absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone()) + "  ";
  if (const std::string who = Who(entry); !who.empty()) line += who + ": ";
  if (entry.has_approval()) {
    line += atrium::v1::Approval::State_Name(entry.approval().state()) + " ";
  }
  for (const char c : CleanText(entry.text(), limits::kInputBytes)) {
    line.push_back(c);
    if (c == '\n') line += "    ";
  }
  if (entry.has_exit_code()) line += StrCat(" (exit code ", entry.exit_code(), ")");
  if (entry.interrupted()) line += " (interrupted)";
  return line + '\n';
}

std::string JsonLine(const TimelineEntry& entry) {
  std::string line;
  (void)google::protobuf::util::MessageToJsonString(entry, &line);
  return line.empty() ? line : line + '\n';
}

// As a cue's text or a voice's name: no markup, no arrow, one line.
std::string CueText(const std::string& text) {
  std::string out;
  for (const char c : CleanText(text, limits::kInputBytes)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\n':
      case '\t':
        out += ' ';
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string CueTime(absl::Duration at) {
  const int64_t ms = absl::ToInt64Milliseconds(at);
  char text[40];
  std::snprintf(text, sizeof(text), "%02lld:%02d:%02d.%03d", static_cast<long long>(ms / 3600000),
                static_cast<int>(ms / 60000 % 60), static_cast<int>(ms / 1000 % 60),
                static_cast<int>(ms % 1000));
  return text;
}

}  // namespace

std::string TimelineWriter::Begin() const {
  return format_ == ExportTimelineRequest::WEBVTT ? "WEBVTT\n" : "";
}

std::string TimelineWriter::Add(const TimelineEntry& entry) {
  if (format_ == ExportTimelineRequest::JSON) return JsonLine(entry);
  if (format_ == ExportTimelineRequest::TEXT) return TextLine(entry);
  const bool spoken = entry.kind() == TimelineEntry::SPEECH || entry.kind() == TimelineEntry::AGENT;
  return spoken ? AddCue(entry) : "";
}

// Cues must begin in order; entries may be listed a little out of it.
std::string TimelineWriter::AddCue(const TimelineEntry& entry) {
  const absl::Time time = FromProtoTime(entry.create_time());
  if (!first_) first_ = time;
  absl::Duration start = std::max(time - *first_, absl::ZeroDuration());
  if (waiting_) start = std::max(start, waiting_->start);
  std::string before;
  if (waiting_) {
    waiting_->most = std::clamp(start - waiting_->start, kCueLeast, waiting_->most);
    before = End();
  }
  const std::string who = CueText(Who(entry)), text = CueText(entry.text());
  const double bytes = static_cast<double>(text.size());
  waiting_ = Cue{.start = start,
                 .text = who.empty() ? text : StrCat("<v ", who, ">", text),
                 .most = std::clamp(bytes * kCueByte, kCueShort, kCueMost)};
  return before;
}

std::string TimelineWriter::End() {
  if (!waiting_) return "";
  const Cue cue = *std::exchange(waiting_, std::nullopt);
  return StrCat("\n", CueTime(cue.start), " --> ", CueTime(cue.start + cue.most), "\n", cue.text,
                "\n");
}

}  // namespace atrium::control
