#include "control/agent/tool_list.h"

namespace atrium::control {

using atrium::v1::CommandPolicy;

namespace {

struct Row {
  const char* name;
  const char* description;
  CommandPolicy::Action default_action = CommandPolicy::ALLOW;
  bool may_be_allowed = true;
  bool needs_sight = false;
};

// What reaches a terminal is never the agent's own decision (S12), and a screen is
// shown by a person's click alone (L17). What ends a shell asks, as nobody brings it back.
constexpr Row kRows[] = {
    {"list_tabs", "Lists the terminal tabs in order."},
    {"open_tab", "Opens a terminal tab."},
    {"close_tab", "Closes a terminal tab and ends its shell, once a person has approved it.",
     CommandPolicy::ASK},
    {"rename_tab", "Gives a terminal tab a title."},
    {"read_tab", "Reads the last lines that a terminal tab shows."},
    {"run_command",
     "Proposes a shell command. It runs only once a person has approved it; the answer then holds "
     "its exit code and output. Without a tab it gets a new one.",
     CommandPolicy::ASK, false},
    {"list_files", "Lists a folder of the session's working directory."},
    {"read_file", "Reads a text file of the session's working directory.", CommandPolicy::ASK},
    {"type_text", "Proposes to type text in a terminal tab, once a person has approved it.",
     CommandPolicy::ASK, false},
    {"look_at_screen",
     "Takes a fresh picture of a screen that somebody shows to you; it is attached to the talk.",
     CommandPolicy::ALLOW, true, true},
    {"ask_for_screen",
     "Asks the people to show you a screen, and says why. One of them decides, and picks which.",
     CommandPolicy::ASK, false, true},
};

}  // namespace

ToolList OwnTools(bool sees) {
  ToolList tools;
  for (const Row& row : kRows) {
    if (row.needs_sight && !sees) continue;
    auto* tool = tools.Add();
    tool->set_name(row.name);
    tool->set_description(row.description);
    tool->set_default_action(row.default_action);
    tool->set_may_be_allowed(row.may_be_allowed);
  }
  return tools;
}

const atrium::v1::Conversation::Tool* FindTool(const ToolList& tools, const std::string& name) {
  for (const auto& tool : tools) {
    if (tool.name() == name) return &tool;
  }
  return nullptr;
}

}  // namespace atrium::control
