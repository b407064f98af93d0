#include "control/store/sqlite.h"

#include "common/errors.h"
#include "common/str_cat.h"

namespace atrium::control {

absl::Status SqliteError(sqlite3* db, std::string_view act) {
  return MakeError(absl::StatusCode::kInternal,
                   StrCat("The store cannot ", act, ": ", sqlite3_errmsg(db),
                          ". Look at the disk and its rights"),
                   {.reason = "STORE_FAILED"});
}

absl::Status Run(sqlite3* db, const char* sql) {
  if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) == SQLITE_OK) return absl::OkStatus();
  return SqliteError(db, StrCat("run ", sql));
}

Statement Prepare(sqlite3* db, const char* sql) {
  sqlite3_stmt* raw = nullptr;
  sqlite3_prepare_v2(db, sql, -1, &raw, nullptr);
  return Statement(raw);
}

void BindText(sqlite3_stmt* s, int at, const std::string& text) {
  sqlite3_bind_text(s, at, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}

void BindBlob(sqlite3_stmt* s, int at, const std::string& bytes) {
  sqlite3_bind_blob(s, at, bytes.data(), static_cast<int>(bytes.size()), SQLITE_TRANSIENT);
}

std::string Column(sqlite3_stmt* s, int at) {
  const void* bytes = sqlite3_column_blob(s, at);
  return std::string(static_cast<const char*>(bytes),
                     static_cast<size_t>(sqlite3_column_bytes(s, at)));
}

}  // namespace atrium::control
