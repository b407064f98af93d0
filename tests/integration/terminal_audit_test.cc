// S14, S20, P7: what is typed is audited, but for secrets, and the audit shows where it
// was changed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "terminal/audit.h"
#include "terminal/limits.h"
#include "tests/support/host_test.h"

namespace atrium::terminal {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string Text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class AuditTest : public HostTest {
 protected:
  AuditTest() {
    host_.reset();
    host_ = std::make_unique<Host>(loop_.get(), &screens_, *ShellMaker::ForUser("", home_ + "/zsh"),
                                   Host::Options{.log_directory = directory_,
                                                 .incarnation = "two",
                                                 .audit_path = path_});
    EXPECT_TRUE(host_->TakeOver(this, ++fence_).ok());
  }
  void Keys(const std::string& text) {
    for (const char key : text) Type(std::string(1, key));
  }
  // What was kept until now.
  std::string Kept() {
    host_.reset();
    return Text(path_);
  }
  const std::string path_ = directory_ + "/audit";
};

TEST_F(AuditTest, P7WhatARunTypesIsKeptOnceAndOnlyIfItIsTyped) {
  Create({});
  int ended = 0;
  for (int retry = 0; retry < 2; ++retry) {
    RunAtPrompt("echo typed", "once", [&](const auto&) { ++ended; });
  }
  atrium::terminal::v1::RunAtPromptRequest request;
  request.set_tab(kTab);
  request.set_command("echo never");
  request.set_run_id("never");
  host_->CancelRun(host_->RunAtPrompt(request, [&](const auto&) { ++ended; }));
  ASSERT_TRUE(Until([&] { return ended == 3; })) << Output();
  const std::string kept = Kept();
  const size_t at = kept.find("control typed \"at a prompt: echo typed\\r\"");
  ASSERT_NE(at, std::string::npos) << kept;
  EXPECT_EQ(kept.find("echo typed", at + 30), std::string::npos) << kept;
  EXPECT_THAT(kept, Not(HasSubstr("never")));
}

TEST_F(AuditTest, P7WhoTypedWhatIsKept) {
  Create({"/bin/cat"});
  ASSERT_TRUE(host_->Open(this, kTab, kBob).ok());
  Keys("ls \"x\"");
  ASSERT_TRUE(host_->Input(kTab, kBob, 1, "bob\r").ok());
  // Answered before more is typed, or the answer may stand between the echo of two keys.
  ASSERT_TRUE(Says("bob\r\nls \"x\"bob\r\n")) << Output();
  Keys("more\r");
  EXPECT_FALSE(host_->Input(kTab, kEve, 1, "evil\r").ok());
  ASSERT_TRUE(Says("more\r\nmore\r\n")) << Output();
  const std::string kept = Kept();
  EXPECT_THAT(kept, HasSubstr(kTab + R"( sessions/main/participants/ann typed "ls \"x\"")"));
  EXPECT_THAT(kept, HasSubstr(R"(sessions/main/participants/bob typed "bob\r")"));
  EXPECT_THAT(kept, HasSubstr(R"(sessions/main/participants/ann typed "more\r")"));
  EXPECT_THAT(kept, Not(HasSubstr("evil")));
  EXPECT_TRUE(Audit::Verify(path_).ok());
}

TEST_F(AuditTest, S14_P7ASecretIsRedactedAndAReadlinePromptIsNot) {
  Create({"/bin/bash", "--norc"}, {{"PS1", "ready> "}});
  ASSERT_TRUE(Says("ready> ")) << Output();
  Keys("echo canary-at-a-prompt\r");
  ASSERT_TRUE(Says("\rcanary-at-a-prompt"));
  for (const std::string ask :
       {"read -s -p 'first? ' x", "python3 -c 'import getpass; getpass.getpass(\"second? \")'"}) {
    Keys(ask + "; echo asked-$((20+3))\r");
    const int64_t from = terminal().log().end();
    ASSERT_TRUE(Until([&] {
      const std::string said = Output(from);
      return terminal().hides_input() && said.rfind("? ") == said.size() - 2;
    })) << Output();
    Keys("canary-secret\r");
    ASSERT_TRUE(Until([&] { return Output(from).find("asked-23") != std::string::npos; }));
  }
  Keys("echo canary-afterwards\r");
  ASSERT_TRUE(Says("\rcanary-afterwards"));
  EXPECT_THAT(Output(), Not(HasSubstr("canary-secret")));
  const std::string kept = Kept();
  EXPECT_THAT(kept, HasSubstr("canary-at-a-prompt"));
  EXPECT_THAT(kept, HasSubstr("canary-afterwards"));
  EXPECT_THAT(kept, HasSubstr("participants/ann redacted "));
  EXPECT_THAT(kept, Not(HasSubstr("canary-secret")));
  for (const auto& file : std::filesystem::directory_iterator(directory_)) {
    EXPECT_THAT(Text(file.path()), Not(HasSubstr("canary-secret"))) << file.path();
  }
}

TEST(AuditFileTest, S20AChangeOrACutLineIsFoundWithItsPlace) {
  const std::string path = testing::TempDir() + "/audit-" + RandomId();
  const auto loop = NewMainLoop();
  for (int run = 0; run < 2; ++run) {
    Audit audit(loop.get(), path);
    audit.Typed("tab", "ann", "one\r", false);
    audit.Typed("tab", "ann", "two\r", false);
  }
  ASSERT_TRUE(Audit::Verify(path).ok());
  const std::string whole = Text(path);
  EXPECT_EQ(std::count(whole.begin(), whole.end(), '\n'), 6);
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    std::ofstream(path, std::ios::binary) << changed;
    const absl::Status status = Audit::Verify(path);
    ASSERT_TRUE(absl::IsDataLoss(status)) << at;
    const auto line = std::count(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(at), '\n') + 1;
    // A newline that is none ends no line: the two are one.
    EXPECT_THAT(std::string(status.message()), HasSubstr("Line " + std::to_string(line) + " of"));
  }
  // What a power cut leaves: the next run goes on behind the last whole line.
  std::ofstream(path, std::ios::binary) << whole.substr(0, whole.size() - 10);
  EXPECT_FALSE(Audit::Verify(path).ok());
  { Audit audit(loop.get(), path); }
  EXPECT_TRUE(Audit::Verify(path).ok()) << Text(path);
  std::filesystem::remove(path);
}

// Files may not grow any more: what a full disk looks like to a process.
class FullDisk {
 public:
  explicit FullDisk(const std::string& path) {
    getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit full{std::filesystem::file_size(path), old_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &full);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &old_);
    signal(SIGXFSZ, before_);
  }

