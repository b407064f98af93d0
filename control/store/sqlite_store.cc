#include <condition_variable>
#include <deque>
#include <limits>
#include <map>
#include <mutex>
#include <thread>

#include "common/errors.h"
#include "common/log.h"
#include "common/status_macros.h"
#include "common/str_cat.h"
#include "control/store/entry_index.h"
#include "control/store/sqlite.h"
#include "control/store/store.h"

namespace atrium::control {
namespace {

constexpr int kSchemaVersion = 2;
constexpr int kBusyMs = 2000;

// Version 1. Later versions are added below as steps, never edited.
constexpr char kSchema1[] = R"(
CREATE TABLE records(kind INTEGER NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,
                     PRIMARY KEY(kind, key)) WITHOUT ROWID;
CREATE TABLE entries(session TEXT NOT NULL, number INTEGER NOT NULL, value BLOB NOT NULL,
                     PRIMARY KEY(session, number)) WITHOUT ROWID;
PRAGMA user_version = 1;
)";

constexpr char kBefore[] =
    "SELECT value FROM entries WHERE session = ? AND number < ? ORDER BY number DESC LIMIT ?";
constexpr char kAfter[] =
    "SELECT value FROM entries WHERE session = ? AND number > ? ORDER BY number LIMIT ?";

// Version 2: entries are found by their words. All of it, or none.
absl::Status MakeSchema2(sqlite3* db) {
  RETURN_IF_ERROR(Run(db, "BEGIN IMMEDIATE"));
  absl::Status status = EntryIndex(db).Create();
  if (status.ok()) status = Run(db, "PRAGMA user_version = 2");
  if (status.ok()) return Run(db, "COMMIT");
  (void)Run(db, "ROLLBACK");
  return status;
}

class SqliteStore final : public Store {
 public:
  SqliteStore(Loop* loop, Db db)
      : loop_(loop), db_(std::move(db)), index_(db_.get()), thread_([this] { Work(); }) {}
  ~SqliteStore() override {
    {
      std::lock_guard<std::mutex> lock(mu_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  absl::StatusOr<Records> Load(RecordKind kind) override {
    std::lock_guard<std::mutex> lock(db_mu_);
    Statement s = Prepare(db_.get(), "SELECT key, value FROM records WHERE kind = ? ORDER BY key");
    sqlite3_bind_int(s.get(), 1, static_cast<int>(kind));
    Records records;
    int code;
    while ((code = sqlite3_step(s.get())) == SQLITE_ROW) {
      records.emplace_back(Column(s.get(), 0), Column(s.get(), 1));
    }
    if (code != SQLITE_DONE) return SqliteError(db_.get(), "read records");
    return records;
  }

  absl::StatusOr<std::vector<std::string>> LoadEntries(const std::string& session,
                                                       int limit) override {
    return ReadEntries(kBefore, session, std::numeric_limits<int64_t>::max(), limit);
  }

  void Commit(std::vector<StoreWrite> writes, std::function<void(absl::Status)> done) override {
    Enqueue({std::move(writes), std::move(done), nullptr});
  }

  void ListEntries(const std::string& session, int64_t before, int limit,
                   EntriesDone done) override {
    Enqueue({{}, nullptr, [this, session, before, limit, done = std::move(done)] {
               loop_->Post(
                   [done, rows = ReadEntries(kBefore, session, before, limit)] { done(rows); });
             }});
  }
  void ListEntriesAfter(const std::string& session, int64_t after, int limit,
                        EntriesDone done) override {
    Enqueue({{}, nullptr, [this, session, after, limit, done = std::move(done)] {
               loop_->Post(
                   [done, rows = ReadEntries(kAfter, session, after, limit)] { done(rows); });
             }});
  }
  void FindEntries(const std::string& session, const std::string& query, int64_t before, int limit,
                   FoundDone done) override {
    Enqueue({{}, nullptr, [this, session, query, before, limit, done = std::move(done)] {
               loop_->Post([done, found = Find(session, query, before, limit)] { done(found); });
             }});
  }

 private:
  // A commit, or a read in order with the commits.
  struct Job {
    std::vector<StoreWrite> writes;
    std::function<void(absl::Status)> done;
    std::function<void()> read;
  };

  void Enqueue(Job job) {
    {
      std::lock_guard<std::mutex> lock(mu_);
      jobs_.push_back(std::move(job));
    }
    wake_.notify_one();
  }

  void Work() {
    for (;;) {
      std::deque<Job> jobs;
      {
        std::unique_lock<std::mutex> lock(mu_);
        wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
        if (jobs_.empty()) return;
        jobs.swap(jobs_);
      }
      // Whatever gathered during the last commit becomes durable in one.
      const absl::Status status = WriteAll(jobs);
      if (!status.ok()) LogError("a commit failed", {{"error", status.message()}});
      for (Job& job : jobs) {
        if (job.read) job.read();
        if (job.done) loop_->Post([done = std::move(job.done), status] { done(status); });
      }
    }
  }

  absl::Status WriteAll(const std::deque<Job>& jobs) {
    std::lock_guard<std::mutex> lock(db_mu_);
    size_t count = 0;
    for (const Job& job : jobs) count += job.writes.size();
    if (count == 0) return absl::OkStatus();
    RETURN_IF_ERROR(Run(db_.get(), "BEGIN IMMEDIATE"));
    for (const Job& job : jobs) {
      for (const StoreWrite& write : job.writes) {
        if (!WriteOne(write)) {
          const absl::Status status = SqliteError(db_.get(), "write");
          (void)Run(db_.get(), "ROLLBACK");
          return status;
        }
      }
    }
    return Run(db_.get(), "COMMIT");
  }

  bool WriteOne(const StoreWrite& write) {
    Statement s;
    if (write.entry != 0 && write.value) {
      s = Prepare(db_.get(), "INSERT OR REPLACE INTO entries VALUES(?, ?, ?)");
      BindText(s.get(), 1, write.key);
      sqlite3_bind_int64(s.get(), 2, write.entry);
      BindBlob(s.get(), 3, *write.value);
      if (!index_.Put(write.key, write.entry, *write.value)) return false;
    } else if (write.entry != 0) {
      s = Prepare(db_.get(), "DELETE FROM entries WHERE session = ?");
      BindText(s.get(), 1, write.key);
      if (!index_.Forget(write.key)) return false;
    } else if (write.value) {
      s = Prepare(db_.get(), "INSERT OR REPLACE INTO records VALUES(?, ?, ?)");
      sqlite3_bind_int(s.get(), 1, static_cast<int>(write.kind));
      BindText(s.get(), 2, write.key);
      BindBlob(s.get(), 3, *write.value);
    } else {
      s = Prepare(db_.get(), "DELETE FROM records WHERE kind = ? AND key = ?");
      sqlite3_bind_int(s.get(), 1, static_cast<int>(write.kind));
      BindText(s.get(), 2, write.key);
    }
    return sqlite3_step(s.get()) == SQLITE_DONE;
  }

  absl::StatusOr<std::vector<FoundEntry>> Find(const std::string& session, const std::string& query,
                                               int64_t before, int limit) {
    std::lock_guard<std::mutex> lock(db_mu_);
    return index_.Find(session, query, before, limit);
  }

  absl::StatusOr<std::vector<std::string>> ReadEntries(const char* sql, const std::string& session,
                                                       int64_t number, int limit) {
    std::lock_guard<std::mutex> lock(db_mu_);
    Statement s = Prepare(db_.get(), sql);
    BindText(s.get(), 1, session);
    sqlite3_bind_int64(s.get(), 2, number);
    sqlite3_bind_int(s.get(), 3, limit);
    std::vector<std::string> entries;
    int code;
    while ((code = sqlite3_step(s.get())) == SQLITE_ROW) entries.push_back(Column(s.get(), 0));
    if (code != SQLITE_DONE) return SqliteError(db_.get(), "read entries");
    return entries;
  }

  // Given.
  Loop* const loop_;
  // Protected by db_mu_: the loop uses it only at the start.
  std::mutex db_mu_;
  Db db_;
  EntryIndex index_;
  // Protected by mu_.
  std::mutex mu_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool stopping_ = false;
  // Owned; last, as it uses the rest.
  std::thread thread_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStore(Loop* loop, const std::string& path) {
  sqlite3* raw = nullptr;
  const std::string name = path.empty() ? ":memory:" : path;
  const int code = sqlite3_open_v2(
      name.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX,
      nullptr);
  Db db(raw);
  if (code != SQLITE_OK) return SqliteError(raw, StrCat("open ", name));
  sqlite3_busy_timeout(raw, kBusyMs);
  RETURN_IF_ERROR(Run(raw, "PRAGMA journal_mode = WAL"));
  RETURN_IF_ERROR(Run(raw, "PRAGMA synchronous = FULL"));
  Statement version = Prepare(raw, "PRAGMA user_version");
  sqlite3_step(version.get());
  const int have = sqlite3_column_int(version.get(), 0);
  version.reset();
  if (have > kSchemaVersion) {
    return MakeError(absl::StatusCode::kFailedPrecondition,
                     StrCat(name, " was written by a newer Atrium (schema ", have,
                            "): start that one, or choose another --state_dir"),
                     {.reason = "STORE_TOO_NEW"});
  }
  if (have < 1) RETURN_IF_ERROR(Run(raw, kSchema1));
  if (have < 2) RETURN_IF_ERROR(MakeSchema2(raw));
  return std::make_unique<SqliteStore>(loop, std::move(db));
}

}  // namespace atrium::control
