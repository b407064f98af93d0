// Store is what control remembers over restarts. Records are small and named;
// timeline entries are many and numbered. Writes are batched into one durable
// commit every few milliseconds on the store's own thread, and entries are read on
// another, which sees all that was committed before; nothing here blocks the loop
// after Open().
#ifndef ATRIUM_CONTROL_STORE_STORE_H_
#define ATRIUM_CONTROL_STORE_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/loop.h"

namespace atrium::control {

// What kinds of records there are.
enum class RecordKind { kMeta = 0, kSession = 1, kTab = 2, kMember = 3, kInvite = 4, kApproval = 5 };

// One change: a record put or removed, or an entry put.
struct StoreWrite {
  RecordKind kind = RecordKind::kMeta;
  std::string key;                   // A record's name; an entry's session.
  std::optional<std::string> value;  // Nothing: remove it.
  int64_t entry = 0;                 // Not 0: this is the entry of that number.
};

// An entry that was found.
struct FoundEntry {
  std::string value;
  std::string snippet;                      // A part of its text.
  std::vector<std::pair<int, int>> ranges;  // Of the snippet: [first, end) in code points.
};

class Store {
 public:
  using Records = std::vector<std::pair<std::string, std::string>>;
  using EntriesDone = std::function<void(absl::StatusOr<std::vector<std::string>>)>;
  using FoundDone = std::function<void(absl::StatusOr<std::vector<FoundEntry>>)>;
  virtual ~Store() = default;

  // At the start, before the loop runs; in order of key.
  virtual absl::StatusOr<Records> Load(RecordKind kind) = 0;
  // Makes all of `writes` durable together, after all earlier ones; then runs
  // `done` on the loop. A failure is final for these writes, and said.
  virtual void Commit(std::vector<StoreWrite> writes, std::function<void(absl::Status)> done) = 0;
  // The `limit` newest entries before number `before`, newest first.
  virtual void ListEntries(const std::string& session, int64_t before, int limit,
                           EntriesDone done) = 0;
  // The `limit` oldest entries after number `after`, oldest first.
  virtual void ListEntriesAfter(const std::string& session, int64_t after, int limit,
                                EntriesDone done) = 0;
  // The `limit` newest entries before number `before` that hold all words of `query`,
  // the last one as the beginning of a word; newest first. Any query may be given: one
  // without a word finds nothing.
  virtual void FindEntries(const std::string& session, const std::string& query, int64_t before,
                           int limit, FoundDone done) = 0;
  // As ListEntries, at the start.
  virtual absl::StatusOr<std::vector<std::string>> LoadEntries(const std::string& session,
                                                               int limit) = 0;
};

// SQLite in WAL mode with synchronous=FULL; an empty path keeps all in memory.
absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStore(Loop* loop, const std::string& path);

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_STORE_STORE_H_
