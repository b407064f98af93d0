// The timeline is found again and exported.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <thread>

#include "common/proto_time.h"
#include "common/random.h"
#include "common/text.h"
#include "control/session/timeline_writer.h"
#include "control/store/entry_index.h"
#include "tests/support/session_test.h"

namespace atrium::control {
namespace {

using atrium::v1::ExportTimelineRequest;
using atrium::v1::SearchTimelineRequest;
using atrium::v1::SearchTimelineResponse;
using atrium::v1::TimelineEntry;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

TimelineEntry Entry(int64_t number, const std::string& text, const std::string& who = "Ann",
                    TimelineEntry::Kind kind = TimelineEntry::CHAT) {
  TimelineEntry entry;
  entry.set_name("sessions/s/entries/" + std::to_string(number));
  entry.set_kind(kind);
  if (!who.empty()) entry.add_speaker_names(who);
  entry.set_text(text);
  return entry;
}

class FindTest : public testing::Test {
 protected:
  FindTest() {
    std::filesystem::create_directories(directory_);
    Open();
  }
  ~FindTest() override {
    store_.reset();
    std::filesystem::remove_all(directory_);
  }

  void Open() {
    store_.reset();
    auto store = OpenSqliteStore(&loop_, path_);
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }
  void Commit(std::vector<StoreWrite> writes) {
    bool done = false;
    store_->Commit(std::move(writes), [&](absl::Status status) {
      EXPECT_TRUE(status.ok()) << status;
      done = true;
    });
    Await(&done);
  }
  void Put(int64_t number, const std::string& text, const std::string& who = "Ann",
           const std::string& session = "s") {
    Commit(
        {{.key = session, .value = Entry(number, text, who).SerializeAsString(), .entry = number}});
  }
  std::vector<FoundEntry> Find(const std::string& query, int64_t before = INT64_MAX,
                               int limit = 100, const std::string& session = "s") {
    bool done = false;
    std::vector<FoundEntry> found;
    store_->FindEntries(session, query, before, limit, [&](auto rows) {
      EXPECT_TRUE(rows.ok()) << query << ": " << rows.status();
      if (rows.ok()) found = *rows;
      done = true;
    });
    Await(&done);
    return found;
  }
  std::vector<std::string> Texts(const std::string& query, int64_t before = INT64_MAX,
                                 int limit = 100, const std::string& session = "s") {
    std::vector<std::string> texts;
    for (const FoundEntry& one : Find(query, before, limit, session)) {
      TimelineEntry entry;
      entry.ParseFromString(one.value);
      texts.push_back(entry.text());
    }
    return texts;
  }
  void Await(const bool* done) {
    while (!*done) {
      loop_.RunPosted();
      std::this_thread::yield();
    }
  }
  void Sql(const char* sql) {
    sqlite3* raw = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &raw), SQLITE_OK);
    char* error = nullptr;
    EXPECT_EQ(sqlite3_exec(raw, sql, nullptr, nullptr, &error), SQLITE_OK) << error;
    sqlite3_close(raw);
  }

  int Count(const char* sql) {
    sqlite3* raw = nullptr;
    EXPECT_EQ(sqlite3_open(path_.c_str(), &raw), SQLITE_OK);
    int count = -1;
    const auto take = [](void* to, int, char** columns, char**) {
      *static_cast<int*>(to) = std::atoi(columns[0]);
      return 0;
    };
    EXPECT_EQ(sqlite3_exec(raw, sql, take, &count, nullptr), SQLITE_OK);
    sqlite3_close(raw);
    return count;
  }

  ManualLoop loop_;
  const std::string directory_ = testing::TempDir() + "/find-" + RandomId();
  const std::string path_ = directory_ + "/control.db";
  std::unique_ptr<Store> store_;
};

