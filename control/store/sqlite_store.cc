#include <condition_variable>
#include <deque>
#include <limits>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "common/errors.h"
#include "common/log.h"
#include "common/status_macros.h"
#include "common/str_cat.h"
#include "common/work_queue.h"
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
  // `reader` reads beside the writer; null: what is read waits for what is written.
  SqliteStore(Loop* loop, Db db, Db reader)
      : loop_(loop),
        db_(std::move(db)),
        reader_(std::move(reader)),
        index_(db_.get()),
        thread_([this] { Work(); }) {}
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
    std::lock_guard<std::mutex> lock(db_mu_);
    return ReadEntries(db_.get(), kBefore, session, std::numeric_limits<int64_t>::max(), limit);
  }

  void Commit(std::vector<StoreWrite> writes, std::function<void(absl::Status)> done) override {
    Enqueue({std::move(writes), std::move(done), nullptr});
  }

  void ListEntries(const std::string& session, int64_t before, int limit,
                   EntriesDone done) override {
    Read<std::vector<std::string>>(std::move(done), [session, before, limit](sqlite3* db) {
      return ReadEntries(db, kBefore, session, before, limit);
    });
  }
  void ListEntriesAfter(const std::string& session, int64_t after, int limit,
                        EntriesDone done) override {
    Read<std::vector<std::string>>(std::move(done), [session, after, limit](sqlite3* db) {
      return ReadEntries(db, kAfter, session, after, limit);
    });
  }
  void FindEntries(const std::string& session, const std::string& query, int64_t before, int limit,
                   FoundDone done) override {
    Read<std::vector<FoundEntry>>(std::move(done), [session, query, before, limit](sqlite3* db) {
      return EntryIndex(db).Find(session, query, before, limit);
    });
  }

 private:
  // A commit, or a read that sees the commits before it and holds up none behind it.
  struct Job {
    std::vector<StoreWrite> writes;
    std::function<void(absl::Status)> done;
    std::function<void()> read;
  };

  template <typename T>
  void Read(std::function<void(absl::StatusOr<T>)> done,
            std::function<absl::StatusOr<T>(sqlite3*)> read) {
    Enqueue({{}, nullptr, [this, done = std::move(done), read = std::move(read)]() mutable {
               std::unique_lock<std::mutex> lock(db_mu_, std::defer_lock);
               if (reader_ == nullptr) lock.lock();
               auto result = read(reader_ == nullptr ? db_.get() : reader_.get());
               // What `done` holds ends on the loop.
               loop_->Post([done = std::exchange(done, nullptr),
                            result = std::move(result)]() mutable { done(std::move(result)); });
             }});
  }
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
        if (job.read) reading_.Post(std::move(job.read));
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

  static absl::StatusOr<std::vector<std::string>> ReadEntries(sqlite3* db, const char* sql,
                                                              const std::string& session,
                                                              int64_t number, int limit) {
    Statement s = Prepare(db, sql);
    BindText(s.get(), 1, session);
    sqlite3_bind_int64(s.get(), 2, number);
    sqlite3_bind_int(s.get(), 3, limit);
    std::vector<std::string> entries;
    int code;
    while ((code = sqlite3_step(s.get())) == SQLITE_ROW) entries.push_back(Column(s.get(), 0));
    if (code != SQLITE_DONE) return SqliteError(db, "read entries");
    return entries;
  }

  // Given.
  Loop* const loop_;
  // Protected by db_mu_: the loop uses it only at the start.
  std::mutex db_mu_;
  Db db_;
  // The reader's thread's own.
  Db reader_;
  // Protected by db_mu_.
  EntryIndex index_;
  // Protected by mu_.
  std::mutex mu_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool stopping_ = false;
  // Owned; last, as they use the rest.
  WorkQueue reading_{"store-reader"};
  std::thread thread_;
};

absl::StatusOr<Db> OpenDatabase(const std::string& name, int how) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &raw, how | SQLITE_OPEN_FULLMUTEX, nullptr);
  Db db(raw);
  if (code != SQLITE_OK) return SqliteError(raw, StrCat("open ", name));
  sqlite3_busy_timeout(raw, kBusyMs);
  return db;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStore(Loop* loop, const std::string& path) {
  const std::string name = path.empty() ? ":memory:" : path;
  ASSIGN_OR_RETURN(Db db, OpenDatabase(name, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
  sqlite3* const raw = db.get();
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
  // What is in memory is in one connection alone.
  Db reader;
  if (!path.empty()) {
    ASSIGN_OR_RETURN(reader, OpenDatabase(name, SQLITE_OPEN_READONLY));
  }
  return std::make_unique<SqliteStore>(loop, std::move(db), std::move(reader));
}

}  // namespace atrium::control
