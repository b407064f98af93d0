// Control's tabs, and how changes are published.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/session/publisher.h"
#include "control/session/tab_table.h"
#include "tests/support/fake_store.h"

namespace atrium::control {
namespace {

using atrium::terminal::v1::DriveResponse;
using atrium::terminal::v1::TerminalStatus;
using atrium::v1::SessionChange;
using atrium::v1::Tab;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

TabTable::Record NewTab(const std::string& name, const std::string& title = "",
                        Tab::State state = Tab::CREATING, const std::string& incarnation = "") {
  TabTable::Record record;
  record.mutable_tab()->set_name(name);
  record.mutable_tab()->set_title(title);
  record.mutable_tab()->set_state(state);
  record.mutable_tab()->set_incarnation(incarnation);
  return record;
}

TerminalStatus Running(const std::string& name, const std::string& title = "") {
  TerminalStatus status;
  status.set_tab(name);
  status.set_state(Tab::RUNNING);
  status.set_title(title);
  status.set_incarnation("one");
  return status;
}

std::vector<std::string> Order(const TabTable& table) {
  std::vector<std::string> names(table.size());
  for (const auto& [name, record] : table.all()) names.at(record.tab().position()) = name;
  return names;
}

TabTable Three() {
  TabTable table;
  for (const char* name : {"a", "b", "c"}) table.Add(NewTab(name));
  return table;
}

TEST(TabTableTest, M7TabsAreAddedAtTheEndAndCloseUpWhenOneGoes) {
  TabTable table = Three();
  EXPECT_THAT(Order(table), ElementsAre("a", "b", "c"));
  EXPECT_THAT(table.Remove("a"), UnorderedElementsAre("b", "c"));
  EXPECT_THAT(Order(table), ElementsAre("b", "c"));
  table.Add(NewTab("a"));
  EXPECT_THAT(Order(table), ElementsAre("b", "c", "a"));
}

TEST(TabTableTest, M7AMoveTellsExactlyWhatLooksDifferent) {
  TabTable table = Three();
  EXPECT_THAT(table.Move("c", 0), UnorderedElementsAre("a", "b", "c"));
  EXPECT_THAT(Order(table), ElementsAre("c", "a", "b"));
  EXPECT_THAT(table.Move("c", 1), UnorderedElementsAre("a", "c"));
  EXPECT_THAT(table.Move("b", 99), IsEmpty());
  EXPECT_THAT(table.Move("b", -7), UnorderedElementsAre("a", "b", "c"));
  EXPECT_THAT(Order(table), ElementsAre("b", "a", "c"));
}

TEST(TabTableTest, M7AThousandRandomActsLeaveNoGapAndNoDouble) {
  TabTable table;
  uint32_t random = 1;
  const auto next = [&](uint32_t n) {
    return (random = random * 1664525 + 1013904223) / 65536 % n;
  };
  for (int i = 0; i < 1000; ++i) {
    const std::string name(1, static_cast<char>('a' + next(20)));
    if (table.Find(name) == nullptr) {
      table.Add(NewTab(name));
    } else if (next(3) == 0) {
      table.Remove(name);
    } else {
      table.Move(name, static_cast<int>(next(25)) - 2);
    }
    ASSERT_THAT(Order(table), testing::Each(testing::Not(IsEmpty())));
  }
}

TEST(TabTableTest, WhatPeopleCallATabNoProgramChanges) {
  TabTable table;
  TabTable::Record shell = NewTab("t");
  shell.mutable_tab()->add_command("/usr/bin/htop");
  table.Add(std::move(shell));
  EXPECT_EQ(table.Find("t")->tab().title(), "htop");
  EXPECT_THAT(table.Update(Running("t", "~/src")), ElementsAre("t"));
  EXPECT_EQ(table.Find("t")->tab().title(), "~/src");
  table.Rename("t", "build");
  EXPECT_TRUE(table.Find("t")->tab().title_pinned());
  EXPECT_THAT(table.Update(Running("t", "evil\n\033[31m")), IsEmpty());
  EXPECT_EQ(table.Find("t")->tab().title(), "build");
  table.Rename("t", " ");
  EXPECT_FALSE(table.Find("t")->tab().title_pinned());
  EXPECT_EQ(table.Find("t")->tab().title(), "evil[31m");
}

TEST(TabTableTest, S23TitlesAreCleanedAndBounded) {
  TabTable table;
  table.Add(NewTab("t", "a\u202e\x07 b" + std::string(500, 'x')));
  const std::string& title = table.Find("t")->tab().title();
  EXPECT_EQ(title.find('\x07'), std::string::npos);
  EXPECT_EQ(title.find("\u202e"), std::string::npos);
  EXPECT_LE(title.size(), 80u);
}

TEST(TabTableTest, R5_P3WhatHadEndedBeforeItsHostDidHasEndedAndIsNotLost) {
  TabTable table;
  TabTable::Record ended = NewTab("ended", "", Tab::EXITED, "zero");
  ended.mutable_tab()->set_exit_code(3);
  table.Load(std::move(ended));
  DriveResponse::Inventory inventory;
  inventory.set_incarnation("one");
  // Its log was left behind.
  inventory.add_terminals()->set_tab("ended");
  inventory.mutable_terminals(0)->set_state(Tab::LOST);
  EXPECT_THAT(table.Reconcile(inventory), IsEmpty());
  EXPECT_EQ(table.Find("ended")->tab().state(), Tab::EXITED);
  EXPECT_EQ(table.Find("ended")->tab().exit_code(), 3);
}

TEST(TabTableTest, R4R5WhatTheHostNoLongerHasEndedOrIsLost) {
  TabTable table;
  table.Load(NewTab("ended", "", Tab::RUNNING, "one"));
  table.Load(NewTab("lost", "", Tab::RUNNING, "zero"));
  table.Load(NewTab("far", "", Tab::UNREACHABLE, "one"));
  table.Load(NewTab("new", "", Tab::CREATING));
  table.Load(NewTab("there", "", Tab::UNREACHABLE, "one"));
  table.Load(NewTab("over", "", Tab::EXITED, "zero"));
  DriveResponse::Inventory inventory;
  inventory.set_incarnation("one");
  *inventory.add_terminals() = Running("there");
  EXPECT_THAT(table.Reconcile(inventory), UnorderedElementsAre("ended", "lost", "far", "there"));
  EXPECT_EQ(table.Find("ended")->tab().state(), Tab::EXITED);
  EXPECT_EQ(table.Find("lost")->tab().state(), Tab::LOST);
  EXPECT_EQ(table.Find("far")->tab().state(), Tab::EXITED);
  EXPECT_EQ(table.Find("new")->tab().state(), Tab::CREATING);
  EXPECT_EQ(table.Find("there")->tab().state(), Tab::RUNNING);
  EXPECT_EQ(table.Find("over")->tab().state(), Tab::EXITED);
  EXPECT_THAT(table.Reconcile(inventory), IsEmpty());
}

TEST(TabTableTest, N4AHostThatCannotBeReachedHasLostNothing) {
  TabTable table;
  table.Load(NewTab("runs", "", Tab::RUNNING, "one"));
  table.Load(NewTab("over", "", Tab::EXITED, "one"));
  EXPECT_THAT(table.MarkUnreachable(), ElementsAre("runs"));
  EXPECT_EQ(table.Find("runs")->tab().state(), Tab::UNREACHABLE);
  EXPECT_EQ(table.Find("over")->tab().state(), Tab::EXITED);
  EXPECT_THAT(table.Update(Running("runs")), ElementsAre("runs"));
  EXPECT_EQ(table.Find("runs")->tab().state(), Tab::RUNNING);
}

TEST(TabTableTest, N8SizesGoToTheSuccessorOfWhoeverLeaves) {
  TabTable table = Three();
  table.Find("a")->mutable_tab()->set_size_owner("ann");
  table.Find("b")->mutable_tab()->set_size_owner("bob");
  EXPECT_THAT(table.ReleaseSize("ann", "bob"), ElementsAre("a"));
  EXPECT_EQ(table.Find("a")->tab().size_owner(), "bob");
  EXPECT_THAT(table.ReleaseSize("bob", "bob"), IsEmpty());
}

// Publisher.

class PublisherTest : public testing::Test {
 protected:
  static SessionChange Deleted(const std::string& name) {
    SessionChange change;
    change.set_deleted_participant(name);
    return change;
  }
  static std::vector<StoreWrite> Write(const std::string& key) {
    return {{RecordKind::kTab, key, "value"}};
  }
  void Publish(const std::string& name, bool durable) {
    publisher_.Publish(Deleted(name), durable ? Write(name) : std::vector<StoreWrite>(),
                       [this, name](absl::Status status) {
                         done_.push_back(name + (status.ok() ? "" : " failed"));
                       });
  }

