// What the terminal process counts, and where that can be read.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>

#include "terminal/figures.h"
#include "tests/support/held_screens.h"
#include "tests/support/host_test.h"
#include "tests/support/program.h"
#include "tests/support/scrape.h"

namespace atrium::terminal {
namespace {

using testing::HasSubstr;
using testing::Not;

class TerminalFiguresTest : public HostTest {
 protected:
  std::string Text() const { return ToPrometheus(host_->figures(), host_->Present()); }
  double Figure(const std::string& name) const {
    return FigureIn("\n" + Text(), "atrium_terminal_" + name);
  }
};

TEST_F(TerminalFiguresTest, X5_N3WhatProgramsReadAndWriteIsCountedAndNothingOfItIsTold) {
  Create({"/bin/sh", "-c", "stty -echo; echo begin; read secret; echo end; read x; exit 3"});
  ASSERT_TRUE(Says("begin\r\n"));
  EXPECT_EQ(Figure("terminals{state=\"RUNNING\"}"), 1);
  EXPECT_EQ(Figure("attachments"), 3);
  Type("hush\n");
  ASSERT_TRUE(Says("end\r\n"));
  EXPECT_EQ(Figure("input_bytes_total"), 5);
  EXPECT_EQ(Figure("output_bytes_total"), static_cast<double>(terminal().log().end()));
  // Somebody else drives.
  plan_.mutable_terminals(0)->set_driver("sessions/main/participants/bob");
  host_->Apply(plan_);
  Type("no\n");
  EXPECT_EQ(Figure("input_dropped_total"), 1);
  EXPECT_EQ(Figure("input_bytes_total"), 5);
  plan_.mutable_terminals(0)->clear_driver();
  host_->Apply(plan_);
  Type("\n");
  ASSERT_TRUE(Until([&] { return terminal().ended(); }));
  EXPECT_EQ(Figure("terminals{state=\"RUNNING\"}"), 0);
  EXPECT_EQ(Figure("terminals{state=\"EXITED\"}"), 1);
  ASSERT_TRUE(Until([&] { return Figure("screen_lag_bytes") == 0; }));
  for (const char* word : {"hush", "begin", "ann", "main"})
    EXPECT_THAT(Text(), Not(HasSubstr(word)));
}

TEST_F(TerminalFiguresTest, X5_N3CommandsAreCounted) {
  Create({});
  for (const char* id : {"one", "two"}) {
    bool ended = false;
    RunAtPrompt("true", id, [&](auto) { ended = true; });
    ASSERT_TRUE(Until([&] { return ended; }));
  }
  EXPECT_EQ(Figure("commands_total"), 2);
}

TEST_F(TerminalFiguresTest, X5_N3HowLongProgramsWaitIsCountedByWhoLetsThem) {
  HeldScreens busy(&screens_);
  Create({"/bin/sh", "-c", "head -c 8000000 /dev/zero | tr '\\0' x; echo the end; read x"});
  ASSERT_TRUE(Until([&] { return Figure("paused{by=\"parser\"}") == 1; }));
  EXPECT_GT(Figure("screen_lag_bytes"), limits::kParserLagBytes);
  EXPECT_EQ(Figure("worst_screen_lag_bytes"), Figure("screen_lag_bytes"));
  const absl::Duration begin = loop_->Monotonic();
  ASSERT_TRUE(Until([&] { return loop_->Monotonic() - begin > absl::Milliseconds(50); }));
  EXPECT_GE(Figure("paused_seconds_total{by=\"parser\"}"), 0.05) << "also while it waits";
  busy.Release();
  terminal().SetHold(kAnn, 0, nullptr);
  ASSERT_TRUE(Until([&] { return Figure("paused{by=\"lossless\"}") == 1; })) << Text();
  EXPECT_GE(Figure("pauses_total{by=\"parser\"}"), 1);
  EXPECT_EQ(Figure("pauses_total{by=\"lossless\"}"), 1);
  const double parser = Figure("paused_seconds_total{by=\"parser\"}");
  EXPECT_GE(parser, 0.05);
  const absl::Duration held = loop_->Monotonic();
  ASSERT_TRUE(Until([&] { return loop_->Monotonic() - held > absl::Milliseconds(50); }));
  EXPECT_EQ(Figure("paused_seconds_total{by=\"parser\"}"), parser);
  EXPECT_EQ(Figure("lossless_ended_total"), 0);
  terminal().DropHold(kAnn);
  ASSERT_TRUE(Says("the end"));
  EXPECT_EQ(Figure("paused{by=\"lossless\"}"), -1);
  EXPECT_GE(Figure("paused_seconds_total{by=\"lossless\"}"), 0.05);
}

// The process itself, by its door.
class TerminalDoorTest : public testing::Test {
 protected:
  TerminalDoorTest() { std::filesystem::create_directories(directory_); }
  ~TerminalDoorTest() override { std::filesystem::remove_all(directory_); }
  std::unique_ptr<Program> Start(const std::string& where) {
    return std::make_unique<Program>(std::vector<std::string>{
        ATRIUM_TERMINAL, "--listen=" + directory_ + "/socket",
        "--state_dir=" + directory_ + "/state", "--admin_listen=" + where});
  }

