// TabTable is a session's tabs: their order, titles and lives. Pure: it decides
// what changes; the session stores and publishes it.
#ifndef ATRIUM_CONTROL_SESSION_TAB_TABLE_H_
#define ATRIUM_CONTROL_SESSION_TAB_TABLE_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "atrium/control/v1/records.pb.h"
#include "atrium/terminal/v1/host.pb.h"
#include "atrium/v1/tab.pb.h"

namespace atrium::control {

class TabTable {
 public:
  using Record = atrium::control::v1::TabRecord;
  // Names of the tabs that now look different.
  using Changed = std::vector<std::string>;

  Record* Find(const std::string& name);
  const std::map<std::string, Record>& all() const { return records_; }
  size_t size() const { return records_.size(); }

  void Load(Record record);
  // Adds it at the right end.
  Changed Add(Record record);
  // Takes it out; the others close up.
  Changed Remove(const std::string& name);
  // An empty title unpins it.
  Changed Rename(const std::string& name, const std::string& title);
  // Moves it to `position`, counted from 0, clamped.
  Changed Move(const std::string& name, int position);
  // What the host says of one terminal. Empty if nothing that people see changed.
  Changed Update(const atrium::terminal::v1::TerminalStatus& status);
  // A host came back with this inventory: what is missing in it has ended
  // (same incarnation) or is lost (another one). Tabs that were never confirmed
  // stay CREATING.
  Changed Reconcile(const atrium::terminal::v1::DriveResponse::Inventory& inventory);
  // The host cannot be reached.
  Changed MarkUnreachable();
  // This participant no longer decides on any size; `successor` does, if not
  // empty.
  Changed ReleaseSize(const std::string& participant, const std::string& successor);

 private:
  std::vector<Record*> InOrder();
  static bool ShowTitle(Record* record, const std::string& program_title);

  std::map<std::string, Record> records_;
  std::map<std::string, std::string> program_titles_;
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_SESSION_TAB_TABLE_H_