TEST_F(FindTest, L14WordsAreFoundWhateverTheirCaseAndAccentsAndTheLastIsABeginning) {
  Put(1, "The Café opens at nine");
  Put(2, "ПРИВЕТ, мир", "Ольга");
  Put(3, "run the tests", "Zoë");
  EXPECT_THAT(Texts("cafe"), ElementsAre("The Café opens at nine"));
  EXPECT_THAT(Texts("NINE the"), ElementsAre("The Café opens at nine"));
  EXPECT_THAT(Texts("привет"), ElementsAre("ПРИВЕТ, мир"));
  EXPECT_THAT(Texts("test"), ElementsAre("run the tests")) << "the last word is a beginning";
  EXPECT_THAT(Texts("tes run"), IsEmpty()) << "the others are whole";
  EXPECT_THAT(Texts("zoe tests"), ElementsAre("run the tests")) << "names count";
  EXPECT_THAT(Texts("tests nine"), IsEmpty()) << "all of the words";
}

TEST_F(FindTest, L14NothingThatIsTypedIsSyntax) {
  Put(1, R"(say "hello world" AND NOT goodbye)");
  Put(2, "text: a^b (c) {d} e*f");
  for (const char* query : {"\"",
                            "\"\"",
                            "'",
                            "*",
                            "AND",
                            "NOT",
                            "OR OR",
                            "NEAR(a b)",
                            "text:",
                            "text : a",
                            "(",
                            ")",
                            "a*b*",
                            "^a",
                            "{text} : a",
                            "-text",
                            "+",
                            "a + b",
                            "\"hello",
                            "hello\"",
                            "he\"llo",
                            "\\",
                            "; DROP TABLE words; --",
                            "%",
                            "\xff\xfe",
                            "\xe2\x80"}) {
    Find(query);
  }
  Find(std::string("hello\0\" OR", 10));
  EXPECT_THAT(Texts("\"hello"), testing::SizeIs(1));
  EXPECT_THAT(Texts("and not"), testing::SizeIs(1)) << "operators are words";
  EXPECT_THAT(Texts("hello NOT goodbye"), testing::SizeIs(1));
  EXPECT_THAT(Texts("hello OR c"), IsEmpty());
  EXPECT_THAT(Texts("speakers:hello"), IsEmpty());
  EXPECT_THAT(Texts("!! ?"), IsEmpty());
  EXPECT_THAT(Texts(" "), IsEmpty());
  EXPECT_EQ(MatchExpression("a\"b  c"), "\"a\"\"b\" \"c\"*");
}

TEST_F(FindTest, L14PagesComeNewestFirstAndOfOneSession) {
  for (int i = 1; i <= 5; ++i) Put(i, "word " + std::to_string(i));
  Put(9, "word of others", "Ann", "other");
  EXPECT_THAT(Texts("word", INT64_MAX, 2), ElementsAre("word 5", "word 4"));
  EXPECT_THAT(Texts("word", 4, 10), ElementsAre("word 3", "word 2", "word 1"));
  EXPECT_THAT(Texts("word", 1), IsEmpty());
  EXPECT_THAT(Texts("word", -7), IsEmpty());
  EXPECT_THAT(Texts("word", INT64_MAX, 10, "other"), ElementsAre("word of others"));
  EXPECT_THAT(Texts("word", INT64_MAX, 10, "none"), IsEmpty());
}

TEST_F(FindTest, L14ASnippetMarksWhatWasFoundInCodePoints) {
  Put(1, "\xf0\x9f\x98\x80 grün und Grün\x01 \x02<b>");
  const auto found = Find("grun");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].snippet, "\xf0\x9f\x98\x80 grün und Grün   <b>");
  EXPECT_THAT(found[0].ranges, ElementsAre(Pair(2, 6), Pair(11, 15)));
  std::string many;
  for (int i = 0; i < 500; ++i) many += "filler ";
  Put(2, many + "needle " + many);
  const auto far = Find("needle");
  ASSERT_EQ(far.size(), 1u);
  EXPECT_THAT(far[0].snippet, HasSubstr("needle"));
  EXPECT_LT(far[0].snippet.size(), 400u);
  Put(3, "nothing here", "Bob");
  EXPECT_THAT(Find("bob").at(0).ranges, IsEmpty());
}

