#include "control/store/entry_index.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "atrium/v1/timeline.pb.h"
#include "common/status_macros.h"
#include "common/str_cat.h"

namespace atrium::control {
namespace {

// A row is a session's number and an entry's, so that FTS5 itself narrows a query to
// one session and answers newest first.
constexpr int kNumberBits = 40;
constexpr int64_t kNumbers = int64_t{1} << kNumberBits;
// What stands around a match while a snippet is made; no indexed text holds them.
constexpr char kOpen = '\x01', kClose = '\x02';

constexpr char kTables[] = R"(
-- The last word of a query is a prefix while it is typed: short ones have lists of their own.
CREATE TABLE word_sessions(id INTEGER PRIMARY KEY, session TEXT NOT NULL UNIQUE);
CREATE VIRTUAL TABLE words USING fts5(speakers, text,
                                      tokenize = "unicode61 remove_diacritics 2", prefix = '1 2 3');
)";
// 32 words of the text, with what was found between the marks.
constexpr char kFind[] = R"(
SELECT e.value, snippet(words, 1, char(1), char(2), '…', 32)
FROM words CROSS JOIN entries AS e ON e.session = ?1 AND e.number = words.rowid - ?2
WHERE words MATCH ?3 AND words.rowid > ?2 AND words.rowid < ?4
ORDER BY words.rowid DESC LIMIT ?5
)";

bool Done(const Statement& s) { return sqlite3_step(s.get()) == SQLITE_DONE; }

std::string WithoutControls(std::string text) {
  std::replace_if(
      text.begin(), text.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t'; }, ' ');
  return text;
}

FoundEntry Unmark(std::string value, const std::string& marked) {
  FoundEntry found{.value = std::move(value)};
  int at = 0, start = 0;
  for (const char c : marked) {
    if (c == kOpen) {
      start = at;
    } else if (c == kClose) {
      found.ranges.emplace_back(start, at);
    } else {
      found.snippet.push_back(c);
      if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) ++at;
    }
  }
  return found;
}

}  // namespace

std::string MatchExpression(const std::string& query) {
  const std::vector<std::string> plain =
      absl::StrSplit(WithoutControls(query), absl::ByAnyChar(" \t\n"), absl::SkipEmpty());
  std::vector<std::string> words;
  for (const std::string& word : plain) {
    std::string quoted = "\"";
    for (const char c : word) quoted.append(c == '"' ? 2 : 1, c);
    words.push_back(quoted + '"');
  }
  return words.empty() ? "" : absl::StrJoin(words, " ") + '*';
}

absl::Status EntryIndex::Create() {
  RETURN_IF_ERROR(Run(db_, kTables));
  Statement s = Prepare(db_, "SELECT session, number, value FROM entries");
  int code;
  while ((code = sqlite3_step(s.get())) == SQLITE_ROW) {
    if (!Put(Column(s.get(), 0), sqlite3_column_int64(s.get(), 1), Column(s.get(), 2))) {
      return SqliteError(db_, "index entries");
    }
  }
  return code == SQLITE_DONE ? absl::OkStatus() : SqliteError(db_, "index entries");
}

int64_t EntryIndex::IdOf(const std::string& session) {
  Statement s = Prepare(db_, "SELECT id FROM word_sessions WHERE session = ?");
  BindText(s.get(), 1, session);
  return sqlite3_step(s.get()) == SQLITE_ROW ? sqlite3_column_int64(s.get(), 0) : 0;
}

bool EntryIndex::Put(const std::string& session, int64_t number, const std::string& value) {
  atrium::v1::TimelineEntry entry;
  if (number <= 0 || number >= kNumbers || !entry.ParseFromString(value)) return true;
  Statement name = Prepare(db_, "INSERT OR IGNORE INTO word_sessions(session) VALUES(?)");
  BindText(name.get(), 1, session);
  if (!Done(name)) return false;
  const int64_t id = IdOf(session);
  if (id == 0) return false;
  Statement s = Prepare(db_, "INSERT OR REPLACE INTO words(rowid, speakers, text) VALUES(?, ?, ?)");
  sqlite3_bind_int64(s.get(), 1, id * kNumbers + number);
  BindText(s.get(), 2, WithoutControls(absl::StrJoin(entry.speaker_names(), " ")));
  BindText(s.get(), 3, WithoutControls(entry.text()));
  return Done(s);
}

bool EntryIndex::Forget(const std::string& session) {
  const int64_t id = IdOf(session);
  if (id == 0) return true;
  Statement s = Prepare(db_, "DELETE FROM words WHERE rowid > ? AND rowid < ?");
  sqlite3_bind_int64(s.get(), 1, id * kNumbers);
  sqlite3_bind_int64(s.get(), 2, (id + 1) * kNumbers);
  if (!Done(s)) return false;
  Statement name = Prepare(db_, "DELETE FROM word_sessions WHERE id = ?");
  sqlite3_bind_int64(name.get(), 1, id);
  return Done(name);
}

absl::StatusOr<std::vector<FoundEntry>> EntryIndex::Find(const std::string& session,
                                                         const std::string& query, int64_t before,
                                                         int limit) {
  std::vector<FoundEntry> found;
  const std::string expression = MatchExpression(query);
  const int64_t id = IdOf(session);
  if (expression.empty() || id == 0) return found;
  Statement s = Prepare(db_, kFind);
  BindText(s.get(), 1, session);
  sqlite3_bind_int64(s.get(), 2, id * kNumbers);
  BindText(s.get(), 3, expression);
  sqlite3_bind_int64(s.get(), 4, id * kNumbers + std::clamp<int64_t>(before, 0, kNumbers));
  sqlite3_bind_int(s.get(), 5, limit);
  int code;
  while ((code = sqlite3_step(s.get())) == SQLITE_ROW) {
    found.push_back(Unmark(Column(s.get(), 0), Column(s.get(), 1)));
  }
  if (code != SQLITE_DONE) return SqliteError(db_, "find entries");
  return found;
}

}  // namespace atrium::control
