// R30, R35: what runs in a terminal is kept within bounds and leaves nothing behind,
// with cgroups and without.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <signal.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>

#include "terminal/cgroup.h"
#include "terminal/sweep.h"
#include "tests/support/host_test.h"

namespace atrium::terminal {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kOther[] = "sessions/main/tabs/other";
// Doubles until there are 2,047 processes: a fork bomb that ends by itself.
constexpr char kBomb[] =
    "read go; f() { if (( $1 > 0 )); then f $(($1 - 1)) & f $(($1 - 1)) & fi; "
    "sleep 1000; }; f 10; read end";
constexpr char kHog[] =
    "read go; (x=$(head -c 450000000 /dev/zero | tr '\\0' x); echo not-killed ${#x}); read end";

class BoundsTest : public HostTest, public testing::WithParamInterface<bool> {
 protected:
  void SetUp() override {
    const std::string name = GetParam() ? "/bounds-test/" + RandomId() : "";
    if (!name.empty() && !CgroupTree::Open(name + "/try", {}).ok()) {
      GTEST_SKIP() << "no cgroups here";
    }
    host_.reset();
    host_ = std::make_unique<Host>(
        loop_.get(), &screens_, *ShellMaker::ForUser("", home_ + "/zsh"),
        Host::Options{.log_directory = directory_,
                      .incarnation = "two",
                      .bounds = {.processes = 64,
                                 .memory_bytes = 300 << 20,
                                 .all_memory_bytes = 300 << 20,
                                 .cgroup = name}});
    ASSERT_TRUE(host_->TakeOver(this, ++fence_).ok());
  }
  // Creates a terminal and another one beside it.
  void CreateBoth(const char* script) {
    Create({"/bin/bash", "-c", script});
    Plan::Terminal& other = *plan_.add_terminals();
    other.set_tab(kOther);
    other.add_command("/bin/cat");
    const auto result = host_->Apply(plan_);
    ASSERT_EQ(result.problems_size(), 0) << result.problems(0).message();
  }
  bool Ended() {
    return Until([&] { return last_[kTab].state() == atrium::v1::Tab::EXITED; });
  }
  static bool Lives(pid_t pid) { return kill(pid, 0) == 0; }
};
INSTANTIATE_TEST_SUITE_P(R30, BoundsTest, testing::Bool(), [](const auto& with) {
  return with.param ? "WithCgroups" : "WithoutCgroups";
});

TEST_P(BoundsTest, R30AForkBombIsEndedWithItsReasonAndNeighboursAreNot) {
  CreateBoth(kBomb);
  Type("\n");
  const absl::Duration begin = loop_->Monotonic();
  ASSERT_TRUE(Ended());
  const absl::Duration ended = loop_->Monotonic() - begin;
  EXPECT_TRUE(Until([] { return ProcessesOf(kTab).empty(); }));
  std::cerr << "ended after " << ended << ", all gone after " << loop_->Monotonic() - begin << "\n";
  EXPECT_EQ(last_[kTab].exit_code(), 128 + SIGKILL);
  EXPECT_THAT(Output(), HasSubstr("[Ended: more than 64 processes ran in this terminal]"));
  EXPECT_THAT(host_->figures().ended_by_bounds,
              testing::ElementsAre(testing::Pair("processes", 1)));
  EXPECT_THAT(Screen(), HasSubstr("more than 64 processes"));
  EXPECT_TRUE(host_->Find(kOther)->running());
}

TEST_P(BoundsTest, R30_P10WhoUsesTooMuchMemoryIsEndedWithItsReasonAndItIsTold) {
  CreateBoth(kHog);
  Type("\n");
  ASSERT_TRUE(Ended());
  EXPECT_TRUE(Until([] { return ProcessesOf(kTab).empty(); }));
  EXPECT_THAT(Output(), HasSubstr("[Ended: the programs in this terminal used more than 300 MiB"));
  EXPECT_THAT(Output(), Not(HasSubstr("not-killed")));
  EXPECT_THAT(host_->figures().ended_by_bounds, testing::ElementsAre(testing::Pair("memory", 1)));
  EXPECT_TRUE(host_->Find(kOther)->running());
  EXPECT_TRUE(Until([&] { return health_.memory_limit_bytes() > 0 && !health_.memory_alert(); }))
      << "all is well again";
}

TEST_P(BoundsTest, R30WhoStaysWithinTheBoundsIsLeftAlone) {
  CreateBoth("for i in $(seq 50); do sleep 1000 & done; echo up; read end; echo $end");
  ASSERT_TRUE(Says("up"));
  ASSERT_TRUE(Until([] { return ProcessesOf(kTab).size() == 51; }));
  bool looked_twice = false;
  const auto later = loop_->After(absl::Milliseconds(500), [&] { looked_twice = true; });
  ASSERT_TRUE(Until([&] { return looked_twice; }));
  Type("alive\n");
  EXPECT_TRUE(Says("alive\r\nalive"));
  EXPECT_THAT(Output(), Not(HasSubstr("Ended")));
}

TEST_P(BoundsTest, R30_P10WhatAPoolOfWorkersSharesCountsOnce) {
  Create({"python3", "-c",
          "import mmap, os, time\n"
          "shared = mmap.mmap(-1, 100 << 20)\n"
          "for mib in range(100): shared.write(bytes([1]) * (1 << 20))\n"
          "for worker in range(5):\n"
          "  if os.fork() == 0:\n"
          "    sum(shared[at] for at in range(0, len(shared), 4096))\n"
          "    time.sleep(1000)\n"
          "print('up', flush=True)\n"
          "print('alive', input())\n"});
  ASSERT_TRUE(Says("up"));
  bool looked_twice = false;
  ASSERT_TRUE(Until([] { return MemoryOf(ProcessesOf(kTab)) > 600 << 20; }));
  EXPECT_LT(SharedMemoryOf(ProcessesOf(kTab)), 200 << 20);
  const auto later = loop_->After(absl::Milliseconds(800), [&] { looked_twice = true; });
  ASSERT_TRUE(Until([&] { return looked_twice; }));
  Type("still\n");
  EXPECT_TRUE(Says("alive still"));
  EXPECT_THAT(Output(), Not(HasSubstr("Ended")));
  EXPECT_EQ(health_.memory_bytes(), 0) << "nobody was told that memory is short";
}

TEST_P(BoundsTest, R35WhatForkedTwiceAndIgnoresTheHangUpIsGoneAfterTheClose) {
  Create({"/bin/bash", "-c",
          "setsid -f setsid -f bash -c 'trap \"\" HUP TERM INT QUIT; echo job:$$:; "
          "while :; do sleep 1000; done'; read end"});
  ASSERT_TRUE(Says(":\r\n"));
  const std::string said = Output();
  const pid_t job = std::atoi(said.c_str() + said.find("job:") + 4);
  ASSERT_GT(job, 1);
  ASSERT_TRUE(Lives(job));
  const absl::Duration begin = loop_->Monotonic();
  host_->Apply(Plan());
  EXPECT_TRUE(Until([&] { return !Lives(job); }));
  EXPECT_LT(loop_->Monotonic() - begin, absl::Seconds(5));
}

TEST_P(BoundsTest, R35NothingOutlivesTheProcessWhereThereAreGroups) {
  if (!GetParam()) GTEST_SKIP() << "the kernel's hang-up is all there is";
  CreateBoth("trap '' HUP TERM; setsid -f sleep 1000; echo job:$$:; while :; do sleep 1000; done");
  ASSERT_TRUE(Says(":\r\n"));
  const std::string said = Output();
  const pid_t job = std::atoi(said.c_str() + said.find("job:") + 4);
  host_.reset();
  EXPECT_TRUE(Until([&] { return ProcessesOf(kTab).empty(); }));
  EXPECT_TRUE(Until([&] { return waitpid(job, nullptr, WNOHANG) != 0 || !Lives(job); }));
}

// Only a group finds what has another environment.
TEST_P(BoundsTest, R35AGroupAlsoEndsWhatHidItsEnvironment) {
  if (!GetParam()) GTEST_SKIP() << "without groups it is not found";
  Create({"/bin/bash", "-c",
          "setsid -f env -i bash -c 'trap \"\" HUP TERM; echo job:$$:; while :; do sleep 1000; "
          "done'; read end"});
  ASSERT_TRUE(Says(":\r\n"));
  const std::string said = Output();
  const pid_t job = std::atoi(said.c_str() + said.find("job:") + 4);
  ASSERT_TRUE(Lives(job));
  host_->Apply(Plan());
  EXPECT_TRUE(Until([&] { return !Lives(job); }));
}

TEST(CgroupTest, R35TheNextRunEndsWhatTheOneBeforeLeft) {
  const std::string name = "/cgroup-test/" + RandomId();
  auto before = CgroupTree::Open(name, {});
  if (!before.ok()) GTEST_SKIP() << before.status();
  auto kept = (*before)->Make("kept"), left = (*before)->Make("left");
  ASSERT_TRUE(kept.ok() && left.ok());
  pid_t pids[2];
  for (int i = 0; i < 2; ++i) {
    const int entrance = (i == 0 ? *kept : *left)->entrance();
    pids[i] = fork();
    if (pids[i] == 0) {
      if (write(entrance, "0", 1) != 1) _exit(1);
      for (;;) pause();
    }
    while ((i == 0 ? *kept : *left)->Members().empty()) {
    }
  }
  auto after = CgroupTree::Open(name, {});
  ASSERT_TRUE(after.ok());
  (*after)->EndAllBut({"kept"});
  int status = 0;
  EXPECT_EQ(waitpid(pids[1], &status, 0), pids[1]);
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  EXPECT_EQ(kill(pids[0], 0), 0);
  ASSERT_TRUE((*kept)->Kill().ok());
  EXPECT_EQ(waitpid(pids[0], &status, 0), pids[0]);
  EXPECT_TRUE((*kept)->Remove() && (*left)->Remove());
}

// What the kernel would show, as plain files.
class CgroupFilesTest : public testing::Test {
 protected:
  CgroupFilesTest() {
    std::filesystem::create_directories(base_ + "/user/atrium.a.sock");
    Put("/mounts", "tmpfs /tmp tmpfs rw 0 0\ncgroup2 " + base_ + " cgroup2 rw,nosuid 0 0\n");
    Put("/own", "4:memory:/x\n0::/user\n");
    Put("/user/cgroup.controllers", "cpu pids memory\n");
    Put("/user/cgroup.subtree_control", "memory\n");
    Put("/user/atrium.a.sock/cgroup.subtree_control", "");
    Put("/user/atrium.a.sock/cgroup.kill", "");
  }
  ~CgroupFilesTest() override { std::filesystem::remove_all(base_); }
  void Put(const std::string& path, const std::string& text) {
    std::ofstream(base_ + path) << text;
  }
  std::string Get(const std::string& path) {
    std::ifstream in(base_ + "/user/atrium.a.sock" + path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  auto Open() {
    return CgroupTree::Open("/a.sock", {.processes = 7, .memory_bytes = 4096},
                            {base_ + "/mounts", base_ + "/own"});
  }
  const std::string base_ = testing::TempDir() + "/cgroups-" + RandomId();
};

TEST_F(CgroupFilesTest, R30TheKernelIsToldTheBoundsWhereItCanKeepThem) {
  auto tree = Open();
  ASSERT_TRUE(tree.ok()) << tree.status();
  EXPECT_TRUE((*tree)->keeps_processes());
  EXPECT_TRUE((*tree)->keeps_memory());
  auto group = (*tree)->Make("sessions/main/tabs/t");
  ASSERT_TRUE(group.ok()) << group.status();
  EXPECT_EQ(Get("/sessions.main.tabs.t/pids.max"), "7");
  EXPECT_EQ(Get("/sessions.main.tabs.t/memory.max"), "4096");
  EXPECT_EQ(Get("/sessions.main.tabs.t/memory.oom.group"), "1");
  EXPECT_FALSE((*group)->WasRefusedProcesses());
  EXPECT_FALSE((*group)->RanOutOfMemory());
  Put("/user/atrium.a.sock/sessions.main.tabs.t/pids.events", "max 3\n");
  Put("/user/atrium.a.sock/sessions.main.tabs.t/memory.events", "low 0\nmax 9\noom_kill 1\n");
  EXPECT_TRUE((*group)->WasRefusedProcesses());
  EXPECT_TRUE((*group)->RanOutOfMemory());
  EXPECT_EQ((*group)->MemoryBytes(), std::nullopt) << "without the controller it is not counted";
  Put("/user/atrium.a.sock/sessions.main.tabs.t/memory.current", "9000\n");
  Put("/user/atrium.a.sock/sessions.main.tabs.t/memory.stat",
      "anon 4000\nfile 4500\ninactive_file 1000\nactive_file 3000\nshmem 500\n");
  EXPECT_EQ((*group)->MemoryBytes(), 5000) << "what is only read again counts for nothing";
  EXPECT_EQ(write((*group)->entrance(), "0", 1), 1);
  EXPECT_EQ(Get("/sessions.main.tabs.t/cgroup.procs"), "0");
  ASSERT_TRUE((*group)->Kill().ok());
  EXPECT_EQ(Get("/sessions.main.tabs.t/cgroup.kill"), "1");
}

TEST_F(CgroupFilesTest, R30AControllerThatIsNotOfferedIsNotReliedUpon) {
  Put("/user/cgroup.controllers", "cpu memory\n");
  auto tree = Open();
  ASSERT_TRUE(tree.ok()) << tree.status();
  EXPECT_FALSE((*tree)->keeps_processes());
  EXPECT_TRUE((*tree)->keeps_memory());
}

TEST_F(CgroupFilesTest, R30WithoutARightToMakeGroupsItIsSaidWhy) {
  Put("/mounts", "tmpfs /tmp tmpfs rw 0 0\n");
  EXPECT_THAT(std::string(Open().status().message()), HasSubstr("no cgroup2"));
  std::filesystem::remove(base_ + "/user/atrium.a.sock/cgroup.kill");
  Put("/mounts", "cgroup2 " + base_ + " cgroup2 rw 0 0\n");
  EXPECT_THAT(std::string(Open().status().message()), HasSubstr("cgroup.kill"));
}

}  // namespace
}  // namespace atrium::terminal
