// SQLite's handles and the few calls that the store's files share. On the store's
// thread, or before the loop runs.
#ifndef ATRIUM_CONTROL_STORE_SQLITE_H_
#define ATRIUM_CONTROL_STORE_SQLITE_H_

#include <sqlite3.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace atrium::control {

struct CloseDb {
  void operator()(sqlite3* db) const { sqlite3_close(db); }
};
struct Finalize {
  void operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }
};
using Db = std::unique_ptr<sqlite3, CloseDb>;
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

// INTERNAL, STORE_FAILED: what the database says of the last call, for `act`.
absl::Status SqliteError(sqlite3* db, std::string_view act);
// Runs statements that answer nothing.
absl::Status Run(sqlite3* db, const char* sql);
// Null if `sql` cannot be prepared; to step a null statement is an error, too.
Statement Prepare(sqlite3* db, const char* sql);
// Parameters count from 1, columns from 0; bytes are copied.
void BindText(sqlite3_stmt* s, int at, const std::string& text);
void BindBlob(sqlite3_stmt* s, int at, const std::string& bytes);
std::string Column(sqlite3_stmt* s, int at);

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_STORE_SQLITE_H_