 private:
  rlimit old_{};
  const sighandler_t before_ = signal(SIGXFSZ, SIG_IGN);
};

TEST_F(AuditTest, R20_R30_S20WhatAFullDiskDoesNotTakeIsSaidAndTypedAllTheSame) {
  Create({"/bin/cat"});
  Type("before\r");
  ASSERT_TRUE(Says("before\r\nbefore"));
  {
    const FullDisk full(path_);
    Type("first\r");
    ASSERT_TRUE(Says("first\r\nfirst"));
    ASSERT_TRUE(Until([&] { return !health_.audit_problem().empty(); }));
    EXPECT_THAT(health_.audit_problem(), HasSubstr(path_));
    EXPECT_THAT(health_.audit_problem(), HasSubstr("room on its disk"));
    Type("second\r");
    EXPECT_TRUE(Says("second\r\nsecond")) << "input goes on";
    // Another control hears of it too.
    health_.Clear();
    ASSERT_TRUE(host_->TakeOver(this, ++fence_).ok());
    host_->TellMissed();
    EXPECT_FALSE(health_.audit_problem().empty());
    // So does the program that takes our place.
    std::optional<absl::StatusOr<atrium::terminal::v1::Handover>> handover;
    host_->HandOver([&](auto handed) { handover = handed; });
    ASSERT_TRUE(Until([&] { return handover.has_value(); }));
    ASSERT_TRUE(handover->ok());
    EXPECT_EQ((*handover)->audit_lost(), 2);
    host_->GoOn();
  }
  EXPECT_EQ(host_->figures().audit_problems, 1);
  ASSERT_TRUE(Until([&] { return health_.audit_problem().empty(); })) << "by itself";
  Type("after\r");
  ASSERT_TRUE(Says("after\r\nafter"));
  const std::string kept = Kept();
  EXPECT_THAT(kept, HasSubstr(" lost 2 "));
  EXPECT_THAT(kept, HasSubstr("after"));
  EXPECT_THAT(kept, Not(HasSubstr("second")));
  EXPECT_TRUE(Audit::Verify(path_).ok()) << kept;
}

