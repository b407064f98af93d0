// The terminal host with real shells and a real loop.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "terminal/limits.h"
#include "terminal/sweep.h"
#include "tests/support/host_test.h"

namespace atrium::terminal {
namespace {

using atrium::terminal::v1::HandedTerminal;
using testing::HasSubstr;

TEST_F(HostTest, M1M2WhatIsTypedIsWrittenAndComesBack) {
  Create({"/bin/sh", "-c", "read line; echo got:$line; read line"});
  Type("hel");
  Type("lo\n");
  EXPECT_TRUE(Says("got:hello"));
  EXPECT_TRUE(Until([&] { return written_ == 2; }));
  EXPECT_EQ(typed_, 1) << "typing is told at most once a second";
}

TEST_F(HostTest, S4AViewersInputAndSizeNeverReachTheProgram) {
  Create({"/bin/cat"});
  EXPECT_TRUE(absl::IsPermissionDenied(host_->Input(kTab, kEve, 1, "evil\n")));
  EXPECT_FALSE(host_->Resize(kTab, kEve, {10, 10}).ok());
  EXPECT_FALSE(host_->Input(kTab, AttachmentId("guess"), 1, "evil\n").ok());
  Type("good\n");
  ASSERT_TRUE(Says("good\r\ngood"));
  EXPECT_THAT(Output(), testing::Not(HasSubstr("evil")));
  EXPECT_EQ(terminal().Status().size().columns(), 80);
}

TEST_F(HostTest, N8OnlyTheDriverTypesAndWhatOthersTypeIsAcknowledgedAndDropped) {
  Create({"/bin/cat"});
  ASSERT_TRUE(host_->Open(this, kTab, kBob).ok());
  Type("first\n");
  ASSERT_TRUE(Says("first"));
  plan_.mutable_terminals(0)->set_driver("sessions/main/participants/bob");
  host_->Apply(plan_);
  Type("dropped\n");
  EXPECT_TRUE(Until([&] { return written_ == 2 && !dropped_.ok(); }));
  EXPECT_TRUE(absl::IsFailedPrecondition(dropped_));
  ASSERT_TRUE(host_->Input(kTab, kBob, 1, "bobs\n").ok());
  ASSERT_TRUE(Says("bobs"));
  plan_.mutable_terminals(0)->clear_driver();
  host_->Apply(plan_);
  Type("again\n");
  ASSERT_TRUE(Says("again"));
  EXPECT_THAT(Output(), testing::Not(HasSubstr("dropped")));
}

TEST_F(HostTest, N8TheSmallestWindowDecidesWhileItIsThere) {
  Create({"/bin/cat"});
  ASSERT_TRUE(host_->Open(this, kTab, kBob).ok());
  plan_.mutable_terminals(0)->set_size_policy(atrium::v1::SMALLEST);
  host_->Apply(plan_);
  ASSERT_TRUE(host_->Resize(kTab, kAnn, {120, 30}).ok());
  ASSERT_TRUE(host_->Resize(kTab, kBob, {90, 50}).ok());
  EXPECT_FALSE(host_->Resize(kTab, kEve, {10, 10}).ok()) << "a viewer's window is of no weight";
  const auto is = [&](int columns, int rows) {
    return Until([&] {
      const auto size = terminal().Status().size();
      return size.columns() == columns && size.rows() == rows;
    });
  };
  EXPECT_TRUE(is(90, 30));
  host_->Close(this, kTab, kBob);
  EXPECT_TRUE(is(120, 30));
}

class WindowsTest : public HostTest {
 protected:
  bool IsWide(int columns) {
    return Until([&] {
      widths_.push_back(terminal().Status().size().columns());
      return widths_.back() == columns;
    });
  }
  std::vector<int> widths_;
};

TEST_F(WindowsTest, N8ASizeGoesOverWithItsOwnerAsOftenAsThatChanges) {
  Create({"/bin/cat"});
  ASSERT_TRUE(host_->Open(this, kTab, kBob).ok());
  ASSERT_TRUE(host_->Resize(kTab, kAnn, {120, 30}).ok());
  ASSERT_TRUE(host_->Resize(kTab, kBob, {90, 50}).ok());
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(IsWide(120));
    plan_.mutable_terminals(0)->set_size_owner("sessions/main/participants/bob");
    host_->Apply(plan_);
    EXPECT_TRUE(IsWide(90));
    plan_.mutable_terminals(0)->set_size_owner("sessions/main/participants/ann");
    host_->Apply(plan_);
  }
  // What is told once more, as a gateway does when its stream was lost, changes nothing.
  ASSERT_TRUE(host_->Resize(kTab, kAnn, {70, 20}, /*again=*/true).ok());
  ASSERT_TRUE(host_->Resize(kTab, kBob, {60, 20}).ok());
  plan_.mutable_terminals(0)->set_size_owner("sessions/main/participants/bob");
  host_->Apply(plan_);
  EXPECT_TRUE(IsWide(60)) << "and not 70 on the way";
  EXPECT_THAT(widths_, testing::Not(testing::Contains(70)));
}

TEST_F(WindowsTest, N8WhereTheSmallestWindowDecidesThoseThatAreToldFromThenOnCountUntilTheyLeave) {
  Create({"/bin/cat"});
  ASSERT_TRUE(host_->Open(this, kTab, kBob).ok());
  ASSERT_TRUE(host_->Resize(kTab, kBob, {40, 50}).ok()) << "and then looks at another tab";
  plan_.mutable_terminals(0)->set_size_policy(atrium::v1::SMALLEST);
  host_->Apply(plan_);
  ASSERT_TRUE(host_->Resize(kTab, kAnn, {120, 30}).ok());
  EXPECT_TRUE(IsWide(120));
  ASSERT_TRUE(host_->Resize(kTab, kBob, {90, 50}).ok());
  EXPECT_TRUE(IsWide(90));
  EXPECT_TRUE(Until([&] { return terminal().Status().size().rows() == 30; }));
  ASSERT_TRUE(host_->Resize(kTab, kBob, {0, 0}).ok()) << "looks at another tab";
  EXPECT_TRUE(IsWide(120));
  ASSERT_TRUE(host_->Resize(kTab, kBob, {80, 50}, /*again=*/true).ok());
  EXPECT_TRUE(IsWide(80));
}

TEST_F(HostTest, N8AFixedSizeIsThePlansAlone) {
  Create({"/bin/cat"});
  plan_.mutable_terminals(0)->set_size_policy(atrium::v1::FIXED);
  plan_.mutable_terminals(0)->mutable_size()->set_columns(100);
  host_->Apply(plan_);
  ASSERT_TRUE(host_->Resize(kTab, kAnn, {50, 10}).ok());
  EXPECT_TRUE(Until([&] { return terminal().Status().size().columns() == 100; }));
}

constexpr char kWhatMayI[] =
    "grep -E 'NoNewPrivs|Seccomp:' /proc/self/status; touch /etc/atrium-was-here 2>/dev/null; echo "
    "wrote:$?; "
    "echo processes:$(ls -d "
    "/proc/[0-9]* | wc -l); touch /tmp/x && echo tmp:ok; echo done; read end";

TEST_F(HostTest, S16TheProfilesTakeRightsAway) {
  Create({"/bin/bash", "-c", kWhatMayI}, {}, atrium::v1::NO_NEW_PRIVILEGES);
  ASSERT_TRUE(Says("done\r\n"));
  EXPECT_THAT(Output(), HasSubstr("NoNewPrivs:\t1"));
}

// Some machines let nobody make namespaces (a chroot does not): there ISOLATED
// shells end with bubblewrap's own words.
bool CanIsolate() {
  return std::system("bwrap --unshare-all --ro-bind / / true >/dev/null 2>&1") == 0;
}

TEST_F(HostTest, S16AnIsolatedShellSeesAndWritesNothingButItsOwn) {
  if (!CanIsolate()) GTEST_SKIP() << "no namespaces here";
  Create({"/bin/bash", "-c", kWhatMayI}, {}, atrium::v1::ISOLATED);
  ASSERT_TRUE(Says("done\r\n"));
  EXPECT_THAT(Output(), HasSubstr("NoNewPrivs:\t1"));
  EXPECT_THAT(Output(), HasSubstr("Seccomp:\t2"));
  EXPECT_THAT(Output(), HasSubstr("wrote:1"));
  EXPECT_THAT(Output(), HasSubstr("tmp:ok"));
  const size_t at = Output().find("processes:");
  EXPECT_LT(std::atoi(Output().c_str() + at + 10), 10) << Output();
}

TEST_F(HostTest, S16AnIsolatedShellIsInteractiveLikeAnyOther) {
  if (!CanIsolate()) GTEST_SKIP() << "no namespaces here";
  Create({}, {}, atrium::v1::ISOLATED);
  ASSERT_TRUE(Until([&] { return last_[kTab].at_prompt(); })) << Output();
  Type("echo hi-$((6*7))\n");
  EXPECT_TRUE(Says("hi-42"));
}

TEST_F(HostTest, R35NothingThatWasStartedInATerminalOutlivesItsEnd) {
  Create({"/bin/bash", "-c",
          "setsid -f sh -c \"trap '' HUP TERM; echo job:\\$\\$; sleep 1000; true\"; "
          "(trap '' HUP; exec sleep 2000) & read end"});
  ASSERT_TRUE(Says("job:"));
  ASSERT_TRUE(Until([] { return ProcessesOf(kTab).size() >= 4; }));
  host_->Apply(Plan());
  EXPECT_TRUE(Until([] { return ProcessesOf(kTab).empty(); }));
}

TEST_F(HostTest, R33InputSentTwiceIsWrittenOnce) {
  Create({"/bin/cat"});
  Type("once\n");
  ASSERT_TRUE(Says("once\r\nonce\r\n"));
  ASSERT_TRUE(host_->Input(kTab, kAnn, 1, "once\n").ok());
  Type("next\n");
  ASSERT_TRUE(Says("next\r\nnext"));
  EXPECT_EQ(Output(), "once\r\nonce\r\nnext\r\nnext\r\n");
}

TEST_F(HostTest, R6AnExitCodeIsTheShells) {
  Create({"/bin/sh", "-c", "exit 7"});
  ASSERT_TRUE(Until([&] { return last_[kTab].state() == atrium::v1::Tab::EXITED; }));
  EXPECT_EQ(last_[kTab].exit_code(), 7);
  EXPECT_FALSE(host_->Input(kTab, kAnn, 1, "x").ok());
}

TEST_F(HostTest, R6AKilledShellsExitCodeNamesTheSignal) {
  Create({"/bin/sh", "-c", "echo last words; kill -TERM $$"});
  ASSERT_TRUE(Until([&] { return last_[kTab].state() == atrium::v1::Tab::EXITED; }));
  EXPECT_EQ(last_[kTab].exit_code(), 128 + 15);
  EXPECT_THAT(Output(), HasSubstr("last words"));
}

TEST_F(HostTest, P3_S12NothingRunsElsewhereThanWhereItWasAskedFor) {
  std::ofstream(home_ + "/file") << "x";
  for (const std::string& where :
       {std::string("/no/such/directory"), std::string(".."), home_ + "/file"}) {
    Plan plan;
    auto& terminal = *plan.add_terminals();
    terminal.set_tab(kTab);
    for (const char* word : {"/bin/sh", "-c", "pwd; read x"}) terminal.add_command(word);
    terminal.set_working_directory(where);
    const auto result = host_->Apply(plan);
    ASSERT_EQ(result.problems_size(), 1) << where;
    EXPECT_THAT(result.problems(0).message(), HasSubstr("working_directory")) << where;
    EXPECT_EQ(host_->Find(kTab), nullptr);
  }
  Plan plan;
  auto& terminal = *plan.add_terminals();
  terminal.set_tab(kTab);
  for (const char* word : {"/bin/sh", "-c", "pwd; read x"}) terminal.add_command(word);
  terminal.set_working_directory("/usr");
  EXPECT_EQ(host_->Apply(plan).problems_size(), 0);
  EXPECT_TRUE(Says("/usr\r\n"));
}

TEST_F(HostTest, AProgramThatIsNotThereIsSaid) {
  Plan plan;
  plan.add_terminals()->set_tab(kTab);
  plan.mutable_terminals(0)->add_command("/no/such/program");
  const auto result = host_->Apply(plan);
  if (result.problems_size() == 0) {
    EXPECT_TRUE(Until([&] { return last_[kTab].state() == atrium::v1::Tab::EXITED; }));
    EXPECT_NE(last_[kTab].exit_code(), 0);
  }
}

TEST_F(HostTest, R32_N2UntilWhereAScreenDiffersIsHandedOnByEveryUpgradeAfterTheOneThatMadeItSo) {
  // A wide character that found no room, and what it may be joined with.
  Create({"/bin/sh", "-c",
          "stty -echo; printf '\\033[4h\\033[?7l\\033[80G\\344\\275\\240'; read x; printf '\\r!'; "
          "cat"});
  ASSERT_TRUE(Until([&] { return terminal().log().end() == 17; }));
  const auto hand_over = [this](Terminal* from) {
    std::optional<HandedTerminal> handed;
    from->HandOver([&](HandedTerminal all) { handed = all; });
    EXPECT_TRUE(Until([&] { return handed.has_value(); }));
    handed->set_master_fd(-1);
    return *handed;
  };
  HandedTerminal handed = hand_over(&terminal());
  EXPECT_TRUE(handed.screen_inexact());
  EXPECT_EQ(handed.differs_until(), 17);
  terminal().GoOn();
  Type("\n");
  ASSERT_TRUE(Says("!"));
  std::string path;
  for (const auto& file : std::filesystem::directory_iterator(directory_)) path = file.path();
  Figures figures;
  for (int upgrades = 1; upgrades < 3; ++upgrades) {
    auto next = Terminal::Resume(loop_.get(), &screens_, {.tab = kTab, .log_path = path},
                                 *OutputLog::Open(path), handed, &figures, host_.get());
    ASSERT_TRUE(next.ok()) << next.status();
    EXPECT_EQ((*next)->differs_until(), 17);
    handed = hand_over(next->get());
    EXPECT_FALSE(handed.screen_inexact());
    EXPECT_GT(handed.screen_offset(), 17);
  }
  // One of a version before, which did not say it.
  handed.clear_differs_until();
  handed.set_screen_inexact(true);
  const auto next = Terminal::Resume(loop_.get(), &screens_, {.tab = kTab, .log_path = path},
                                     *OutputLog::Open(path), handed, &figures, host_.get());
  EXPECT_EQ((*next)->differs_until(), handed.screen_offset());
}

TEST_F(HostTest, P12ThatAnotherProgramTookTheShellsPlaceIsToldUntilAJobOfItIsInFront) {
  Create({});
  ASSERT_TRUE(Until([&] { return terminal().at_idle_prompt(); }));
  const auto replaced = [&](bool is) {
    return Until([&] {
      terminal().Look();
      return terminal().Status().shell_replaced() == is;
    });
  };
  const auto stays = [&](bool is) {
    for (int looks = 0; looks < 20; ++looks) {
      terminal().Look();
      EXPECT_EQ(terminal().Status().shell_replaced(), is) << Output();
    }
  };
  stays(false);
  // A job, and what the shell does by itself.
  for (const char* command : {"sleep 1000\n", "read -r line\n"}) {
    Type(command);
    ASSERT_TRUE(Until([&] { return terminal().commands().running(); })) << Output();
    stays(false);
    // The shell says that it begins before it does, and then takes no interrupt.
    int turns = 0;
    ASSERT_TRUE(Until([&] {
      if (terminal().at_idle_prompt()) return true;
      if (turns++ % 100 == 0) Type("\x03");
      return false;
    }));
  }
  // A shell of the same program, too.
  Type("exec env PS1='other> ' bash --norc\n");
  ASSERT_TRUE(replaced(true)) << Output();
  ASSERT_TRUE(Until([&] { return last_[kTab].shell_replaced(); })) << "it is told";
  EXPECT_TRUE(terminal().Status().command_runs());
  Type("sleep 1000\n");
  EXPECT_TRUE(replaced(false)) << "something runs there";
  Type("\x03");
  EXPECT_TRUE(replaced(true));
  // A program in the shell's place is at work, whatever it waits for.
  Type("exec bash -c 'while :; do read -t 0.1 line; done'\n");
  EXPECT_TRUE(replaced(false));
}

TEST_F(HostTest, R29AStormOfSizesIsClampedAndCoalesced) {
  Create({"/bin/bash", "-c", "trap 'echo W' WINCH; echo ready; while :; do read -t 0.01 x; done"});
  ASSERT_TRUE(Says("ready"));
  const absl::Duration begin = loop_->Monotonic();
  int sent = 0;
  ASSERT_TRUE(Until([&] {
    for (int i = 0; i < 20; ++i, ++sent) {
      EXPECT_TRUE(host_->Resize(kTab, kAnn, {20 + sent % 200, 10 + sent % 30}).ok());
    }
    return loop_->Monotonic() - begin > absl::Milliseconds(500);
  }));
  ASSERT_TRUE(host_->Resize(kTab, kAnn, {65535, 65535}).ok());
  ASSERT_TRUE(Until([&] { return terminal().Status().size().columns() == limits::kMaxColumns; }));
  EXPECT_EQ(terminal().Status().size().rows(), limits::kMaxRows);
  const double seconds = absl::ToDoubleSeconds(loop_->Monotonic() - begin);
  int marks = 0;
  for (auto mark = terminal().log().NextMark(-1); mark;
       mark = terminal().log().NextMark(mark->offset)) {
    ++marks;
  }
  EXPECT_GT(sent, 1000);
  EXPECT_LE(statuses_, 60 * seconds + 10);
  EXPECT_LE(marks, 60 * seconds + 10);
  ASSERT_TRUE(host_->Resize(kTab, kAnn, {-5, 0}).ok());
  EXPECT_TRUE(Until([&] { return terminal().Status().size().columns() == limits::kMinColumns; }));
  EXPECT_EQ(terminal().Status().size().rows(), 1);
}

TEST_F(HostTest, R5TheNextProcessReadsTheLastScreenOfWhatWasLost) {
  Create({"/bin/sh", "-c",
          "head -c 3000000 /dev/zero | tr '\\0' x | fold -w 79; echo; echo the end; cat"});
  ASSERT_TRUE(Says("the end\r\n"));
  EXPECT_GT(terminal().log().end(), 3000000);
  const std::string before = Screen(100);
  EXPECT_THAT(before, HasSubstr("the end"));
  // What a kill leaves behind: the log as it is.
  const std::string kept = directory_ + "-kept";
  std::filesystem::copy(directory_, kept);
  host_.reset();
  std::filesystem::remove_all(directory_);
  std::filesystem::rename(kept, directory_);
  StartHost("two");
  ASSERT_NE(host_->Find(kTab), nullptr);
  EXPECT_EQ(terminal().Status().state(), atrium::v1::Tab::LOST);
  EXPECT_EQ(Screen(100), before);
  const auto inventory = host_->Inventory();
  EXPECT_EQ(inventory.incarnation(), "two");
  ASSERT_EQ(inventory.terminals_size(), 1);
  EXPECT_EQ(inventory.terminals(0).state(), atrium::v1::Tab::LOST);
}

TEST_F(HostTest, S7_R18_S9AFloodOfQuestionsWhoseAnswersNobodyReadsTakesNoMemoryAndNoKeys) {
  Create({"/bin/bash", "-c",
          "stty raw -echo; echo ready; yes \"$(printf '\\033[c%.0s' {1..20})\" | head -c 6000000; "
          "echo over; read -r -n 1 -t 20 key; stty cooked; echo first=$(printf %q \"$key\")"});
  size_t most = 0;
  ASSERT_TRUE(Until([&] {
    most = std::max(most, terminal().pending_input_bytes());
    return terminal().log().end() > 6000000;
  }));
  EXPECT_GT(most, 0u) << "it was answered";
  EXPECT_LE(most, limits::kPendingReplyBytes);
  EXPECT_TRUE(Says("first=")) << "what was answered is read in the end";
}

TEST_F(HostTest, S9AQuestionIsAnsweredOnceAndTheAnswersOfOnePieceInOrder) {
  Create({"/bin/bash", "-c",
          "stty raw -echo; printf '\\033[5n\\033[c\\033[3;4H\\033[6n'; "
          "IFS= read -r -d R -t 20 all; printf 'heard:%q:' \"$all\"; read end"});
  ASSERT_TRUE(Says("heard:"));
  EXPECT_TRUE(Says(R"($'\E[0n\E[?1;2c\E[3;4')")) << Output();
}

TEST_F(HostTest, N7ALosslessReaderHoldsTheProgramUntilItIsLetGo) {
  Create({"/bin/sh", "-c", "head -c 8000000 /dev/zero | tr '\\0' x; echo the end"});
  terminal().SetHold(kAnn, 0, nullptr);
  ASSERT_TRUE(Until([&] { return terminal().log().end() > limits::kLosslessLagBytes; }));
  const int64_t held = terminal().log().end();
  EXPECT_LE(held, limits::kLosslessLagBytes + static_cast<int64_t>(limits::kReadBytes));
  const absl::Duration begin = loop_->Monotonic();
  ASSERT_TRUE(Until([&] { return loop_->Monotonic() - begin > absl::Milliseconds(200); }));
  EXPECT_EQ(terminal().log().end(), held);
  terminal().SetHold(kAnn, held, nullptr);
  EXPECT_TRUE(Until([&] { return terminal().log().end() > held + limits::kLosslessLagBytes; }));
  terminal().DropHold(kAnn);
  EXPECT_TRUE(Until([&] { return terminal().ended(); }));
  EXPECT_THAT(Output(terminal().log().end() - 20), HasSubstr("the end"));
}

TEST_F(HostTest, T4ARevokedAttachmentIsToldAndCutOff) {
  Create({"/bin/cat"});
  Plan plan;
  plan.add_terminals()->set_tab(kTab);
  host_->Apply(plan);
  EXPECT_THAT(revoked_, testing::ElementsAre(kAnn));
  EXPECT_TRUE(absl::IsPermissionDenied(host_->Input(kTab, kAnn, 1, "x")));
}

TEST_F(HostTest, M3R35ATerminalEndsWithItsPlanAndNothingOfItStays) {
  Create({"/bin/sh", "-c", "echo up; cat"});
  ASSERT_TRUE(Says("up"));
  host_->Leave(this);  // Control may come and go.
  ASSERT_TRUE(host_->TakeOver(this, ++fence_).ok());
  ASSERT_NE(host_->Find(kTab), nullptr);
  host_->Apply({});  // It never planned it, so it waits.
  EXPECT_NE(host_->Find(kTab), nullptr);
  Plan plan;
  plan.add_terminals()->set_tab(kTab);
  host_->Apply(plan);
  host_->Apply({});
  EXPECT_EQ(host_->Find(kTab), nullptr);
  EXPECT_TRUE(std::filesystem::is_empty(directory_));
}

TEST_F(HostTest, R10AnOlderControlDoesNotDriveAnyMore) {
  EXPECT_TRUE(absl::IsFailedPrecondition(host_->TakeOver(this, fence_ - 1)));
}

}  // namespace
}  // namespace atrium::terminal
