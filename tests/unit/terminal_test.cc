// The terminal room's pure parts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "common/random.h"
#include "terminal/attachments.h"
#include "terminal/input_ledger.h"
#include "terminal/limits.h"
#include "terminal/mark_splitter.h"
#include "terminal/output_log.h"

namespace atrium::terminal {
namespace {

using atrium::v1::Participant;

std::string ReadAll(const OutputLog& log, int64_t offset) {
  std::string out;
  while (offset < log.end()) {
    const std::string_view piece = log.Peek(offset, 1 << 20);
    out += piece;
    offset += static_cast<int64_t>(piece.size());
  }
  return out;
}

TEST(OutputLogTest, KeepsTheNewestBytesUnderAbsoluteOffsets) {
  auto log = *OutputLog::Create("", "sessions/a/tabs/b", {80, 24});
  std::mt19937 random(7);
  std::string all;
  while (all.size() < 3 * limits::kLogBytes) {
    std::string piece(random() % 70000, static_cast<char>('a' + all.size() % 23));
    for (size_t i = 0; i < piece.size(); i += 97) piece[i] = static_cast<char>(random());
    log->Append(piece);
    all += piece;
  }
  EXPECT_EQ(log->end(), static_cast<int64_t>(all.size()));
  EXPECT_EQ(log->start(), log->end() - limits::kLogBytes);
  EXPECT_TRUE(ReadAll(*log, log->start()) == all.substr(log->start()));
  EXPECT_TRUE(ReadAll(*log, log->end() - 5) == all.substr(all.size() - 5));
}

TEST(OutputLogTest, KnowsTheSizeAtEveryOffset) {
  auto log = *OutputLog::Create("", "t", {80, 24});
  log->Append("12345");
  log->MarkResize({100, 30});
  log->MarkResize({120, 40});  // At the same place: the last counts.
  log->Append("678");
  EXPECT_EQ(log->SizeAt(0), (Size{80, 24}));
  EXPECT_EQ(log->SizeAt(4), (Size{80, 24}));
  EXPECT_EQ(log->SizeAt(5), (Size{120, 40}));
  EXPECT_EQ(log->NextMark(0)->offset, 5);
  EXPECT_FALSE(log->NextMark(5).has_value());
}

TEST(OutputLogTest, R5IsReadableByTheNextProcess) {
  const std::string path = testing::TempDir() + "/log-" + RandomId();
  {
    auto log = *OutputLog::Create(path, "sessions/a/tabs/b", {90, 20});
    log->Append("last words");
  }
  auto log = *OutputLog::Open(path);
  EXPECT_EQ(log->tab(), "sessions/a/tabs/b");
  EXPECT_EQ(ReadAll(*log, 0), "last words");
  EXPECT_EQ(log->SizeAt(0), (Size{90, 20}));
  log->Unlink();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(OutputLogTest, RefusesWhatIsNotALog) {
  const std::string path = testing::TempDir() + "/not-a-log";
  std::filesystem::remove(path);
  EXPECT_FALSE(OutputLog::Open(path).ok());
  FILE* file = fopen(path.c_str(), "w");
  fputs("something else", file);
  fclose(file);
  EXPECT_TRUE(absl::IsDataLoss(OutputLog::Open(path).status()));
}

const AttachmentId kPage("page");

TEST(InputLedgerTest, R33DuplicatesAreAcceptedOnceAndInOrder) {
  InputLedger ledger;
  EXPECT_TRUE(*ledger.Accept(kPage, 1, 10));
  EXPECT_TRUE(*ledger.Accept(kPage, 2, 10));
  EXPECT_FALSE(*ledger.Accept(kPage, 1, 10));
  EXPECT_FALSE(*ledger.Accept(kPage, 2, 10));
  EXPECT_TRUE(absl::IsOutOfRange(ledger.Accept(kPage, 4, 10).status()));
  EXPECT_TRUE(*ledger.Accept(kPage, 3, 10));
  EXPECT_EQ(ledger.LastWritten(kPage), 0);
  ledger.Written(kPage, 1, 10);
  ledger.Written(kPage, 2, 10);
  EXPECT_EQ(ledger.LastWritten(kPage), 2);
}

TEST(InputLedgerTest, R33AMillionShuffledResendsAreWrittenExactlyOnce) {
  InputLedger ledger;
  std::mt19937 random(1);
  int64_t accepted = 0, sent = 0;
  for (int i = 0; i < 1000000; ++i) {
    // A page sends the next, or after a reconnect something older again.
    const int64_t sequence = random() % 3 != 0 ? sent + 1 : 1 + static_cast<int64_t>(random() % (sent + 1));
    const auto fresh = ledger.Accept(kPage, sequence, 1);
    ASSERT_TRUE(fresh.ok());
    ASSERT_EQ(*fresh, sequence == accepted + 1);
    if (*fresh) {
      ++accepted;
      ledger.Written(kPage, sequence, 1);
    }
    sent = std::max(sent, sequence);
  }
  EXPECT_EQ(ledger.LastWritten(kPage), sent);
}

TEST(InputLedgerTest, BoundsWhatWaitsForAProgramThatDoesNotRead) {
  InputLedger ledger;
  int64_t sequence = 0;
  while (ledger.Accept(kPage, sequence + 1, limits::kInputBytes).ok()) ++sequence;
  EXPECT_EQ(static_cast<size_t>(sequence), limits::kPendingInputBytes / limits::kInputBytes);
  EXPECT_TRUE(absl::IsInvalidArgument(ledger.Accept(kPage, sequence + 1, limits::kInputBytes + 1).status()));
}

TEST(InputLedgerTest, APageThatWasForgottenGoesOnWhereItIs) {
  InputLedger ledger;
  ledger.Touch(kPage, absl::Seconds(1));
  EXPECT_TRUE(*ledger.Accept(kPage, 1, 1));
  ledger.Written(kPage, 1, 1);
  ledger.Forget(absl::Seconds(2));
  EXPECT_FALSE(*ledger.Accept(kPage, 1, 1));
  ledger.Forget(absl::Seconds(2) + limits::kSequenceMemory);
  EXPECT_TRUE(*ledger.Accept(kPage, 17, 1));
}

TEST(MarkSplitterTest, CutsBehindEveryMarkHoweverTheBytesAreSplit) {
  const std::string text = "a\033]133;A\033\\b\033]0;t\ac\033]133;D;7\adef\033]133;C\033\\";
  std::vector<size_t> ends;
  for (const char* mark : {"\033]133;A\033\\", "\033]133;D;7\a", "\033]133;C\033\\"}) {
    ends.push_back(text.find(mark) + strlen(mark));
  }
  for (size_t split = 0; split <= text.size(); ++split) {
    MarkSplitter splitter;
    std::vector<size_t> cuts;
    size_t at = 0;
    for (const std::string& part : {text.substr(0, split), text.substr(split)}) {
      std::string_view rest = part;
      while (!rest.empty()) {
        const size_t n = splitter.Next(rest);
        ASSERT_GT(n, 0u);
        at += n;
        cuts.push_back(at);
        rest.remove_prefix(n);
      }
    }
    EXPECT_EQ(at, text.size());
    for (size_t end : ends) EXPECT_THAT(cuts, testing::Contains(end)) << "split " << split;
  }
}

TEST(AttachmentsTest, S4AViewerReadsAndNeverWrites) {
  Attachments attachments;
  attachments.Replace({{kPage, {"sessions/a/participants/p", Participant::VIEWER}}});
  EXPECT_TRUE(attachments.CheckRead(kPage, "sessions/a/tabs/t").ok());
  EXPECT_TRUE(absl::IsPermissionDenied(attachments.CheckWrite(kPage, "sessions/a/tabs/t").status()));
}

TEST(AttachmentsTest, S21AnAttachmentIsGoodForItsOwnSessionOnly) {
  Attachments attachments;
  attachments.Replace({{kPage, {"sessions/a/participants/p", Participant::OWNER}}});
  EXPECT_TRUE(attachments.CheckWrite(kPage, "sessions/a/tabs/t").ok());
  EXPECT_FALSE(attachments.CheckRead(kPage, "sessions/b/tabs/t").ok());
  EXPECT_FALSE(attachments.CheckRead(AttachmentId("guess"), "sessions/a/tabs/t").ok());
}

TEST(AttachmentsTest, WhoLosesARightIsNamed) {
  Attachments attachments;
  const AttachmentId other("other");
  attachments.Replace({{kPage, {"sessions/a/participants/p", Participant::OWNER}},
                       {other, {"sessions/a/participants/q", Participant::EDITOR}}});
  EXPECT_THAT(attachments.Replace({{kPage, {"sessions/a/participants/p", Participant::VIEWER}}}),
              testing::UnorderedElementsAre(kPage, other));
}

}  // namespace
}  // namespace atrium::terminal