TEST(AuditFileTest, S20_R32WhatAnEarlierProcessLostIsTold) {
  const std::string path = testing::TempDir() + "/audit-" + RandomId();
  const auto loop = NewMainLoop();
  {
    Audit audit(loop.get(), path);
    audit.AddLost(3);
    audit.Typed("tab", "ann", "after\r", false);
    EXPECT_EQ(audit.lost(), 0);
  }
  EXPECT_THAT(Text(path), HasSubstr(" lost 3 "));
  EXPECT_TRUE(Audit::Verify(path).ok());
  std::filesystem::remove(path);
}

TEST(AuditFileTest, S20TheChainGoesOnOverRunsAndFiles) {
  const std::string path = testing::TempDir() + "/audit-" + RandomId();
  const auto loop = NewMainLoop();
  const std::string paste(limits::kInputBytes, '\x01');
  // More than one file holds: a paste is four times as long once it is escaped.
  for (int run = 0; run < 9; ++run) {
    Audit audit(loop.get(), path);
    for (int i = 0; i < 40; ++i) audit.Typed("tab", "ann", paste, false);
  }
  EXPECT_TRUE(std::filesystem::exists(path + ".1"));
  EXPECT_LE(std::filesystem::file_size(path + ".1"), limits::kAuditBytes + limits::kAuditLineBytes);
  for (const std::string& file : {path + ".1", path}) {
    const absl::Status status = Audit::Verify(file);
    EXPECT_TRUE(status.ok()) << status;
    std::filesystem::remove(file);
  }
}

TEST(AuditFileTest, S20AFileThatCannotBePutAsideIsWrittenOn) {
  const std::string path = testing::TempDir() + "/audit-" + RandomId();
  const auto loop = NewMainLoop();
  const std::string line = std::string(1 << 16, 'x') + " hash\n";
  {
    std::ofstream before(path, std::ios::binary);
    for (int64_t size = 0; size < limits::kAuditBytes; size += 1 << 16) before << line;
  }
  std::filesystem::create_directories(path + ".1/in-the-way");
  Audit audit(loop.get(), path);
  audit.Typed("tab", "ann", "one\r", false);
  const auto large = static_cast<int64_t>(std::filesystem::file_size(path));
  EXPECT_GT(large, limits::kAuditBytes);
  std::filesystem::remove_all(path + ".1");
  for (int64_t more = 0; more <= limits::kAuditLineBytes; more += 1 << 12) {
    audit.Typed("tab", "ann", std::string((1 << 12) - 1, 'x') + "\r", false);
  }
  audit.Typed("tab", "ann", "last\r", false);
  EXPECT_THAT(Text(path + ".1"), HasSubstr("one"));
  EXPECT_THAT(Text(path), HasSubstr("last"));
  EXPECT_TRUE(Audit::Verify(path).ok());
  std::filesystem::remove(path + ".1");
  std::filesystem::remove(path);
}

TEST(AuditFileTest, S20AFileThatCannotBeOpenedIsTriedAgainAndTheGapIsTold) {
  const std::string directory = testing::TempDir() + "/audit-" + RandomId();
  const std::string path = directory + "/audit";
  const auto loop = NewMainLoop();
  Audit audit(loop.get(), path);
  audit.Typed("tab", "ann", "one\r", false);
  audit.Typed("tab", "ann", "two\r", false);
  std::filesystem::create_directories(directory);
  audit.Typed("tab", "ann", "three\r", false);
  EXPECT_THAT(Text(path), testing::AllOf(HasSubstr(" lost 2 "), HasSubstr("three")));
  EXPECT_TRUE(Audit::Verify(path).ok()) << Text(path);
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace atrium::terminal
