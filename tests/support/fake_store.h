// A Store in memory that commits when it is told to, or at once.
#ifndef ATRIUM_TESTS_SUPPORT_FAKE_STORE_H_
#define ATRIUM_TESTS_SUPPORT_FAKE_STORE_H_

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "control/store/store.h"

namespace atrium::control {

class FakeStore final : public Store {
 public:
  // While held, commits wait for CommitNext().
  void Hold() { held_ = true; }
  void Release() {
    held_ = false;
    while (!waiting_.empty()) CommitNext();
  }
  // The process ends: what was not committed never is.
  void Forget() {
    held_ = false;
    waiting_.clear();
  }
  size_t waiting() const { return waiting_.size(); }
  void CommitNext(absl::Status status = absl::OkStatus()) {
    auto [writes, done] = std::move(waiting_.front());
    waiting_.pop_front();
    if (status.ok()) Apply(writes);
    done(status);
  }
  // All commits fail from now on, or no more.
  void Fail(absl::Status status) { failure_ = std::move(status); }

  const std::map<std::string, std::string>& records(RecordKind kind) { return records_[kind]; }
  const std::map<int64_t, std::string>& entries(const std::string& session) {
    return entries_[session];
  }

  // Whether these bytes are anywhere in it.
  bool Holds(const std::string& bytes) const {
    const auto in = [&](const auto& all) {
      for (const auto& [key, values] : all) {
        for (const auto& [name, value] : values) {
          if (value.find(bytes) != std::string::npos) return true;
        }
      }
      return false;
    };
    return in(records_) || in(entries_);
  }

  // Store.
  absl::StatusOr<Records> Load(RecordKind kind) override {
    return Records(records_[kind].begin(), records_[kind].end());
  }
  void Commit(std::vector<StoreWrite> writes, std::function<void(absl::Status)> done) override {
    waiting_.emplace_back(std::move(writes), std::move(done));
    if (!held_) CommitNext(failure_);
  }
  void ListEntries(const std::string& session, int64_t before, int limit,
                   EntriesDone done) override {
    done(Read(session, before, limit));
  }
  void ListEntriesAfter(const std::string& session, int64_t after, int limit,
                        EntriesDone done) override {
    std::vector<std::string> oldest;
    for (const auto& [number, value] : entries_[session]) {
      if (number > after && oldest.size() < static_cast<size_t>(limit)) oldest.push_back(value);
    }
    done(std::move(oldest));
  }
  // Finds the query as it stands, in the whole entry.
  void FindEntries(const std::string& session, const std::string& query, int64_t before, int limit,
                   FoundDone done) override {
    std::vector<FoundEntry> found;
    for (std::string& value : Read(session, before, INT32_MAX)) {
      if (value.find(query) == std::string::npos || found.size() == static_cast<size_t>(limit)) {
        continue;
      }
      found.push_back({.value = std::move(value), .snippet = query});
      found.back().ranges.emplace_back(0, 1);
    }
    done(std::move(found));
  }
  absl::StatusOr<std::vector<std::string>> LoadEntries(const std::string& session,
                                                       int limit) override {
    return Read(session, INT64_MAX, limit);
  }

 private:
  void Apply(const std::vector<StoreWrite>& writes) {
    for (const StoreWrite& write : writes) {
      if (write.entry != 0 && write.value) {
        entries_[write.key][write.entry] = *write.value;
      } else if (write.entry != 0) {
        entries_.erase(write.key);
      } else if (write.value) {
        records_[write.kind][write.key] = *write.value;
      } else {
        records_[write.kind].erase(write.key);
      }
    }
  }
  std::vector<std::string> Read(const std::string& session, int64_t before, int limit) {
    std::vector<std::string> newest;
    const auto& all = entries_[session];
    for (auto it = all.rbegin(); it != all.rend(); ++it) {
      if (it->first < before && newest.size() < static_cast<size_t>(limit)) {
        newest.push_back(it->second);
      }
    }
    return newest;
  }

  bool held_ = false;
  absl::Status failure_;
  std::deque<std::pair<std::vector<StoreWrite>, std::function<void(absl::Status)>>> waiting_;
  std::map<RecordKind, std::map<std::string, std::string>> records_;
  std::map<std::string, std::map<int64_t, std::string>> entries_;
};

}  // namespace atrium::control

#endif  // ATRIUM_TESTS_SUPPORT_FAKE_STORE_H_
