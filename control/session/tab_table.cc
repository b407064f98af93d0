#include "control/session/tab_table.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "common/text.h"
#include "control/limits.h"

namespace atrium::control {

using atrium::terminal::v1::TerminalStatus;
using atrium::v1::Tab;

TabTable::Record* TabTable::Find(const std::string& name) {
  auto it = records_.find(name);
  return it == records_.end() ? nullptr : &it->second;
}

void TabTable::Load(Record record) {
  const std::string name = record.tab().name();
  records_[name] = std::move(record);
}

std::vector<TabTable::Record*> TabTable::InOrder() {
  std::vector<Record*> order;
  for (auto& [name, record] : records_) order.push_back(&record);
  std::stable_sort(order.begin(), order.end(), [](const Record* a, const Record* b) {
    return a->tab().position() < b->tab().position();
  });
  return order;
}

TabTable::Changed TabTable::Add(Record record) {
  const std::string name = record.tab().name();
  record.mutable_tab()->set_position(static_cast<int>(records_.size()));
  record.mutable_tab()->set_title(CleanName(record.tab().title(), limits::kTitleChars));
  record.mutable_tab()->set_title_pinned(!record.tab().title().empty());
  Record& stored = records_[name] = std::move(record);
  ShowTitle(&stored, "");
  return {name};
}

TabTable::Changed TabTable::Remove(const std::string& name) {
  records_.erase(name);
  program_titles_.erase(name);
  Changed changed;
  int position = 0;
  for (Record* record : InOrder()) {
    if (record->tab().position() != position) {
      record->mutable_tab()->set_position(position);
      changed.push_back(record->tab().name());
    }
    ++position;
  }
  return changed;
}

// What people chose, else what the program says, else the program's own name.
bool TabTable::ShowTitle(Record* record, const std::string& program_title) {
  if (record->tab().title_pinned()) return false;
  std::string title = CleanName(program_title, limits::kTitleChars);
  if (title.empty() && record->tab().command_size() > 0) {
    title = std::filesystem::path(record->tab().command(0)).filename();
  }
  if (title.empty()) title = "shell";
  if (title == record->tab().title()) return false;
  record->mutable_tab()->set_title(title);
  return true;
}

TabTable::Changed TabTable::Rename(const std::string& name, const std::string& title) {
  Record* record = Find(name);
  const std::string clean = CleanName(title, limits::kTitleChars);
  if (clean.empty()) {
    record->mutable_tab()->set_title_pinned(false);
    ShowTitle(record, program_titles_[name]);
  } else {
    record->mutable_tab()->set_title_pinned(true);
    record->mutable_tab()->set_title(clean);
  }
  return {name};
}

TabTable::Changed TabTable::Move(const std::string& name, int position) {
  std::vector<Record*> order = InOrder();
  auto from = std::find_if(order.begin(), order.end(),
                           [&](const Record* r) { return r->tab().name() == name; });
  Record* moved = *from;
  order.erase(from);
  const int at = std::clamp(position, 0, static_cast<int>(order.size()));
  order.insert(order.begin() + at, moved);
  Changed changed;
  for (size_t i = 0; i < order.size(); ++i) {
    if (order[i]->tab().position() == static_cast<int>(i)) continue;
    order[i]->mutable_tab()->set_position(static_cast<int>(i));
    changed.push_back(order[i]->tab().name());
  }
  return changed;
}

TabTable::Changed TabTable::Update(const TerminalStatus& status) {
  Record* record = Find(status.tab());
  if (record == nullptr) return {};
  Tab before = record->tab();
  Tab& tab = *record->mutable_tab();
  // It had ended before its host did: what is left is its last screen.
  if (status.state() == Tab::LOST && tab.state() == Tab::EXITED) return {};
  tab.set_state(status.state());
  tab.set_exit_code(status.exit_code());
  *tab.mutable_size() = status.size();
  *tab.mutable_held_by() = status.held_by();
  if (!status.working_directory().empty()) tab.set_working_directory(status.working_directory());
  if (!status.incarnation().empty()) tab.set_incarnation(status.incarnation());
  if (!status.title().empty()) program_titles_[status.tab()] = status.title();
  ShowTitle(record, program_titles_[status.tab()]);
  return before.SerializeAsString() == tab.SerializeAsString() ? Changed() : Changed{tab.name()};
}

TabTable::Changed TabTable::Reconcile(
    const atrium::terminal::v1::DriveResponse::Inventory& inventory) {
  std::set<std::string> there;
  Changed changed;
  for (const TerminalStatus& status : inventory.terminals()) {
    there.insert(status.tab());
    for (const std::string& name : Update(status)) changed.push_back(name);
  }
  for (auto& [name, record] : records_) {
    Tab& tab = *record.mutable_tab();
    if (there.count(name) > 0 || tab.state() == Tab::CREATING || tab.state() == Tab::EXITED ||
        tab.state() == Tab::LOST) {
      continue;
    }
    tab.set_state(tab.incarnation() == inventory.incarnation() ? Tab::EXITED : Tab::LOST);
    changed.push_back(name);
  }
  return changed;
}

TabTable::Changed TabTable::MarkUnreachable() {
  Changed changed;
  for (auto& [name, record] : records_) {
    if (record.tab().state() != Tab::RUNNING) continue;
    record.mutable_tab()->set_state(Tab::UNREACHABLE);
    changed.push_back(name);
  }
  return changed;
}

TabTable::Changed TabTable::ReleaseSize(const std::string& participant,
                                        const std::string& successor) {
  Changed changed;
  for (auto& [name, record] : records_) {
    if (record.tab().size_owner() != participant || participant == successor) continue;
    record.mutable_tab()->set_size_owner(successor);
    changed.push_back(name);
  }
  return changed;
}

}  // namespace atrium::control