  const std::string directory_ = testing::TempDir() + "/door-" + RandomId();
  const std::string door_ = directory_ + "/admin";
};

TEST_F(TerminalDoorTest, X5_N3FiguresAreReadAtADoorThatIsOursAlone) {
  const auto program = Start(door_);
  ASSERT_TRUE(program->Says("serving")) << program->text();
  struct stat is = {};
  ASSERT_EQ(stat(door_.c_str(), &is), 0);
  EXPECT_EQ(is.st_mode & 0777, 0600u);
  EXPECT_EQ(is.st_uid, getuid());
  EXPECT_EQ(FigureIn(Scrape(door_), "atrium_terminal_terminals{state=\"RUNNING\"}"), 0);
  EXPECT_THAT(Ask(door_, "GET /healthz HTTP/1.1\r\n\r\n"), HasSubstr("200 OK"));
}

TEST_F(TerminalDoorTest, S1_S5NoOtherSitesPageReadsThemAndASlowVisitorCostsNothing) {
  const std::string port = std::to_string(20000 + getpid() % 20000);
  const auto program = Start("127.0.0.1:" + port);
  ASSERT_TRUE(program->Says("serving")) << program->text();
  const int slow = Knock(port);
  ASSERT_GE(slow, 0);
  ASSERT_EQ(write(slow, "GET /met", 8), 8);
  EXPECT_THAT(Scrape(port), HasSubstr("atrium_terminal_attachments 0\n"));
  EXPECT_THAT(Ask(port, "GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n"), HasSubstr("403"));
  char byte;
  EXPECT_EQ(recv(slow, &byte, 1, 0), 0) << "it is shown out after five seconds";
  close(slow);
}

TEST_F(TerminalDoorTest, R32_X5TheDoorIsThereAfterAnUpgradeAndWhoCameMeanwhileIsAnswered) {
  const auto program = Start(door_);
  ASSERT_TRUE(program->Says("serving")) << program->text();
  for (int upgrades = 0; upgrades < 2; ++upgrades) {
    ASSERT_EQ(kill(program->pid(), SIGUSR2), 0);
    // Nobody is turned away in between.
    for (int i = 0; i < 50; ++i) {
      const int visit = Knock(door_);
      ASSERT_GE(visit, 0) << program->text();
      close(visit);
    }
    ASSERT_TRUE(program->Says("serving")) << program->text();
    EXPECT_THAT(program->text(), HasSubstr("took over from the program before"));
    EXPECT_THAT(Scrape(door_), HasSubstr("atrium_terminal_output_bytes_total 0\n"));
  }
}

TEST_F(TerminalDoorTest, X5ADoorThatCannotBeIsSaidAtTheStart) {
  const auto program = Start("0.0.0.0:9");
  EXPECT_NE(program->End(), 0);
  EXPECT_THAT(program->text(), HasSubstr("--admin_listen"));
}

}  // namespace
}  // namespace atrium::terminal
