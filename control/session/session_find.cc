// Session: what was said is found again, and read from its beginning.
#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/numbers.h"
#include "common/errors.h"
#include "common/str_cat.h"
#include "control/limits.h"
#include "control/session/session.h"

namespace atrium::control {

using atrium::v1::SearchTimelineRequest;
using atrium::v1::SearchTimelineResponse;
using atrium::v1::TimelineEntry;

namespace {

SearchTimelineResponse PageOf(const std::vector<FoundEntry>& rows, size_t size) {
  SearchTimelineResponse response;
  size_t bytes = 0;
  bool more = rows.size() == size;
  for (const FoundEntry& row : rows) {
    bytes += row.value.size() + row.snippet.size();
    if (bytes > limits::kSnapshotEntryBytes && response.matches_size() > 0) {
      more = true;
      break;
    }
    auto* match = response.add_matches();
    match->mutable_entry()->ParseFromString(row.value);
    match->set_snippet(row.snippet);
    for (const auto& [start, end] : row.ranges) {
      auto* range = match->add_ranges();
      range->set_start(start);
      range->set_end(end);
    }
  }
  if (more) {
    const std::string& last = response.matches().rbegin()->entry().name();
    response.set_next_page_token(last.substr(last.rfind('/') + 1));
  }
  return response;
}

}  // namespace

void Session::SearchTimeline(const SearchTimelineRequest& request,
                             Done<SearchTimelineResponse> done) {
  if (request.query().size() > limits::kQueryBytes) {
    return done(BadField(
        "query", StrCat("is longer than ", limits::kQueryBytes, " bytes: look for fewer words")));
  }
  if (request.query().find_first_not_of(" \t\r\n") == std::string::npos) {
    return done(MissingField("query"));
  }
  int64_t before = std::numeric_limits<int64_t>::max();
  if (!request.page_token().empty() && !absl::SimpleAtoi(request.page_token(), &before)) {
    return done(BadField("page_token", "is not one of ours"));
  }
  const int size = request.page_size() <= 0 ? limits::kListDefault
                                            : std::min(request.page_size(), limits::kListMost);
  context_->store->FindEntries(id_.value(), request.query(), before, size,
                               [size, done](absl::StatusOr<std::vector<FoundEntry>> rows) {
                                 if (!rows.ok()) return done(rows.status());
                                 done(PageOf(*rows, static_cast<size_t>(size)));
                               });
}

void Session::ReadEntries(int64_t after, Done<std::vector<TimelineEntry>> done) {
  context_->store->ListEntriesAfter(id_.value(), after, limits::kListDefault,
                                    [done](absl::StatusOr<std::vector<std::string>> rows) {
                                      if (!rows.ok()) return done(rows.status());
                                      std::vector<TimelineEntry> entries(rows->size());
                                      for (size_t i = 0; i < rows->size(); ++i)
                                        entries[i].ParseFromString((*rows)[i]);
                                      done(std::move(entries));
                                    });
}

}  // namespace atrium::control
