// Pages owns all sockets of participants, whatever they speak: it bounds how many
// there are (T5), looks after them, and tells them when the process stops.
//
// On the loop.
#ifndef ATRIUM_GATEWAY_BRIDGE_PAGES_H_
#define ATRIUM_GATEWAY_BRIDGE_PAGES_H_

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "gateway/bridge/page.h"

namespace atrium::gateway {

class Pages {
 public:
  // `given` is handed to every page.
  explicit Pages(const Page::Given& given);

  // RESOURCE_EXHAUSTED if one more socket of `user` is too many. `service` is not
  // one person and is bounded by all sockets alone.
  absl::Status Admit(const std::string& user) const;
  // Makes a page and keeps it until its socket ended. `kind` names it in /metrics.
  using Make = std::function<std::unique_ptr<Page>(const Page::Given&, std::function<void(Page*)>)>;
  void Add(const std::string& kind, const std::string& user, const Make& make);
  void CloseAll();

 private:
  struct Entry {
    std::unique_ptr<Page> page;
    std::string kind, user;
  };

  void Remove(Page* page);
  std::shared_ptr<Gcra> WordsOf(const std::string& user);
  void Look();

  // Given.
  const Page::Given given_;
  // Owned.
  std::map<Page*, Entry> pages_;
  // State.
  std::map<std::string, size_t> users_;
  std::map<std::string, std::shared_ptr<Gcra>> words_;  // Until they are rested.
  Loop::HandlePtr timer_;
};

}  // namespace atrium::gateway

#endif  // ATRIUM_GATEWAY_BRIDGE_PAGES_H_
