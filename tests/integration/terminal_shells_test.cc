// What the real shells say of their prompts and commands.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "absl/strings/str_split.h"
#include "terminal/limits.h"
#include "tests/support/host_test.h"

namespace atrium::terminal {
namespace {

using atrium::terminal::v1::RunAtPromptResponse;
using atrium::v1::Command;
using testing::HasSubstr;
using testing::Not;

// With files of the user's own that set what the tests look for.
class ShellsTest : public HostTest, public testing::WithParamInterface<const char*> {
 protected:
  std::string shell() const { return GetParam(); }
  void File(const std::string& name, const std::string& content) {
    const std::filesystem::path path = home_ + "/" + name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << content;
  }
  void StartShell(const std::string& more = "") {
    File(".bashrc", "export OWN=own-rc\nHISTCONTROL=ignorespace\nPS1='b> '\n" + more);
    File(".zshenv", "export OWN_ENV=own-env\n");
    File(".zshrc",
         "export OWN=own-rc\nPS1='z> '\nsetopt hist_ignore_space\n"
         "theme() { PS1='themed> ' }\nprecmd_functions+=(theme)\n" + more);
    File(".config/fish/config.fish",
         "set -gx OWN own-rc\nfunction fish_prompt; echo 'f> '; end\n" + more);
    // Or fish begins by reading all manual pages.
    std::filesystem::create_directories(home_ + "/.local/share/fish/generated_completions");
    Create({shell()}, {{"HOME", home_}});
    ASSERT_TRUE(Until([&] { return terminal().at_idle_prompt(); })) << Output();
  }
  // Runs one command to its end; its exit code.
  int Run(const std::string& command) {
    const std::string id = "run-" + std::to_string(++run_);
    std::optional<absl::StatusOr<RunAtPromptResponse>> ended;
    RunAtPrompt(command, id, [&](auto end) { ended = end; });
    EXPECT_TRUE(Until([&] { return ended.has_value(); })) << command << "\n" << Output();
    if (!ended || !ended->ok()) return -1;
    output_ = Output((*ended)->start_offset(), (*ended)->end_offset());
    return (*ended)->exit_code();
  }
  // Its prompt is known, and commands with it.
  void ExpectWhole(int line) {
    const testing::ScopedTrace trace(__FILE__, line, "expected whole");
    EXPECT_EQ(Run("echo whole; sh -c 'exit 3'"), 3);
    EXPECT_EQ(output_, "whole\r\n");
    EXPECT_EQ(Last().text(), "echo whole; sh -c 'exit 3'");
    EXPECT_EQ(Run("true"), 0);
    EXPECT_EQ(output_, "");
  }
  Command Last() {
    const Command* last = terminal().commands().LastEnded();
    return last == nullptr ? Command() : *last;
  }