TEST_F(FindTest, L14WhatChangedOrWasDeletedIsFoundAsItIsNow) {
  Put(1, "make all");
  Put(1, "make none");
  EXPECT_THAT(Texts("make"), ElementsAre("make none"));
  EXPECT_THAT(Texts("all"), IsEmpty());
  Put(2, "make more");
  Put(1, "make theirs", "Ann", "other");
  Commit({{.key = "s", .entry = 1}});
  EXPECT_THAT(Texts("make"), IsEmpty());
  EXPECT_THAT(Texts("make", INT64_MAX, 10, "other"), ElementsAre("make theirs"));
  Put(1, "a new talk");
  EXPECT_THAT(Texts("make"), IsEmpty()) << "a session of the same name begins anew";
  store_.reset();
  Sql("INSERT INTO words(words) VALUES('integrity-check')");
  EXPECT_EQ(Count("SELECT count(*) FROM words"), 2) << "nothing is left of what was deleted";
}

TEST_F(FindTest, L14AStoreOfTheFirstSchemaIsIndexedOnceWithAllThatItHas) {
  Put(1, "an old word");
  Put(2, "another old word", "Ann", "other");
  Commit({{.key = "s", .value = "no entry", .entry = 3}});
  store_.reset();
  Sql("DROP TABLE words; DROP TABLE word_sessions; PRAGMA user_version = 1");
  Open();
  EXPECT_THAT(Texts("old"), ElementsAre("an old word"));
  EXPECT_THAT(Texts("old", INT64_MAX, 10, "other"), ElementsAre("another old word"));
  Put(4, "a younger old word");
  Open();
  EXPECT_THAT(Texts("old"), ElementsAre("a younger old word", "an old word"));
}

// The session's door.

class SearchTest : public SessionTest {
 protected:
  absl::StatusOr<SearchTimelineResponse> Search(const SearchTimelineRequest& request) {
    Answers<SearchTimelineResponse> answers;
    session_->SearchTimeline(request, Into(&answers));
    return answers.at(0);
  }
  void Say(const std::string& text) {
    atrium::v1::SayRequest say;
    say.set_text(text);
    session_->Say(Person("ann"), say, [](auto) {});
  }
};

TEST_F(SearchTest, L14AQueryIsBoundedAndWhatIsWrongIsNamed) {
  const auto field = [&](const SearchTimelineRequest& request) {
    const auto answer = Search(request);
    EXPECT_TRUE(absl::IsInvalidArgument(answer.status())) << answer.status();
    return DetailsOf(answer.status()).field;
  };
  SearchTimelineRequest request;
  EXPECT_EQ(field(request), "query");
  request.set_query(" \n\t");
  EXPECT_EQ(field(request), "query");
  request.set_query(std::string(limits::kQueryBytes + 1, 'x'));
  EXPECT_EQ(field(request), "query");
  request.set_query("x");
  request.set_page_token("one");
  EXPECT_EQ(field(request), "page_token");
}

