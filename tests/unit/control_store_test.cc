// What control remembers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <mutex>
#include <thread>
#include <utility>

#include "common/errors.h"
#include "common/random.h"
#include "control/store/store.h"
#include "tests/support/manual_loop.h"

namespace atrium::control {
namespace {

using testing::ElementsAre;
using testing::Pair;

class SqliteStoreTest : public testing::Test {
 protected:
  SqliteStoreTest() { std::filesystem::create_directories(directory_); }
  ~SqliteStoreTest() override { std::filesystem::remove_all(directory_); }

  std::unique_ptr<Store> Open(const std::string& path) {
    auto store = OpenSqliteStore(&loop_, path);
    EXPECT_TRUE(store.ok()) << store.status();
    return *std::move(store);
  }
  // Commits and waits until the store has said how it went.
  absl::Status Commit(Store* store, std::vector<StoreWrite> writes) {
    bool done = false;
    absl::Status result;
    store->Commit(std::move(writes), [&](absl::Status status) {
      result = std::move(status);
      done = true;
    });
    Await(&done);
    return result;
  }
  std::vector<std::string> List(Store* store, int64_t before, int limit) {
    bool done = false;
    std::vector<std::string> rows;
    store->ListEntries("s", before, limit, [&](auto listed) {
      rows = *listed;
      done = true;
    });
    Await(&done);
    return rows;
  }
  void Await(const bool* done) {
    while (!*done) {
      loop_.RunPosted();
      std::this_thread::yield();
    }
  }