  FakeStore store_;
  std::vector<std::string> seen_, done_;
  std::vector<int64_t> revisions_;
  Publisher publisher_{&store_, {}, [this](const SessionChange& change) {
                         seen_.push_back(change.deleted_participant());
                         revisions_.push_back(change.revision());
                       }};
};

TEST_F(PublisherTest, R34NothingIsSeenBeforeItIsDurable) {
  store_.Hold();
  Publish("a", true);
  EXPECT_THAT(seen_, IsEmpty());
  EXPECT_EQ(publisher_.snapshot().session().revision(), 0);
  store_.CommitNext();
  EXPECT_THAT(seen_, ElementsAre("a"));
  EXPECT_EQ(store_.records(RecordKind::kTab).count("a"), 1u);
}

TEST_F(PublisherTest, R34NothingOvertakesWhatIsNotYetDurable) {
  store_.Hold();
  Publish("a", true);
  Publish("b", false);
  Publish("c", true);
  EXPECT_THAT(seen_, IsEmpty());
  store_.CommitNext();
  EXPECT_THAT(seen_, ElementsAre("a", "b"));
  store_.CommitNext();
  EXPECT_THAT(seen_, ElementsAre("a", "b", "c"));
  EXPECT_THAT(done_, ElementsAre("a", "b", "c"));
}

TEST_F(PublisherTest, R20WhatCouldNotBeStoredIsNeverSeenAndSaid) {
  store_.Hold();
  Publish("a", true);
  Publish("b", true);
  store_.CommitNext(absl::InternalError("disk"));
  store_.CommitNext();
  EXPECT_THAT(seen_, ElementsAre("b"));
  EXPECT_THAT(done_, ElementsAre("a failed", "b"));
}

TEST_F(PublisherTest, RevisionsHaveNoGaps) {
  store_.Hold();
  for (int i = 0; i < 20; ++i) Publish(std::to_string(i), i % 3 != 0);
  while (store_.waiting() > 0) {
    store_.CommitNext(store_.waiting() % 4 == 0 ? absl::InternalError("disk") : absl::OkStatus());
  }
  ASSERT_GT(revisions_.size(), 10u);
  for (size_t i = 0; i < revisions_.size(); ++i)
    EXPECT_EQ(revisions_[i], static_cast<int64_t>(i + 1));
  EXPECT_EQ(publisher_.snapshot().session().revision(), revisions_.back());
}

TEST_F(PublisherTest, R34AChangeMadeByAListenerIsSeenByAllAfterTheOneThatCausedIt) {
  std::vector<std::string> first, second;
  std::unique_ptr<Publisher> publisher;
  publisher = std::make_unique<Publisher>(&store_, atrium::v1::SessionSnapshot(),
                                          [&](const SessionChange& change) {
                                            first.push_back(change.deleted_participant());
                                            if (change.deleted_participant() == "a")
                                              publisher->Publish(Deleted("b"));
                                            second.push_back(change.deleted_participant());
                                          });
  publisher->Publish(Deleted("a"));
  EXPECT_THAT(first, ElementsAre("a", "b"));
  EXPECT_THAT(second, ElementsAre("a", "b"));
}

TEST_F(PublisherTest, ACommitThatEndsAfterItsSessionTouchesNothing) {
  store_.Hold();
  {
    Publisher gone(&store_, {}, [](const SessionChange&) { FAIL(); });
    gone.Publish(Deleted("a"), Write("a"), [](absl::Status) { FAIL(); });
  }
  store_.Release();
}

TEST_F(PublisherTest, X2ThePictureIsTheSumOfItsChanges) {
  const auto put = [&](const std::string& name, int position) {
    SessionChange change;
    change.mutable_tab()->set_name(name);
    change.mutable_tab()->set_position(position);
    publisher_.Publish(change);
  };
  put("b", 1);
  put("a", 0);
  put("b", 2);
  ASSERT_EQ(publisher_.snapshot().tabs_size(), 2);
  EXPECT_EQ(publisher_.snapshot().tabs(1).position(), 2);
  SessionChange deleted;
  deleted.set_deleted_tab("a");
  publisher_.Publish(deleted);
  EXPECT_EQ(publisher_.snapshot().tabs(0).name(), "b");
  for (int i = 0; i < 150; ++i) {
    SessionChange entry;
    entry.mutable_entry()->set_name(std::to_string(i));
    publisher_.Publish(entry);
  }
  EXPECT_EQ(publisher_.snapshot().entries_size(), 100);
  EXPECT_EQ(publisher_.snapshot().entries(99).name(), "149");
}

}  // namespace
}  // namespace atrium::control
