// S16: what a program in a tab may not ask of the kernel, tried from inside.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "tests/support/host_test.h"

namespace atrium::terminal {
namespace {

using testing::HasSubstr;

// Refused in every profile, and in the confining ones.
const std::set<std::string> kAlways = {
    "TIOCSTI", "TIOCSTI-high", "TIOCLINUX", "TIOCLINUX-high", "bpf", "keyctl", "add_key",
    "request_key", "userfaultfd", "perf_event_open", "TIOCSTI-32", "bpf-32", "keyctl-32",
    "userfaultfd-32"};
const std::set<std::string> kConfined = {"ptrace", "process_vm_readv", "process_vm_writev",
                                         "pidfd_getfd", "ptrace-32", "process_vm_readv-32"};
constexpr char kReady[] = "grep -E 'NoNewPrivs|Seccomp:' /proc/self/status; ";

class FilterTest : public HostTest {
 protected:
  // Where whoever the shell is finds the probe.
  FilterTest() : probe_(home_ + "/probe") {
    std::filesystem::copy_file(ATRIUM_PROBE, probe_);
    chmod(home_.c_str(), 0755);
    chmod(probe_.c_str(), 0755);
  }
  // Runs the probe by a shell in a tab; what the kernel answered to each try.
  std::map<std::string, int> Probe(atrium::v1::ShellProfile profile) {
    Create({"/bin/bash", "-c", kReady + probe_}, {}, profile);
    EXPECT_TRUE(Says("probed\r\n")) << Output();
    std::map<std::string, int> answers;
    for (const std::string& line : std::vector<std::string>(absl::StrSplit(Output(), "\r\n"))) {
      const std::vector<std::string> words = absl::StrSplit(line, ' ');
      int error = 0;
      if (words.size() == 2 && absl::SimpleAtoi(words[1], &error)) answers[words[0]] = error;
    }
    return answers;
  }
  void AsUser(const std::string& user) {
    host_.reset();
    host_ = std::make_unique<Host>(
        loop_.get(), &screens_, *ShellMaker::ForUser(user, home_ + "/zsh"),
        Host::Options{.log_directory = directory_, .incarnation = "two"});
    ASSERT_TRUE(host_->TakeOver(this, ++fence_).ok());
  }
  using Answers = std::map<std::string, int>;
  // -1: it was not tried, as another machine's ABI.
  static int Answer(const Answers& answers, const std::string& name) {
    auto it = answers.find(name);
    return it == answers.end() ? -1 : it->second;
  }
  static void ExpectRefused(const Answers& answers, const std::set<std::string>& names) {
    EXPECT_GT(answers.size(), 15u);
    for (const std::string& name : names) {
      const int error = Answer(answers, name);
      if (error < 0 && name.ends_with("-32")) continue;
      EXPECT_EQ(error, EPERM) << name;
    }
  }
  static void ExpectX32IsUnknown(const Answers& answers) {
#ifdef __x86_64__
    EXPECT_GE(Answer(answers, "bpf-x32"), 0) << "was not tried";
#endif
    for (const auto& [name, error] : answers) {
      if (name.find("-x32") == std::string::npos) continue;
      EXPECT_EQ(error, ENOSYS) << name;
    }
  }

  const std::string probe_;
};

TEST_F(FilterTest, S16AStandardShellOfRootTypesIntoNoTerminalAndDebugsWhatItStarts) {
  if (!SyscallFilters::HasAdminCapability()) GTEST_SKIP() << "needs CAP_SYS_ADMIN";
  const auto answers = Probe(atrium::v1::STANDARD);
  EXPECT_THAT(Output(), HasSubstr("NoNewPrivs:\t0"));
  ExpectRefused(answers, kAlways);
  for (const std::string& name : kConfined) EXPECT_NE(Answer(answers, name), EPERM) << name;
  EXPECT_EQ(answers.at("TIOCGWINSZ"), 0) << "what has nothing to do with it";
  EXPECT_EQ(answers.at("ptrace"), 0);
  ExpectX32IsUnknown(answers);
}

TEST_F(FilterTest, S16AConfinedShellLooksIntoNoProcessEither) {
  const auto answers = Probe(atrium::v1::NO_NEW_PRIVILEGES);
  EXPECT_THAT(Output(), HasSubstr("NoNewPrivs:\t1"));
  EXPECT_THAT(Output(), HasSubstr("Seccomp:\t2"));
  ExpectRefused(answers, kAlways);
  ExpectRefused(answers, kConfined);
  EXPECT_EQ(answers.at("TIOCGWINSZ"), 0);
  ExpectX32IsUnknown(answers);
}

// The filter outlives the change of user and a program that gains rights, and lets it
// gain them: sudo works, and what it starts is filtered too.
TEST_F(FilterTest, S16AnotherUsersShellGainsRightsBySetuidButNotThese) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  AsUser("nobody");
  chmod(probe_.c_str(), 04755);
  const auto answers = Probe(atrium::v1::STANDARD);
  EXPECT_THAT(Output(), HasSubstr("NoNewPrivs:\t0"));
  EXPECT_EQ(answers.at("user"), 0) << "as sudo would be";
  ExpectRefused(answers, kAlways);
}

TEST_F(FilterTest, S16WithoutTheCapabilityOnlyConfinedShellsAreFiltered) {
  const SyscallFilters filters = SyscallFilters::Make(false);
  const auto standard = filters.For(atrium::v1::STANDARD);
  ASSERT_TRUE(standard.ok());
  EXPECT_EQ(*standard, nullptr) << "or sudo would not work";
  for (const auto profile : {atrium::v1::NO_NEW_PRIVILEGES, atrium::v1::ISOLATED}) {
    const auto confined = filters.For(profile);
    ASSERT_TRUE(confined.ok()) << confined.status();
    EXPECT_NE(*confined, nullptr);
  }
}

}  // namespace
}  // namespace atrium::terminal
