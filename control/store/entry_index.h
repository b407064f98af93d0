// EntryIndex finds timeline entries by their words: SQLite's FTS5, in the same
// database and in the same transactions as the entries. On the thread of its connection.
#ifndef ATRIUM_CONTROL_STORE_ENTRY_INDEX_H_
#define ATRIUM_CONTROL_STORE_ENTRY_INDEX_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "control/store/sqlite.h"
#include "control/store/store.h"

namespace atrium::control {

// A query of plain words as an FTS5 expression: every word is quoted, the last one
// is a prefix. Nothing that people type has a meaning to FTS5. Empty if there are no
// words; any bytes may be given.
std::string MatchExpression(const std::string& query);

class EntryIndex {
 public:
  explicit EntryIndex(sqlite3* db) : db_(db) {}

  // Makes the tables and indexes all entries that there are, within the caller's
  // transaction. INTERNAL if the database cannot.
  absl::Status Create();
  // Indexes an entry anew. What is no TimelineEntry is not found. False: look at the
  // database's error. So for Forget.
  bool Put(const std::string& session, int64_t number, const std::string& value);
  // Lets go of a session's entries.
  bool Forget(const std::string& session);
  // See Store::FindEntries.
  absl::StatusOr<std::vector<FoundEntry>> Find(const std::string& session, const std::string& query,
                                               int64_t before, int limit);

 private:
  // The session's number in this index; 0 if it has none.
  int64_t IdOf(const std::string& session);

  // Given.
  sqlite3* const db_;
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_STORE_ENTRY_INDEX_H_