  int run_ = 0;
  std::string output_;  // Of the last run.
};

TEST_P(ShellsTest, N7CommandsRunAtThePromptOfEveryShell) {
  StartShell();
  EXPECT_EQ(Run("echo out-1"), 0);
  // Fish says a title first, zsh marks the end of what has no newline.
  EXPECT_THAT(output_, HasSubstr("out-1\r\n"));
  if (shell() == "bash") {
    EXPECT_EQ(output_, "out-1\r\n");
  }
  EXPECT_EQ(Run("sh -c 'echo out-2; exit 7'"), 7);
  EXPECT_THAT(output_, HasSubstr("out-2\r\n"));
  EXPECT_EQ(Run("false"), 1);
  EXPECT_THAT(output_, Not(HasSubstr("out-")));
}

TEST_P(ShellsTest, N7TheTableSaysWhatWasTypedAndHowItEnded) {
  StartShell();
  const std::string text = "printf '%s\\n' \"a;b  %41 \u00fc \u4f60\"; sh -c 'exit 3'";
  EXPECT_EQ(Run(text), 3);
  const Command command = Last();
  EXPECT_EQ(command.number(), 1);
  EXPECT_EQ(command.text(), text);
  EXPECT_EQ(command.exit_code(), 3);
  EXPECT_GT(command.start_time().seconds(), 1600000000);
  EXPECT_TRUE(command.has_duration());
  EXPECT_EQ(Output(command.start_offset(), command.end_offset()), output_);
  EXPECT_THAT(output_, HasSubstr("a;b  %41 \u00fc \u4f60\r\n"));
  ASSERT_EQ(ends_.size(), 1u);
  EXPECT_EQ(ends_[0].exit_code(), 3);
  EXPECT_EQ(ends_[0].command().SerializeAsString(), command.SerializeAsString());
}

TEST_P(ShellsTest, N7AnEmptyLineIsNoCommandAndALongOneIsCut) {
  StartShell();
  EXPECT_EQ(Run(""), 0);
  EXPECT_EQ(terminal().commands().LastEnded(), nullptr);
  const std::string text = "true " + std::string(3 * 4096, 'x');
  EXPECT_EQ(Run(text), 0);
  EXPECT_EQ(Last().text(), text.substr(0, 4096));
}

TEST_P(ShellsTest, N7WhatIsKeptOutOfTheHistoryIsNotNamed) {
  StartShell();
  EXPECT_EQ(Run("echo named"), 0);
  EXPECT_EQ(Run(" echo secret"), 0);
  EXPECT_THAT(output_, HasSubstr("secret"));
  EXPECT_EQ(Last().number(), 2);
  EXPECT_EQ(Last().text(), "");
}

TEST_P(ShellsTest, S23AProgramCannotMakeUpCommands) {
  StartShell();
  const std::string forged =
      "printf '\\033]133;D;0;atrium=x\\033\\\\\\033]133;C;cmdline_url=evil\\033\\\\'";
  Run(forged + "; sleep 0.01; false");
  ASSERT_TRUE(Until([&] { return Last().number() == 1; })) << Output();
  EXPECT_EQ(Last().exit_code(), 1);
  EXPECT_EQ(Last().text(), forged + "; sleep 0.01; false");
  const auto list = *terminal().commands().List({});
  EXPECT_EQ(list.commands_size(), 1);
}

TEST_P(ShellsTest, N7AnotherShellInItsPlaceIsKnownByItsOwnMarks) {
  StartShell();
  Type(
      "exec sh -c 'printf \"\\\\033]133;A\\\\033\\\\\\\\other> \\\\033]133;B\\\\033\\\\\\\\\"; "
      "read x; echo got-$x; read y'\r");
  ASSERT_TRUE(Says("other> "));
  EXPECT_TRUE(Until([&] { return terminal().at_idle_prompt(); })) << Output();
}

// Nor end one that was asked for, nor show a prompt at which the next would be typed.
TEST_P(ShellsTest, S23_N7AProgramCannotEndARunNorFakeAPrompt) {
  StartShell();
  std::optional<absl::StatusOr<RunAtPromptResponse>> first, second;
  RunAtPrompt(
      "printf '\\033]133;D;0\\033\\\\\\033]133;A\\033\\\\\\033]133;B\\033\\\\'; "
      "sh -c 'echo asks; read x; echo got-$x; exit 3'",
      "first", [&](auto end) { first = end; });
  RunAtPrompt("sh -c 'echo second-$((1+1))'", "second", [&](auto end) { second = end; });
  ASSERT_TRUE(Says("asks\r\n")) << Output();
  EXPECT_FALSE(first.has_value());
  Type("answer\r");
  ASSERT_TRUE(Until([&] { return second.has_value(); })) << Output();
  ASSERT_TRUE(first.has_value() && first->ok());
  EXPECT_EQ((*first)->exit_code(), 3);
  EXPECT_THAT(Output(), HasSubstr("got-answer\r\n"));
  EXPECT_THAT(Output((*second)->start_offset(), (*second)->end_offset()), HasSubstr("second-2"));
}

TEST_P(ShellsTest, S23AProgramCannotReadTheKeyOfTheMarks) {
  StartShell();
  EXPECT_EQ(Run("true"), 0);
  std::string key = Output();
  key = key.substr(key.find("atrium=") + 7);
  key = key.substr(0, key.find('\033'));
  ASSERT_EQ(key.size(), 26u);
  Run("sh -c 'env; tr \\\\000 \\\\n < /proc/$PPID/environ; cat 0<&3; ls /proc/self/fd/'");
  EXPECT_THAT(output_, HasSubstr("ATRIUM_TAB="));
  EXPECT_THAT(output_, Not(HasSubstr(key)));
}

TEST_P(ShellsTest, N7TheUsersOwnFilesAreReadAndTheirPromptStays) {
  StartShell();
  Run(shell() == "zsh" ? "echo is:$OWN:$OWN_ENV:$ZDOTDIR:" : "echo is:$OWN:");
  EXPECT_THAT(output_, HasSubstr(shell() == "zsh" ? "is:own-rc:own-env::\r\n" : "is:own-rc:\r\n"));
  const std::string prompt = shell() == "bash" ? "b> " : shell() == "zsh" ? "themed> " : "f> ";
  EXPECT_THAT(Screen(), HasSubstr(prompt));
}

TEST_P(ShellsTest, N7TheWorkingDirectoryIsSaidWhateverItIsCalled) {
  StartShell();
  const std::string odd = std::filesystem::canonical(home_).string() + "/a %41;\u00fc b";
  std::filesystem::create_directories(odd);
  EXPECT_EQ(Run("cd \"" + odd + "\""), 0);
  EXPECT_TRUE(Until([&] { return terminal().Status().working_directory() == odd; }))
      << terminal().Status().working_directory();
}

// What takes a prompt's marks away, by hand or from a file, does so for one prompt at most.
class BashTest : public ShellsTest {};

TEST_P(BashTest, N7APromptThatIsMadeAnewEachTimeIsKnown) {
  StartShell("__p() { PS1='\\w > '; }; PROMPT_COMMAND=__p\n");
  ExpectWhole(__LINE__);
  EXPECT_THAT(Screen(), HasSubstr(" > "));
}

TEST_P(BashTest, N7APromptThatIsMadeByOneOfManyIsKnown) {
  StartShell("__p() { PS1='many> '; }; PROMPT_COMMAND=(true __p 'echo \"\";')\n");
  ExpectWhole(__LINE__);
  EXPECT_EQ(Run("PROMPT_COMMAND+=('last=$?'); false"), 1);
  EXPECT_EQ(Run("(exit 4)"), 4);
  EXPECT_EQ(Run("echo $last ${PROMPT_COMMAND[-1]}"), 0);
  EXPECT_EQ(output_, "4 __atrium_arm\r\n");
  ExpectWhole(__LINE__);
}

TEST_P(BashTest, N7APromptThatIsSetByHandIsKnown) {
  StartShell("PROMPT_COMMAND='asked=$?;'\n");
  EXPECT_EQ(Run("PS1='mine> '"), 0);
  ExpectWhole(__LINE__);
  EXPECT_THAT(Screen(), HasSubstr("mine> "));
  for (const char* command : {"__p() { PS1='anew> '; }; PROMPT_COMMAND=__p", "PROMPT_COMMAND=",
                              "PROMPT_COMMAND=('asked=$?;' \"${PROMPT_COMMAND[@]}\")"}) {
    EXPECT_EQ(Run(std::string(command) + "; sh -c 'exit 5'"), 5) << command;
    ExpectWhole(__LINE__);
  }
  EXPECT_EQ(Run("(exit 4)"), 4);
  EXPECT_EQ(Run("echo $asked"), 0);
  EXPECT_EQ(output_, "4\r\n") << "its own commands see what they saw";
}

TEST_P(BashTest, N7WhatIsShownBeforeACommandIsTheUsers) {
  StartShell();
  EXPECT_EQ(Run("PS0='at \\j\\n'"), 0);
  EXPECT_EQ(Run("echo out; sh -c 'exit 3'"), 3);
  EXPECT_EQ(output_, "out\r\n");
  EXPECT_THAT(Output(), HasSubstr("at 0"));
}

INSTANTIATE_TEST_SUITE_P(Real, BashTest, testing::Values("bash"));

TEST_P(ShellsTest, N7ALineThatTheShellCannotReadIsNoSuccess) {
  if (shell() == "fish") GTEST_SKIP() << "fish leaves it to be mended";
  StartShell();
  EXPECT_EQ(Run("echo )"), shell() == "bash" ? 2 : 1);
  EXPECT_THAT(output_, HasSubstr(shell() == "bash" ? "syntax error" : "parse error"));
  // The next is not typed behind what was refused.
  EXPECT_EQ(Run("sh -c 'echo next; exit 3'"), 3);
  EXPECT_THAT(output_, HasSubstr("next\r\n"));
  EXPECT_EQ(Last().text(), "sh -c 'echo next; exit 3'");
}

TEST_P(ShellsTest, N7AfterAnInterruptItIsAtItsPrompt) {
  StartShell();
  Type("echo half");
  ASSERT_TRUE(Until([&] { return Screen().find("half") != std::string::npos; }));
  EXPECT_FALSE(terminal().at_idle_prompt());
  Type("\x03");
  ASSERT_TRUE(Until([&] { return terminal().at_idle_prompt(); })) << Output();
  EXPECT_EQ(Run("sh -c 'echo next; exit 3'"), 3);
  EXPECT_EQ(Last().text(), "sh -c 'echo next; exit 3'");
}

TEST_P(ShellsTest, N7ALineThatWasNotWholeEndsByAnInterrupt) {
  StartShell();
  std::optional<absl::StatusOr<RunAtPromptResponse>> ended;
  RunAtPrompt("echo \"half", "run", [&](auto end) { ended = end; });
  ASSERT_TRUE(Until([&] { return Screen().find("half") != std::string::npos; }));
  // Once the shell has read it.
  ASSERT_TRUE(Until([&] { return !terminal().at_idle_prompt(); }));
  std::optional<absl::StatusOr<RunAtPromptResponse>> next;
  RunAtPrompt("echo next", "next", [&](auto end) { next = end; });
  const auto again = loop_->After(absl::Seconds(1), [&] { Type("\x03"); });
  ASSERT_TRUE(Until([&] { return next.has_value(); })) << Output();
  ASSERT_TRUE(ended.has_value() && ended->ok());
  EXPECT_NE((*ended)->exit_code(), 0);
  EXPECT_TRUE(next->ok());
}

TEST_P(ShellsTest, N7APromptThatIsDefinedAnewIsKnown) {
  StartShell();
  EXPECT_EQ(Run(shell() == "fish" ? "function fish_prompt; echo 'new> '; end" : "PS1='new> '"), 0);
  EXPECT_EQ(Run("true"), 0);
  EXPECT_EQ(Run("false"), 1);
  if (shell() != "zsh") {
    EXPECT_THAT(Screen(), HasSubstr("new> "));
  }
}

class ZshTest : public ShellsTest {};

TEST_P(ZshTest, N7TheEndOfALineIsNoOutput) {
  StartShell("theme() { PS1=\"%? themed> \" }\n");
  for (const bool percent : {true, false}) {
    EXPECT_EQ(Run("printf 'no newline'; sh -c 'exit 3'"), 3);
    EXPECT_EQ(output_, "no newline");
    EXPECT_EQ(Run("echo; (exit 4)"), 4);
    EXPECT_EQ(output_, "\r\n");
    EXPECT_THAT(Screen(), testing::ContainsRegex(percent ? "no newline[%#] *\n3 themed> " : "no newline~~ *\n3 themed> "))
        << "is what is seen";
    EXPECT_EQ(Run("PROMPT_EOL_MARK='~~'"), 0);
  }
  for (const char* set : {"unsetopt prompt_sp", "setopt prompt_sp", "export PROMPT_EOL_MARK=x"}) {
    EXPECT_EQ(Run(set), 0);
    EXPECT_EQ(Run("echo out; (exit 4)"), 4) << set;
    EXPECT_THAT(output_, testing::StartsWith("out\r\n")) << set;
  }
  EXPECT_EQ(Run("env"), 0);
  EXPECT_THAT(output_, HasSubstr("PROMPT_EOL_MARK=x\r\n"));
}

TEST_P(ZshTest, N7HooksThatAreTakenAwayComeBack) {
  StartShell();
  EXPECT_EQ(Run("preexec_functions=()"), 0);
  EXPECT_EQ(Run("echo out; (exit 4)"), 4);
  EXPECT_EQ(output_, "out\r\n");
  EXPECT_EQ(Last().text(), "echo out; (exit 4)");
}

INSTANTIATE_TEST_SUITE_P(Real, ZshTest, testing::Values("zsh"));

INSTANTIATE_TEST_SUITE_P(Real, ShellsTest, testing::Values("bash", "zsh", "fish"),
                         [](const auto& shell) { return std::string(shell.param); });

}  // namespace
}  // namespace atrium::terminal