TEST_F(SearchTest, L14PagesAreBoundedInCountAndBytesAndHoldAll) {
  for (int i = 0; i < 210; ++i) Say("short word");
  SearchTimelineRequest request;
  request.set_query("word");
  EXPECT_EQ(Search(request)->matches_size(), limits::kListDefault);
  request.set_page_size(INT32_MAX);
  EXPECT_EQ(Search(request)->matches_size(), limits::kListMost);
  for (int i = 0; i < 50; ++i) Say("word" + std::string(limits::kTextBytes - 10, 'x'));
  int seen = 0;
  do {
    const auto page = Search(request);
    ASSERT_TRUE(page.ok());
    EXPECT_LE(page->ByteSizeLong(), limits::kSnapshotEntryBytes + (64u << 10));
    seen += page->matches_size();
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(seen, 260);
}

TEST_F(SearchTest, L14OnlyWhoMayEnterTheSessionFindsIt) {
  Actor stranger = Person("eve", Participant::OWNER);
  stranger.session = SessionId("theirs");
  EXPECT_TRUE(absl::IsNotFound(registry_->Find(stranger, main_).status()));
  EXPECT_TRUE(registry_->Find(Person("vic", Participant::VIEWER), main_).ok());
}

TEST_F(SearchTest, L14TheTimelineIsReadFromItsBeginning) {
  for (int i = 0; i < 60; ++i) Say("say " + std::to_string(i));
  Answers<std::vector<TimelineEntry>> answers;
  session_->ReadEntries(0, Into(&answers));
  ASSERT_EQ(answers.at(0)->size(), static_cast<size_t>(limits::kListDefault));
  EXPECT_EQ(answers[0]->front().text(), "say 0");
  session_->ReadEntries(session_->last_entry() - 1, Into(&answers));
  ASSERT_EQ(answers.at(1)->size(), 1u);
  EXPECT_EQ(answers[1]->front().text(), "say 59");
}

// The document.

TimelineEntry At(TimelineEntry entry, absl::Duration since) {
  *entry.mutable_create_time() = ToProtoTime(absl::FromUnixSeconds(1700000000) + since);
  return entry;
}
std::string Document(ExportTimelineRequest::Format format,
                     const std::vector<TimelineEntry>& entries) {
  TimelineWriter writer(format);
  std::string document = writer.Begin();
  for (const TimelineEntry& entry : entries) document += writer.Add(entry);
  return document + writer.End();
}

TEST(TimelineWriterTest, L14WebVttHasWhatWasSpokenFromTheFirstOnAndNoMarkupOfOthers) {
  const std::string vtt = Document(
      ExportTimelineRequest::WEBVTT,
      {At(Entry(1, "typed"), absl::ZeroDuration()),
       At(Entry(2, "a --> b & <c>\n\n00:00 --> 00:01\r\nx", "Eve> <b", TimelineEntry::SPEECH),
          absl::Seconds(60)),
       At(Entry(3, "yes", "Agent", TimelineEntry::AGENT), absl::Milliseconds(62250)),
       At(Entry(4, "late", "", TimelineEntry::SPEECH), absl::Seconds(59)),
       At(Entry(5, std::string(5000, 'l'), "Ann", TimelineEntry::SPEECH), absl::Hours(101))});
  EXPECT_EQ(vtt,
            "WEBVTT\n"
            "\n00:00:00.000 --> 00:00:02.250\n"
            "<v Eve&gt; &lt;b>a --&gt; b &amp; &lt;c&gt;  00:00 --&gt; 00:01 x\n"
            "\n00:00:02.250 --> 00:00:02.750\n<v Agent>yes\n"
            "\n00:00:02.250 --> 00:00:04.250\nlate\n"
            "\n100:59:00.000 --> 100:59:10.000\n<v Ann>" +
                std::string(5000, 'l') + "\n");
  EXPECT_EQ(Document(ExportTimelineRequest::WEBVTT, {}), "WEBVTT\n");
}

TEST(TimelineWriterTest, L14TextHasALineForEachEntryAndNoneThatPretendsToBeOne) {
  TimelineEntry command =
      At(Entry(2, "make\x1b[2J", "Ann", TimelineEntry::COMMAND), absl::Seconds(1));
  command.set_exit_code(2);
  EXPECT_EQ(Document(ExportTimelineRequest::TEXT,
                     {At(Entry(1, "one\n2023-11-14T22:13:20.000Z  Bob: two"), absl::ZeroDuration()),
                      command, At(Entry(3, "Ann joined", ""), absl::Seconds(2))}),
            "2023-11-14T22:13:20.000Z  Ann: one\n    2023-11-14T22:13:20.000Z  Bob: two\n"
            "2023-11-14T22:13:21.000Z  Ann: make[2J (exit code 2)\n"
            "2023-11-14T22:13:22.000Z  Ann joined\n");
}

TEST(TimelineWriterTest, L14JsonIsOneObjectOnEachLine) {
  const std::string json =
      Document(ExportTimelineRequest::JSON, {Entry(1, "a\n\"b\""), Entry(2, "c")});
  EXPECT_THAT(json, HasSubstr(R"("text":"a\n\"b\"")"));
  EXPECT_EQ(std::count(json.begin(), json.end(), '\n'), 2);
  EXPECT_THAT(json, Not(HasSubstr("}{")));
}

}  // namespace
}  // namespace atrium::control
