#include "control/agent/offline/commands.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/str_cat.h"

namespace atrium::agent {
namespace {

constexpr char kNotUnderstood[] = "I did not understand that. Say: computer, what can you do.";

using nlohmann::json;

const std::vector<std::string> kNumbers = {"one", "two",   "three", "four", "five",
                                           "six", "seven", "eight", "nine", "ten"};
// Titles that a tab can be given by voice.
const std::vector<std::string> kTitles = {"build", "server", "tests",    "logs",
                                          "editor", "shell",  "database", "scratch"};

// Phrases that stand for a shell command.
const std::vector<std::pair<std::string, std::string>>& ShellPhrases() {
  static const std::vector<std::pair<std::string, std::string>> kPhrases = {
      {"run the tests", "make test"},
      {"run the build", "make"},
      {"clean the build", "make clean"},
      {"git status", "git status"},
      {"git log", "git log --oneline -10"},
      {"git diff", "git diff --stat"},
      {"list files", "ls"},
      {"list all files", "ls -la"},
      {"show the current directory", "pwd"},
      {"where am i", "pwd"},
      {"show disk usage", "df -h"},
      {"show memory usage", "free -h"},
      {"show the processes", "ps aux"},
      {"show the date", "date"}};
  return kPhrases;
}

const std::vector<std::string> kTime = {"what time is it", "tell me the time"};
const std::vector<std::string> kList = {"list the tabs", "which tabs are open"};
const std::vector<std::string> kOpen = {"open a new tab", "open a tab", "new tab"};
const std::vector<std::string> kHelp = {"help", "what can you do"};

bool Is(const std::vector<std::string>& phrases, const std::string& words) {
  return std::find(phrases.begin(), phrases.end(), words) != phrases.end();
}

// Lower case, one blank between words, no punctuation.
std::string Words(const std::string& text) {
  std::string out;
  for (char c : absl::AsciiStrToLower(text)) {
    const bool word = absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '\'' || (c & 0x80);
    if (word) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

bool Strip(std::string* words, const std::string& prefix) {
  if (!absl::StartsWith(*words, prefix + " ") && *words != prefix) return false;
  *words = words->size() > prefix.size() ? words->substr(prefix.size() + 1) : "";
  return true;
}

std::string Plural(size_t count, const char* one, const char* many) {
  return StrCat(count, " ", count == 1 ? one : many);
}

}  // namespace

std::string Commands::Grammar(const std::function<bool(const std::string&)>& knows) const {
  std::vector<std::string> tabs;
  for (const std::string& number : kNumbers) tabs.push_back("tab " + number);
  for (const std::string& title : tabs_) {
    const std::string words = Words(title);
    std::vector<std::string> parts = absl::StrSplit(words, ' ', absl::SkipEmpty());
    if (!parts.empty() && parts.size() <= 4 && std::all_of(parts.begin(), parts.end(), knows)) {
      tabs.push_back(words);
    }
  }
  std::vector<std::string> shell;
  for (const auto& [phrase, command] : ShellPhrases()) shell.push_back(phrase);
  const auto any = [](const std::vector<std::string>& of) { return absl::StrJoin(of, " | "); };
  return StrCat("#JSGF V1.0;\ngrammar atrium;\n<tab> = ", any(tabs), ";\n<title> = ", any(kTitles),
                ";\n<shell> = (", any(shell), ") [in <tab>];\n<ask> = ", any(kTime), " | ",
                any(kList), " | ", any(kOpen), " | ", any(kHelp),
                ";\n<act> = close <tab> | rename <tab> to <title> | open a tab called <title> | "
                "read the last line of <tab> | read the last lines of <tab>;\n"
                "public <command> = (computer | okay computer) (<ask> | <act> | <shell>) [please];\n");
}

std::string Commands::TabOf(const std::string& words) const {
  for (const std::string& title : tabs_) {
    if (Words(title) == words) return title;
  }
  std::string rest = words;
  Strip(&rest, "tab");
  for (size_t i = 0; i < kNumbers.size() && i < tabs_.size(); ++i) {
    if (rest == kNumbers[i] || rest == StrCat(i + 1)) return tabs_[i];
  }
  return "";
}

std::optional<Act> Commands::Spoken(const std::string& text, absl::Time now) const {
  std::string words = Words(text);
  Strip(&words, "okay");
  if (!Strip(&words, "computer")) return std::nullopt;
  if (absl::EndsWith(words, " please")) words.resize(words.size() - 7);
  return Understand(words, now).value_or(Act{.say = kNotUnderstood});
}

std::optional<Act> Commands::Spoken(const Heard& heard, absl::Time now) const {
  std::optional<Act> act = Spoken(heard.text, now);
  if (heard.other.empty() || act == Spoken(heard.other, now)) return act;
  std::string one = heard.text, other = heard.other;
  Strip(&one, kWakeWord);
  Strip(&other, kWakeWord);
  return Act{.say = StrCat("Did you mean: ", one, ", or: ", other, "? Say it once more.")};
}

Act Commands::Typed(const std::string& text, absl::Time now) const {
  std::string words = Words(text);
  Strip(&words, "okay");
  Strip(&words, "computer");
  if (absl::EndsWith(words, " please")) words.resize(words.size() - 7);
  if (auto act = Understand(words, now)) return *act;
  // "run COMMAND" and "run COMMAND in TAB", exactly as typed.
  const std::string lower = absl::AsciiStrToLower(text);
  const size_t run = lower.find("run ");
  if (run != std::string::npos) {
    std::string command(absl::StripAsciiWhitespace(text.substr(run + 4)));
    json arguments = {{"command", command}};
    const size_t in = command.rfind(" in ");
    if (in != std::string::npos && !TabOf(Words(command.substr(in + 4))).empty()) {
      arguments = {{"command", command.substr(0, in)}, {"tab", TabOf(Words(command.substr(in + 4)))}};
    }
    if (!command.empty()) return {.tool = "run_command", .arguments = arguments.dump()};
  }
  return {.say = kNotUnderstood};
}

std::optional<Act> Commands::Understand(const std::string& said, absl::Time now) const {
  if (Is(kTime, said)) {
    return Act{.say = "It is " + absl::FormatTime("%-I:%M %p", now, absl::LocalTimeZone()) + "."};
  }
  if (Is(kHelp, said)) {
    return Act{.say =
                   "I can tell the time, list, open and rename tabs, read the last lines of a tab, "
                   "and close tabs and run commands once somebody approves."};
  }
  if (Is(kList, said)) return Act{.tool = "list_tabs", .arguments = "{}"};
  if (Is(kOpen, said)) return Act{.tool = "open_tab", .arguments = "{}"};
  std::string words = said;
  if (Strip(&words, "open a tab called")) {
    return Act{.tool = "open_tab", .arguments = json{{"title", words}}.dump()};
  }
  const auto with_tab = [this](const std::string& tool, const std::string& ref, json more) -> Act {
    const std::string title = TabOf(ref);
    if (title.empty()) return {.say = "There is no tab " + ref + "."};
    more["tab"] = title;
    return {.tool = tool, .arguments = more.dump()};
  };
  if (Strip(&words, "close")) return with_tab("close_tab", words, json::object());
  if (Strip(&words, "read the last line of")) return with_tab("read_tab", words, {{"lines", 1}});
  if (Strip(&words, "read the last lines of")) return with_tab("read_tab", words, {{"lines", 5}});
  if (Strip(&words, "rename")) {
    const size_t to = words.rfind(" to ");
    if (to == std::string::npos) return std::nullopt;
    return with_tab("rename_tab", words.substr(0, to), {{"title", words.substr(to + 4)}});
  }
  for (const auto& [phrase, command] : ShellPhrases()) {
    if (words == phrase) {
      return Act{.tool = "run_command", .arguments = json{{"command", command}}.dump()};
    }
    if (absl::StartsWith(words, phrase + " in ")) {
      return with_tab("run_command", words.substr(phrase.size() + 4), {{"command", command}});
    }
  }
  return std::nullopt;
}

std::string Commands::Report(const std::string& tool, const std::string& arguments,
                             const std::string& output) const {
  const json answer = json::parse(output, nullptr, false);
  if (!answer.is_object()) return "Done.";
  if (answer.contains("error")) return answer.value("error", "That did not work.") + ".";
  if (answer.contains("status") && answer["status"] == "awaiting_approval") {
    return "Somebody has to approve that.";
  }
  if (tool == "list_tabs") {
    const auto titles = answer.value("tabs", std::vector<std::string>());
    if (titles.empty()) return "There are no tabs.";
    return StrCat("There ", titles.size() == 1 ? "is " : "are ", Plural(titles.size(), "tab", "tabs"),
                  ": ", absl::StrJoin(titles, ", "), ".");
  }
  if (tool == "open_tab") return "I opened " + answer.value("opened", "a tab") + ".";
  if (tool == "close_tab") return "I closed " + answer.value("closed", "it") + ".";
  if (tool == "rename_tab") return "It is called " + answer.value("renamed", "that") + " now.";
  const std::string text = answer.value("untrusted_terminal_text", "");
  if (tool == "read_tab") return text.empty() ? "It shows nothing." : "It says: " + text;
  // "exit code N" and the output; its last lines are worth hearing.
  std::vector<std::string> lines = absl::StrSplit(text, '\n', absl::SkipWhitespace());
  std::string report = lines.empty() ? "Done" : lines.front();
  for (size_t i = lines.size() > 4 ? lines.size() - 3 : 1; i < lines.size(); ++i) {
    StrAppend(&report, ". ", lines[i]);
  }
  return report + ".";
}

}  // namespace atrium::agent
