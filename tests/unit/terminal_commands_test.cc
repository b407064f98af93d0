// The table of a terminal's commands, and the scripts that fill it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "terminal/command_table.h"
#include "terminal/limits.h"
#include "terminal/mark_splitter.h"
#include "terminal/shell_scripts.h"

namespace atrium::terminal {
namespace {

using atrium::v1::ListCommandsRequest;
using atrium::v1::ListCommandsResponse;

CommandTable::Moment At(int seconds) {
  return {absl::FromUnixSeconds(1000 + seconds), absl::Seconds(seconds)};
}

ListCommandsRequest Page(int size, const std::string& token = "") {
  ListCommandsRequest request;
  request.set_page_size(size);
  request.set_page_token(token);
  return request;
}

void Fill(CommandTable* table, int commands) {
  for (int i = 1; i <= commands; ++i) {
    table->Start("command " + std::to_string(i), i * 100, At(i));
    table->End(i % 256, i * 100 + 10, At(i));
  }
}

TEST(CommandTableTest, N7ACommandHasItsTextPlaceTimeAndExitCode) {
  CommandTable table;
  EXPECT_EQ(table.LastEnded(), nullptr);
  table.Start("make test", 100, At(5));
  ListCommandsResponse list = *table.List({});
  ASSERT_EQ(list.commands_size(), 1);
  EXPECT_EQ(list.commands(0).end_offset(), 0);
  EXPECT_FALSE(list.commands(0).has_exit_code());
  EXPECT_EQ(table.LastEnded(), nullptr);
  const auto* ended = table.End(2, 250, At(8));
  ASSERT_NE(ended, nullptr);
  EXPECT_EQ(ended->number(), 1);
  EXPECT_EQ(ended->text(), "make test");
  EXPECT_EQ(ended->start_offset(), 100);
  EXPECT_EQ(ended->end_offset(), 250);
  EXPECT_EQ(ended->exit_code(), 2);
  EXPECT_EQ(ended->start_time().seconds(), 1005);
  EXPECT_EQ(ended->duration().seconds(), 3);
  EXPECT_EQ(table.LastEnded(), ended);
}

TEST(CommandTableTest, N7AnEndWithoutABeginningIsNoCommand) {
  CommandTable table;
  EXPECT_EQ(table.End(0, 10, At(1)), nullptr);
  table.Start("a", 20, At(2));
  EXPECT_NE(table.End(0, 30, At(3)), nullptr);
  EXPECT_EQ(table.End(0, 40, At(4)), nullptr);
  EXPECT_EQ(table.List({})->commands_size(), 1);
}

TEST(CommandTableTest, N7OneThatNeverEndedEndsWhereTheNextBegins) {
  CommandTable table;
  table.Start("exec something", 20, At(2));
  table.Start("next", 50, At(7));
  const ListCommandsResponse list = *table.List({});
  ASSERT_EQ(list.commands_size(), 2);
  EXPECT_EQ(list.commands(1).end_offset(), 50);
  EXPECT_FALSE(list.commands(1).has_exit_code());
  EXPECT_EQ(list.commands(0).number(), 2);
}

TEST(CommandTableTest, N7TheNewestThousandAreKeptAndListedPageByPage) {
  CommandTable table;
  Fill(&table, 1500);
  int64_t expected = 1500;
  std::string token;
  int pages = 0;
  do {
    const ListCommandsResponse list = *table.List(Page(170, token));
    for (const auto& command : list.commands()) EXPECT_EQ(command.number(), expected--);
    token = list.next_page_token();
    ++pages;
  } while (!token.empty());
  EXPECT_EQ(expected, 500);
  EXPECT_EQ(pages, 6);
}

TEST(CommandTableTest, N7PagesAreBoundedAndExact) {
  CommandTable table;
  Fill(&table, 300);
  EXPECT_EQ(table.List({})->commands_size(), limits::kCommandsPageDefault);
  EXPECT_EQ(table.List(Page(100000))->commands_size(), limits::kCommandsPageMost);
  EXPECT_EQ(table.List(Page(100, "101"))->commands_size(), 100);
  EXPECT_EQ(table.List(Page(100, "101"))->next_page_token(), "") << "no empty last page";
  EXPECT_EQ(table.List(Page(10, "1"))->commands_size(), 0);
  for (const char* token : {"x", "0", "-5", "99999999999999999999"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(table.List(Page(10, token)).status())) << token;
  }
}

TEST(CommandTableTest, N7APageStaysInItsPlaceWhileCommandsAreAdded) {
  CommandTable table;
  Fill(&table, 10);
  const std::string token = table.List(Page(4))->next_page_token();
  table.Start("new", 5000, At(99));
  EXPECT_EQ(table.List(Page(4, token))->commands(0).number(), 6);
}

TEST(MarkSplitterTest, N7KnowsWhereEachMarkBeginsHoweverTheBytesAreSplit) {
  const std::string text = "out\033\033[m\033]1337;x\a\033]133;D;7;atrium=k\033\\\033]133;A\a$ ";
  const size_t first = text.find("\033]133;D"), second = text.find("\033]133;A");
  for (size_t one = 0; one <= text.size(); ++one) {
    for (size_t two = one; two <= text.size(); ++two) {
      MarkSplitter splitter;
      std::vector<int64_t> begins;
      size_t at = 0;
      for (const std::string& part :
           {text.substr(0, one), text.substr(one, two - one), text.substr(two)}) {
        std::string_view rest = part;
        while (!rest.empty()) {
          const size_t n = splitter.Next(rest);
          at += n;
          if (at == text.find("\033\\") + 2 || at == text.rfind('\a') + 1) {
            begins.push_back(splitter.begin());
          }
          rest.remove_prefix(n);
        }
      }
      ASSERT_THAT(begins, testing::ElementsAre(first, second)) << one << " " << two;
    }
  }
}

TEST(ShellScriptsTest, P12AShellThatWaitsForPeopleNamesNoCommandAndNoScript) {
  using std::string_view_literals::operator""sv;
  for (const auto words : {"bash\0"sv, "-zsh\0"sv, "/bin/sh\0-i\0"sv, "bash\0--norc\0"sv,
                           "/usr/bin/fish\0--login\0"sv, "bash\0+o\0"sv, "dash"sv}) {
    EXPECT_TRUE(IsInteractiveShell(words)) << words;
  }
  for (const auto words :
       {""sv, "\0"sv, "make\0"sv, "ssh\0host\0"sv, "bash\0-c\0make\0"sv, "bash\0-lc\0make\0"sv,
        "/bin/sh\0./train.sh\0"sv, "./bash.sh\0"sv, "fish\0--command=make\0"sv, "python3\0"sv}) {
    EXPECT_FALSE(IsInteractiveShell(words)) << words;
  }
}

TEST(ShellScriptsTest, N7AShellIsKnownByItsProgramAlone) {
  EXPECT_EQ(ShellKindOf("/bin/bash"), ShellKind::kBash);
  EXPECT_EQ(ShellKindOf("zsh"), ShellKind::kZsh);
  EXPECT_EQ(ShellKindOf("/usr/bin/fish"), ShellKind::kFish);
  EXPECT_EQ(ShellKindOf("/bin/sh"), ShellKind::kOther);
  EXPECT_EQ(ShellKindOf("/bash/x"), ShellKind::kOther);
  for (ShellKind kind : {ShellKind::kBash, ShellKind::kZsh, ShellKind::kFish}) {
    const std::string script = ShellScript(kind, "the-key");
    EXPECT_THAT(script, testing::HasSubstr("133;C;cmdline_url="));
    EXPECT_THAT(script, testing::HasSubstr("atrium=the-key"));
    EXPECT_THAT(script, testing::Not(testing::HasSubstr("@KEY@")));
    EXPECT_LT(script.size(), 4096u) << "what a pipe takes at once";
  }
}

}  // namespace
}  // namespace atrium::terminal