  ManualLoop loop_;
  const std::string directory_ = testing::TempDir() + "/store-" + RandomId();
  const std::string path_ = directory_ + "/control.db";
};

TEST_F(SqliteStoreTest, R34WhatWasAcknowledgedIsThereAfterAKill) {
  auto store = Open(path_);
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(Commit(store.get(), {{RecordKind::kTab, "tab" + std::to_string(i), "v"},
                                     {.key = "s", .value = "e", .entry = i + 1}})
                    .ok());
    if (i % 10 != 9) continue;
    // What a kill leaves behind at this moment: the files as they are.
    const std::string copy = directory_ + "/copy" + std::to_string(i);
    std::filesystem::create_directory(copy);
    for (const char* file : {"control.db", "control.db-wal"}) {
      std::filesystem::copy_file(directory_ + "/" + file, copy + "/" + file);
    }
    auto after = Open(copy + "/control.db");
    EXPECT_EQ(after->Load(RecordKind::kTab)->size(), static_cast<size_t>(i + 1));
    EXPECT_EQ(after->LoadEntries("s", 1000)->size(), static_cast<size_t>(i + 1));
  }
}

TEST_F(SqliteStoreTest, ReadsBackInOrderOfKeyAndForgetsWhatWasRemoved) {
  auto store = Open("");
  ASSERT_TRUE(Commit(store.get(), {{RecordKind::kTab, "b", "2"},
                                   {RecordKind::kTab, "a", std::string("\0\xff", 2)},
                                   {RecordKind::kInvite, "c", "3"}})
                  .ok());
  EXPECT_THAT(*store->Load(RecordKind::kTab),
              ElementsAre(Pair("a", std::string("\0\xff", 2)), Pair("b", "2")));
  ASSERT_TRUE(Commit(store.get(), {{RecordKind::kTab, "b", std::nullopt}}).ok());
  EXPECT_THAT(*store->Load(RecordKind::kTab), ElementsAre(Pair("a", testing::_)));
}

TEST_F(SqliteStoreTest, L14EntriesAreListedNewestFirstPageByPage) {
  auto store = Open("");
  for (int i = 1; i <= 5; ++i) {
    ASSERT_TRUE(Commit(store.get(), {{.key = "s", .value = std::to_string(i), .entry = i}}).ok());
  }
  EXPECT_THAT(List(store.get(), INT64_MAX, 2), ElementsAre("5", "4"));
  EXPECT_THAT(List(store.get(), 4, 10), ElementsAre("3", "2", "1"));
  ASSERT_TRUE(Commit(store.get(), {{.key = "s", .entry = 1}}).ok());
  EXPECT_THAT(List(store.get(), INT64_MAX, 10), ElementsAre());
}

TEST_F(SqliteStoreTest, AReadComesAfterTheCommitsBeforeIt) {
  auto store = Open("");
  std::vector<std::string> order;
  store->Commit({{.key = "s", .value = "x", .entry = 1}},
                [&](absl::Status) { order.push_back("commit"); });
  EXPECT_THAT(List(store.get(), INT64_MAX, 10), ElementsAre("x"));
  EXPECT_THAT(order, ElementsAre("commit"));
}

TEST_F(SqliteStoreTest, R32AStoreOfANewerAtriumIsRefused) {
  Open(path_).reset();
  sqlite3* raw = nullptr;
  ASSERT_EQ(sqlite3_open(path_.c_str(), &raw), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(raw, "PRAGMA user_version = 99", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(raw);
  const auto store = OpenSqliteStore(&loop_, path_);
  EXPECT_TRUE(absl::IsFailedPrecondition(store.status()));
  EXPECT_EQ(DetailsOf(store.status()).reason, "STORE_TOO_NEW");
}

TEST_F(SqliteStoreTest, AFileThatIsNoStoreIsAnError) {
  FILE* file = fopen(path_.c_str(), "w");
  fputs(std::string(5000, 'x').c_str(), file);
  fclose(file);
  EXPECT_FALSE(OpenSqliteStore(&loop_, path_).ok());
}

TEST_F(SqliteStoreTest, R20AFullDiskRefusesCommitsAndRecoversByItself) {
  auto store = Open(path_);
  ASSERT_TRUE(Commit(store.get(), {{RecordKind::kTab, "before", "1"}}).ok());
  // Files may not grow any more: what a full disk looks like to a process.
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  const auto before = signal(SIGXFSZ, SIG_IGN);
  const auto size = std::filesystem::file_size(path_ + "-wal");
  const rlimit full{.rlim_cur = size, .rlim_max = old.rlim_max};
  setrlimit(RLIMIT_FSIZE, &full);
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(Commit(store.get(), {{RecordKind::kTab, "full", std::string(100000, 'x')}}).ok());
  }
  setrlimit(RLIMIT_FSIZE, &old);
  signal(SIGXFSZ, before);
  EXPECT_TRUE(Commit(store.get(), {{RecordKind::kTab, "later", "2"}}).ok());
  EXPECT_THAT(*store->Load(RecordKind::kTab), ElementsAre(Pair("before", "1"), Pair("later", "2")));
}

TEST_F(SqliteStoreTest, CommitsThatWaitAtTheEndAreStillMade) {
  {
    auto store = Open(path_);
    for (int i = 0; i < 20; ++i) {
      store->Commit({{RecordKind::kTab, std::to_string(i), "v"}}, [](absl::Status) {});
    }
  }
  EXPECT_EQ(Open(path_)->Load(RecordKind::kTab)->size(), 20u);
}

// A loop on which the first thread that says something waits for the second.
class OneWaitsLoop final : public Loop {
 public:
  explicit OneWaitsLoop(ManualLoop* loop) : loop_(loop) {}
  void Post(Fn fn) override {
    {
      std::unique_lock<std::mutex> lock(mu_);
      if (std::exchange(posts_, posts_ + 1) == 0) {
        met_ = wake_.wait_for(lock, std::chrono::seconds(30), [this] { return posts_ > 1; });
      }
    }
    wake_.notify_one();
    loop_->Post(std::move(fn));
  }
  HandlePtr After(absl::Duration delay, Fn fn) override { return loop_->After(delay, std::move(fn)); }
  HandlePtr WatchReadable(int fd, Fn fn) override { return loop_->WatchReadable(fd, std::move(fn)); }
  HandlePtr WatchWritable(int fd, Fn fn) override { return loop_->WatchWritable(fd, std::move(fn)); }
  absl::Time Now() const override { return loop_->Now(); }
  absl::Duration Monotonic() const override { return loop_->Monotonic(); }
  bool OnLoop() const override { return true; }
  bool met() {
    std::lock_guard<std::mutex> lock(mu_);
    return met_;
  }

 private:
  ManualLoop* const loop_;
  std::mutex mu_;
  std::condition_variable wake_;
  int posts_ = 0;
  bool met_ = false;
};

TEST_F(SqliteStoreTest, L14ALongSearchHoldsUpNoCommit) {
  OneWaitsLoop gate(&loop_);
  auto store = OpenSqliteStore(&gate, directory_ + "/db");
  ASSERT_TRUE(store.ok()) << store.status();
  bool found = false;
  (*store)->FindEntries("s", "word", 10, 10, [&](auto) { found = true; });
  EXPECT_TRUE(Commit(store->get(), {{RecordKind::kTab, "t", "v"}}).ok());
  Await(&found);
  EXPECT_TRUE(gate.met()) << "the commit waited for the search";
}

TEST_F(SqliteStoreTest, WhatIsReadHasWhatWasCommittedBefore) {
  const auto store = Open(directory_ + "/db");
  for (int64_t i = 1; i <= 200; ++i) {
    bool done = false, committed = false;
    size_t rows = 0;
    store->Commit({{.key = "s", .value = "x", .entry = i}}, [&](absl::Status) { committed = true; });
    store->ListEntries("s", INT64_MAX, 1000, [&](auto listed) {
      rows = listed->size();
      done = true;
    });
    Await(&done);
    Await(&committed);
    ASSERT_EQ(rows, static_cast<size_t>(i));
  }
}

}  // namespace
}  // namespace atrium::control
