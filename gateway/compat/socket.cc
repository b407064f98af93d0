#include "gateway/compat/socket.h"

#include <set>
#include <utility>

#include "common/random.h"
#include "common/resource_name.h"
#include "gateway/compat/envelope.h"

namespace atrium::gateway::compat {

using atrium::v1::JoinRequest;
using atrium::v1::JoinResponse;

CompatSocket::CompatSocket(const Given& given, Socket socket, Admission::Pass pass)
    : Page(given, std::move(socket)), pass_(std::move(pass)) {
  JoinRequest hello;
  hello.mutable_hello()->set_session(pass_.room);
  hello.mutable_hello()->set_page_id(RandomId());
  link()->Send(hello);
}

const CompatSocket::Tab* CompatSocket::FindTab(const std::string& id) const {
  auto it = tabs_.find(id);
  return it == tabs_.end() ? nullptr : &it->second;
}

absl::Status CompatSocket::TypeNext(const std::string& tab, const std::string& bytes) {
  const absl::Status status = Type(tab, sequences_[tab] + 1, bytes);
  if (status.ok()) ++sequences_[tab];
  return status;
}

void CompatSocket::Drawn(const std::string& tab) {
  const absl::StatusOr<Subscription*> found = Find(tab);
  if (!found.ok() || (*found)->feed == nullptr) return;
  (*found)->feed->Acknowledge((*found)->cursor.get(), (*found)->cursor->offset);
}

void CompatSocket::OnHeard(const JoinResponse& response) {
  if (response.has_snapshot()) return Replace(response.snapshot());
  if (response.has_outcome()) return OnOutcome(response.outcome());
  if (!response.has_change()) return;
  if (response.change().has_tab()) return Put(response.change().tab());
  if (!response.change().deleted_tab().empty()) Drop(IdOf(response.change().deleted_tab()));
}

// Control may say all again at any time.
void CompatSocket::Replace(const atrium::v1::SessionSnapshot& snapshot) {
  std::set<std::string> gone;
  for (const auto& [id, tab] : tabs_) gone.insert(id);
  for (const Tab& tab : snapshot.tabs()) {
    gone.erase(IdOf(tab.name()));
    Put(tab);
  }
  for (const std::string& id : gone) Drop(id);
  if (!std::exchange(tabs_known_, true)) OnTabs();
}

void CompatSocket::Put(const Tab& tab) {
  const bool fresh = tabs_.insert_or_assign(IdOf(tab.name()), tab).second;
  if (fresh && tabs_known_) OnTabOpened(tab);
}

void CompatSocket::Drop(const std::string& id) {
  sequences_.erase(TabName(id));
  if (tabs_.erase(id) > 0 && tabs_known_) OnTabGone(id);
}

}  // namespace atrium::gateway::compat
